"""The rate limiter of a worker among others: they share a budget, which lends each of them times at which to leave.

A request waits for the first time that its route was lent. Times are asked for a slice ahead, so that a request waits
for an answer only where none came shortly before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.delivery.budget import NO_REPORT, Ask
from campaign.delivery.policy import longest_window, too_long_a_window
from campaign.delivery.ports import Permit
from campaign.delivery.rate_limiter import RECOVERY, learn_date
from campaign.delivery.server_quota import ServerClock
from campaign.delivery.shared_route import SharedRoute, merged
from campaign.delivery.shutdown import StopReason
from campaign.errors import JournalError, JournalWriteError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from campaign.channels.base import Quota, Response
    from campaign.delivery.budget import Budget, Report, Slice
    from campaign.delivery.ports import Clock
    from campaign.delivery.shutdown import Shutdown

LOG = logging.getLogger(__name__)

PATIENCE, PAUSE = 30.0, 0.25
"""Seconds for which a budget that cannot be reached is asked again, and between two trials; nothing leaves then."""

LONGEST_HELD = 5.0
"""Seconds for which the first request in line keeps a place that it waited for, where its time has lapsed meanwhile."""


class SharedRateLimiter:
    """One per run and worker. Implements `ports.RateLimiter`; use it with `async with`, which closes the budget."""

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        budget: Budget,
        rate: float | None,
        clock: Clock,
        shutdown: Shutdown,
        *,
        give_up_after: float = math.inf,
        patience: float = PATIENCE,
        places: asyncio.Semaphore | None = None,
    ) -> None:
        """Make a rate limiter that has asked for nothing yet.

        Args:
            budget: the run's limits.
            rate: requests per second of all workers together; None: the server's own quota where it states one, else
                `DEFAULT_RATE`.
            clock: the clock to wait by.
            shutdown: ends every wait.
            give_up_after: the run's setting; a server's window that ends later than `policy.longest_window` allows
                requests the shutdown.
            patience: seconds after which a budget that cannot be reached requests the shutdown.
            places: one for each request that may be under way, also of other runs; taken by those that leave, so that
                a run which waits keeps no other one from sending.
        """
        self._budget = budget
        self._rate = rate
        self._clock = clock
        self._shutdown = shutdown
        self._give_up_after = give_up_after
        self._longest_window = longest_window(give_up_after)
        self._patience = patience
        self._places = places or asyncio.Semaphore(sys.maxsize)
        self._server_clock = ServerClock()
        self._routes: dict[str, SharedRoute] = {}
        self._factor = 1.0
        self._paused_until = 0.0
        self._report = NO_REPORT
        self._waits_until = 0.0
        self._unreachable_since: float | None = None
        self._fault: Exception | None = None
        self.on_other_senders: Callable[[], object] = lambda: None
        """Called once where it is plain that others send from the same address, whom the budget does not know."""
        self.in_flight = 0
        """Requests that have their permit and no answer yet."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [line.asking for line in self._routes.values() if line.asking is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in self._routes.values():
            line.drop_times()
            if self._unreachable_since is None and merged(self._report, line.report).is_urgent:
                with contextlib.suppress(JournalError):
                    await self._budget.take(self._ask_of(line, 0))
        await self._budget.close()

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
            line = self._routes[route] = SharedRoute(route, self._server_clock)
        if not line.in_line and not self._shutdown and not line.waits_for_probe:
            now = self._clock.now()
            if self._paused_until <= now and line.wait(now) == 0 and not self._places.locked():
                await self._places.acquire()  # at once
                return self._grant(line, now)
        line.in_line += 1
        try:
            async with line.gate:
                return await self._acquire_first_in_line(line, until)
        finally:
            line.in_line -= 1

    async def _acquire_first_in_line(self, line: SharedRoute, until: float) -> Permit | None:
        while await self._is_due(line, until):
            at_once = not self._places.locked()
            await self._places.acquire()
            try:
                if at_once or await self._is_due(line, min(until, self._clock.now() + LONGEST_HELD)):
                    return self._grant(line, self._clock.now())
            except BaseException:
                self._places.release()
                raise
            self._places.release()
        return None

    async def _is_due(self, line: SharedRoute, until: float) -> bool:
        """Wait until the first in line may leave; returns whether it may, by `until`."""
        while not self._shutdown and (now := self._clock.now()) < until:
            if self._fault is not None:
                raise self._fault
            if line.waits_for_probe:
                line.released.clear()
                await self._shutdown.wait_for(line.released.wait())
                continue
            wait = line.wait(now)
            if wait == 0 and self._paused_until <= now:
                return True
            if wait is None and max(line.ask_at, self._paused_until) <= now:
                line.answered.clear()
                self._exchange(line)
                await self._shutdown.wait_for(line.answered.wait())
                continue
            at = max(line.ask_at if wait is None else now + wait, self._paused_until)
            self._waits_until = at
            await self._shutdown.sleep(self._clock, min(at, until) - now)
        return False

    def _grant(self, line: SharedRoute, now: float) -> Permit:
        permit = Permit(line.name, now)
        line.take(permit)
        self.in_flight += 1
        if line.asking is None and line.is_running_out(now) and not line.waits_for_probe:
            self._exchange(line)
        return permit

    def release(
        self, permit: Permit, response: Response | None = None, quota: Quota | None = None, *, healthy: bool = False
    ) -> None:
        """Return a permit and learn from the response; `ports.RateLimiter` describes the arguments."""
        self.in_flight -= 1
        self._places.release()
        line, now = self._routes[permit.route], self._clock.now()
        alone = line.release(permit)
        if response is not None and (healthy or quota is not None):
            learn_date(self._server_clock, response, permit.granted_at, now, self._clock)
            line.learn(quota, now, alone=alone)
        else:
            line.fail(alone=alone)
        if healthy and self._factor < 1.0:
            self._report = replace(self._report, restored=self._report.restored + RECOVERY)
        if line.report.is_urgent:
            self._exchange(line)
        line.released.set()

    def pause(self, seconds: float, *, own: bool = False) -> None:
        """Let no request leave for a while: none of all workers, or only of this one; see `ports.RateLimiter`."""
        until = self._clock.now() + seconds
        self._pause_until(until)
        if not own:
            self._tell(replace(self._report, paused_until=max(until, self._report.paused_until or 0.0)))

    def slow_down(self) -> None:
        """Halve the rate of all workers; healthy responses restore it. Those that fall into one pause count once."""
        if self._paused_until <= self._clock.now():
            self._tell(replace(self._report, slow_down=True))

    def lost_contact(self) -> None:
        """Find out with one request at a time whether the server is back; the contact of other workers is their own."""
        for line in self._routes.values():
            line.in_contact = False

    @property
    def stated_quota(self) -> tuple[int, float] | None:
        """How many messages in how many seconds the server allows, as it stated last; None where it stated nothing."""
        sending = self._routes.get("send")
        return (sending.limit, sending.length) if sending is not None and sending.limit and sending.length else None

    @property
    def waiting_for(self) -> float:
        """Seconds until the next request may leave, for display."""
        return max(0.0, self._waits_until - self._clock.now())

    @property
    def current_rate(self) -> float:
        """Requests per second that all workers aim at now, for display."""
        return max((line.pace for line in self._routes.values()), default=0.0)

    def _pause_until(self, until: float) -> None:
        self._paused_until = max(self._paused_until, until)
        if self._paused_until > self._clock.now():
            for line in self._routes.values():
                line.drop_times()

    def _tell(self, report: Report) -> None:
        """Report at once what concerns all workers; over any route."""
        self._report = report
        line = next(iter(self._routes.values()), None)
        if line is not None:
            self._exchange(line)

    # The exchange with the budget

    def _exchange(self, line: SharedRoute) -> None:
        if line.asking is None:
            line.asking = asyncio.ensure_future(self._exchange_all(line))

    async def _exchange_all(self, line: SharedRoute) -> None:
        """Report and ask, and again where something urgent has come up meanwhile."""
        try:
            while True:
                wanted = line.wanted(self._clock.now())
                if line.wait(self._clock.now()) is not None and not line.is_running_out(self._clock.now()):
                    wanted = 0  # there are times enough
                ask = self._ask_of(line, wanted)
                if not await self._take(line, ask):
                    return
                if not merged(self._report, line.report).is_urgent:
                    return
        except Exception as error:  # noqa: BLE001 - raised again where a request waits
            self._fault = error
        finally:
            line.asking = None
            line.answered.set()

    def _ask_of(self, line: SharedRoute, wanted: int) -> Ask:
        report = merged(self._report, line.report)
        if math.isfinite(self._server_clock.uncertainty):
            report = replace(report, server_clock=self._server_clock.bounds)
        self._report, line.report = NO_REPORT, NO_REPORT
        return Ask(line.name, self._rate, line.waiting, wanted, line.probes_for_all, report)

    async def _take(self, line: SharedRoute, ask: Ask) -> bool:
        """One exchange; returns whether it succeeded. Where it did not, it may be tried again after a while."""
        try:
            lent = await self._budget.take(ask)
        except JournalError as error:
            now = self._clock.now()
            line.put_back(ask.report)
            self._unreachable_since = since = now if self._unreachable_since is None else self._unreachable_since
            if not isinstance(error, JournalWriteError) or now - since >= self._patience:
                self._shutdown.request(StopReason(str(error)))
            LOG.info("the shared limits cannot be reached: %s", error)
            line.ask_at = now + PAUSE
            return False
        self._unreachable_since = None
        self._receive(line, ask, lent)
        return True

    def _receive(self, line: SharedRoute, ask: Ask, lent: Slice) -> None:
        now = self._clock.now()
        self._factor = lent.factor
        if lent.server_clock is not None:
            self._server_clock.narrow(*lent.server_clock, now)
        if lent.paused_until > now:
            self._pause_until(lent.paused_until)
        line.receive(lent, now)
        if line.others.learn(lent.others, line.limit, lent.reset_at):
            self.on_other_senders()
        window = lent.window_ends_at - now
        if ask.wanted and window > self._longest_window:
            self._shutdown.request(too_long_a_window(window, self._give_up_after))
