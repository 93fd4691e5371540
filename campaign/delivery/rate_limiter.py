"""The rate limiter: the one place where every request of a run waits for permission to leave.

A request leaves when four conditions hold: the smooth rate has room, the server's quota has some left, no pause is in
force, and, while the state of the server is unknown, no other request is out to probe it.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from campaign.channels.responses import http_date
from campaign.delivery.policy import longest_window, too_long_a_window
from campaign.delivery.ports import Permit
from campaign.delivery.server_quota import QuotaWindow, ServerClock, ServerQuota
from campaign.settings import DEFAULT_RATE, LOWEST_FACTOR

if TYPE_CHECKING:
    from campaign.channels.base import Quota, Response
    from campaign.delivery.ports import Clock
    from campaign.delivery.shutdown import Shutdown

BURST = 0.1
"""Seconds' worth of requests that may leave at once."""

SPENT_IN = 0.1
"""The fraction of a window in which its quota is spent; the rest is left for slow responses."""

SURE = 0.06
"""Seconds to which the server's clock has to be known before a quota is spent in less than one of its seconds."""

RECOVERY = 0.05
"""Fraction of the full rate that each healthy response restores after the rate was halved."""


class Pacer:
    """A smooth rate: each request is due one interval after the one before, give or take a small burst (GCRA)."""

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
    """One of the server's routes: its quota, and the line of requests for it."""

    def __init__(self, clock: ServerClock) -> None:
        self.quota = ServerQuota(clock)
        self.gate = asyncio.Lock()
        self.in_line = 0
        """Requests that wait for a permit or are finding out whether they have to."""
        self.released = asyncio.Event()
        self.rate = 0.0
        """Requests per second at which its quota is spent; 0 where the server states none."""
        self.closed_until = float("-inf")
        """When its first request may leave, on the monotonic clock."""
        self.waits_until = 0.0
        """When the first in line looks again, on the monotonic clock."""


