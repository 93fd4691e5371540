"""The throttle: the one place where every request of a run waits its turn.

A request leaves when four conditions hold: the smooth rate has room, the server's own budget has some left, no pause is
in force, and, while the server's state is unknown, no other request is out to find it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from campaign.channels.responses import http_date
from campaign.delivery.budget import ServerClock, Window

if TYPE_CHECKING:
    from campaign.channels.base import Quota, Response
    from campaign.delivery.clock import Clock
    from campaign.delivery.stop import Stop

DEFAULT_RATE = 10.0
"""Requests a second where neither the operator nor the server says anything."""

BURST = 0.1
"""Seconds' worth of requests that may leave at once."""

SPENT_IN = 0.1
"""The part of a window in which the server's budget is spent: the rest of it is for slow answers."""

SURE = 0.06
"""Seconds to which the server's clock has to be known before a budget is spent in less than one of its seconds."""

RECOVERY = 0.05
"""How much of the full rate comes back with every good answer, once it was halved."""

LOWEST = 1 / 64
"""How far the rate can be halved."""


class Turn(NamedTuple):
    """A request's permission to leave.

    Attributes:
        route: the budget that it counts in.
        left_at: when it was given, on our clock.
    """

    route: str
    left_at: float


class Pacer:
    """Keeps a smooth rate: a request is due one interval after the one before, give or take a small burst (GCRA)."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._due = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may leave."""
        slack = max(0.0, BURST - 1 / self.rate)
        return max(0.0, self._due - slack - now)

    def take(self, now: float) -> None:
        """Count a request that leaves now."""
        self._due = max(self._due, now) + 1 / self.rate


class Route:
    """One of the server's routes: its budget, and the queue for it."""

    def __init__(self, clock: ServerClock) -> None:
        self.window = Window(clock)
        self.gate = asyncio.Lock()
        self.in_line = 0
        """Requests that wait for their turn, or find out whether they have to."""
        self.answered = asyncio.Event()
        self.pace = 0.0
        """Requests a second that its budget is spent at; 0: no budget is told."""


class Throttle:
    """One for the whole run; retries and read-backs pass through it too."""

    def __init__(self, rate: float | None, clock: Clock, stop: Stop) -> None:
        """Make a throttle.

        Args:
            rate: requests a second; None: the server's own budget where it tells one, else `DEFAULT_RATE`.
            clock: the clock to wait by.
            stop: ends every wait.
        """
        self._rate = rate
        self._clock = clock
        self._stop = stop
        self._server_clock = ServerClock()
        self._routes: dict[str, Route] = {}
        self._pacer = Pacer(rate or DEFAULT_RATE)
        self._factor = 1.0
        self._paused_until = 0.0
        self._waits_until = 0.0

    async def turn(self, route: str) -> Turn | None:
        """Wait until a request may leave; turns are given in the order in which they were asked for.

        Args:
            route: "send" or "read-back"; servers count each on its own.

        Returns:
            The turn, to be given back with `done`; None if the run is stopping.
        """
        queue = self._routes.get(route)
        if queue is None:
            queue = self._routes[route] = Route(self._server_clock)
        if not queue.in_line and not self._stop:
            now = self._clock.now()
            if self._wait(queue.window, now) == 0:
                return self._give(queue, route, now)
        queue.in_line += 1
        try:
            async with queue.gate:
                return await self._turn_of_first(queue, route)
        finally:
            queue.in_line -= 1

    async def _turn_of_first(self, queue: Route, route: str) -> Turn | None:
        while not self._stop:
            now = self._clock.now()
            wait = self._wait(queue.window, now)
            if wait == 0:
                return self._give(queue, route, now)
            if wait is None:
                queue.answered.clear()
                await self._stop.cut_short(queue.answered.wait())
            else:
                self._waits_until = now + wait
                await self._stop.sleep(self._clock, wait)
        return None

    def _give(self, queue: Route, route: str, now: float) -> Turn:
        turn = Turn(route, now)
        self._pacer.take(now)
        queue.window.take(turn)
        return turn

    def _wait(self, window: Window, now: float) -> float | None:
        wait = window.wait(now)
        if wait is None:
            return None
        return max(wait, self._pacer.wait(now), self._paused_until - now, 0.0)

    def done(
        self, turn: Turn, answer: Response | None = None, budget: Quota | None = None, *, good: bool = False
    ) -> None:
        """Give a turn back and learn from what came.

        Args:
            turn: the turn.
            answer: the whole answer, where one came.
            budget: what it tells of the server's limit.
            good: the server itself answered: nothing between us and it, and it was not in trouble.
        """
        route, now = self._routes[turn.route], self._clock.now()
        alone = route.window.give_back(turn)
        if answer is not None and (good or budget is not None):
            self._learn_clock(answer, turn.left_at, now)
            if route.window.learn(budget, now, alone=alone):
                self._plan(route)
        if good and self._factor < 1.0:
            self._factor = min(1.0, self._factor + RECOVERY)
            self._set_rate()
        route.answered.set()

    def pause(self, seconds: float) -> None:
        """Let nothing leave for a while."""
        self._paused_until = max(self._paused_until, self._clock.now() + seconds)

    def slow_down(self) -> None:
        """Halve the rate; good answers bring it back. Answers to one and the same pause count once."""
        if self._paused_until <= self._clock.now():
            self._factor = max(LOWEST, self._factor / 2)
            self._set_rate()

    def lost_contact(self) -> None:
        """Find out with one request at a time whether the server is back."""
        for route in self._routes.values():
            route.window.forget()

    @property
    def waiting_for(self) -> float:
        """Seconds until the next request may leave; for showing."""
        return max(0.0, self._waits_until - self._clock.now())

    @property
    def pace(self) -> float:
        """Requests a second at which the throttle now aims."""
        return self._pacer.rate

    def _learn_clock(self, answer: Response, left_at: float, now: float) -> None:
        date = http_date(answer.headers.get("date", ""))
        if date is not None:
            self._server_clock.learn(date, left_at, now)
        elif self._server_clock.uncertainty == float("inf"):  # it never told: take its clock to be ours
            self._server_clock.learn(self._clock.epoch(), now, now)

    def _plan(self, route: Route) -> None:
        """Spread a budget over the beginning of its window, and over a second while `Date`s have yet to be compared."""
        sure = self._server_clock.uncertainty <= SURE
        spread = max(route.window.length * SPENT_IN, BURST if sure else 1.0)
        route.pace = max(DEFAULT_RATE, (route.window.limit or 0) / spread)
        self._set_rate()

    def _set_rate(self) -> None:
        plan = max(route.pace for route in self._routes.values())
        rate = self._rate or plan or DEFAULT_RATE
        self._pacer.rate = self._factor * (min(rate, plan) if plan else rate)