class LocalRateLimiter:
    """One per run, in this process. Retries and read-backs pass through it too. Implements `ports.RateLimiter`."""

    def __init__(
        self, rate: float | None, clock: Clock, shutdown: Shutdown, *, give_up_after: float = float("inf")
    ) -> None:
        """Make a rate limiter.

        Args:
            rate: requests per second; None: the server's own quota where it states one, else `DEFAULT_RATE`.
            clock: the clock to wait by.
            shutdown: ends every wait.
            give_up_after: the run's setting; a server's window that ends later than `policy.longest_window` allows
                requests the shutdown.
        """
        self._rate = rate
        self._clock = clock
        self._shutdown = shutdown
        self._give_up_after = give_up_after
        self._longest_window = longest_window(give_up_after)
        self._server_clock = ServerClock()
        self._routes: dict[str, Route] = {}
        self._pacer = Pacer(rate or DEFAULT_RATE)
        self._factor = 1.0
        self._paused_until = 0.0
        self.in_flight = 0
        """Requests that have their permit and no answer yet."""

    async def acquire(self, route: str, *, until: float = math.inf) -> Permit | None:
        """Wait until a request may leave; permits are granted in the order in which they were asked for.

        Args:
            route: "send", "read-back", "look-up" or "delete"; servers count each separately.
            until: when the request must have left, in seconds on the monotonic clock.

        Returns:
            The permit, to be returned with `release`; None if the run is shutting down, or `until` has passed.
        """
        line = self._routes.get(route)
        if line is None:
            line = self._routes[route] = Route(self._server_clock)
        if not line.in_line and not self._shutdown:
            now = self._clock.now()
            if self._wait(line, now) == 0:
                return self._grant(line, route, now)
        line.in_line += 1
        try:
            async with line.gate:
                return await self._acquire_first_in_line(line, route, until)
        finally:
            line.in_line -= 1

    async def _acquire_first_in_line(self, line: Route, route: str, until: float) -> Permit | None:
        while not self._shutdown and (now := self._clock.now()) < until:
            wait = self._wait(line, now)
            if wait == 0:
                return self._grant(line, route, now)
            if wait is None:
                line.released.clear()
                await self._shutdown.wait_for(line.released.wait())
            elif (window := line.quota.wait(now) or 0.0) > self._longest_window:
                self._shutdown.request(too_long_a_window(window, self._give_up_after))
            else:
                line.waits_until = now + wait
                await self._shutdown.sleep(self._clock, min(wait, until - now))
        return None

    def _grant(self, line: Route, route: str, now: float) -> Permit:
        permit = Permit(route, now)
        self._pacer.take(now)
        line.quota.take(permit)
        self.in_flight += 1
        return permit

    def _wait(self, line: Route, now: float) -> float | None:
        wait = line.quota.wait(now)
        if wait is None:
            return None
        return max(wait, self._pacer.wait(now), self._paused_until - now, line.closed_until - now, 0.0)

    def release(
        self, permit: Permit, response: Response | None = None, quota: Quota | None = None, *, healthy: bool = False
    ) -> None:
        """Return a permit and learn from the response; `ports.RateLimiter` describes the arguments."""
        self.in_flight -= 1
        route, now = self._routes[permit.route], self._clock.now()
        alone = route.quota.release(permit)
        if response is not None and (healthy or quota is not None):
            learn_date(self._server_clock, response, permit.granted_at, now, self._clock)
            if route.quota.learn(quota, now, alone=alone):
                self._plan(route)
        if healthy and self._factor < 1.0:
            self._factor = min(1.0, self._factor + RECOVERY)
            self._set_rate()
        route.released.set()

    def pause(self, seconds: float, *, own: bool = False) -> None:  # noqa: ARG002 - there are no other workers
        """Let no request leave for a while."""
        self._paused_until = max(self._paused_until, self._clock.now() + seconds)

    def slow_down(self) -> None:
        """Halve the rate; healthy responses restore it. Responses that fall into one pause count once."""
        if self._paused_until <= self._clock.now():
            self._factor = max(LOWEST_FACTOR, self._factor / 2)
            self._set_rate()

    def lost_contact(self) -> None:
        """Find out with one request at a time whether the server is back."""
        for route in self._routes.values():
            route.quota.forget()

    def close_until(self, route: str, at: float) -> None:
        """Let no request leave for a route before `at`, on the monotonic clock: an earlier process spent its window."""
        line = self._routes.setdefault(route, Route(self._server_clock))
        line.closed_until = max(line.closed_until, at)

    def window(self, route: str) -> QuotaWindow | None:
        """A route's window under way; None where the server has stated none, or it has ended."""
        quota = self._routes[route].quota if route in self._routes else None
        if quota is None or not quota.known or quota.limit is None:
            return None
        return QuotaWindow(quota.limit, quota.left, quota.ends(), quota.length)

    @property
    def stated_quota(self) -> tuple[int, float] | None:
        """How many messages in how many seconds the server allows, as it stated last; None where it stated nothing."""
        sending = self._routes.get("send")
        if sending is None or not sending.quota.limit or not sending.quota.length:
            return None
        return sending.quota.limit, sending.quota.length

    @property
    def waiting_for(self) -> float:
        """Seconds until the next request may leave, for display."""
        waits = [route.waits_until for route in self._routes.values() if route.in_line]
        return max(0.0, min(waits, default=0.0) - self._clock.now())

    @property
    def current_rate(self) -> float:
        """Requests per second aimed at now, for display."""
        return self._pacer.rate

    def _plan(self, route: Route) -> None:
        route.rate = spread_rate(route.quota.limit or 0, route.quota.length, self._server_clock.uncertainty)
        self._set_rate()

    def _set_rate(self) -> None:
        planned = max(route.rate for route in self._routes.values())
        rate = self._rate or planned or DEFAULT_RATE
        self._pacer.rate = self._factor * (min(rate, planned) if planned else rate)


def spread_rate(limit: int, length: float, uncertainty: float) -> float:
    """Requests per second at which a quota is spent: over the start of its window.

    While few `Date`s have been compared, over a second at least.

    Args:
        limit: requests in one window.
        length: seconds that a window lasts.
        uncertainty: seconds to which the server's clock is known.
    """
    spread = max(length * SPENT_IN, BURST if uncertainty <= SURE else 1.0)
    return max(DEFAULT_RATE, limit / spread)


def learn_date(server_clock: ServerClock, response: Response, sent_at: float, now: float, clock: Clock) -> None:
    """Compare a response's `Date` with the local clock.

    Args:
        server_clock: what is known of the server's clock.
        response: the response.
        sent_at: when its request left, in seconds on the monotonic clock.
        now: when it had arrived.
        clock: the local clock.
    """
    date = http_date(response.headers.get("date", ""))
    if date is not None:
        server_clock.learn(date, sent_at, now)
    elif server_clock.uncertainty == float("inf"):  # no Date so far: assume that the two clocks agree
        server_clock.learn(clock.epoch(), now, now)
