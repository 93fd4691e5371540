"""How many requests a worker has under way: of one run, and of all; and what came of them, as counts."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from campaign.channels.base import Quota, Response
    from campaign.cluster.contact import Contact
    from campaign.cluster.events import Observe
    from campaign.delivery.ports import Permit, RateLimiter

NO_ANSWER = "none"
"""The class of requests to which no whole answer came, or that were not made after all."""


@dataclass
class Traffic:
    """The requests of a worker, of all runs.

    Attributes:
        places: one for each that may be under way.
        observe: called at the beginning of each pause.
        clock: seconds on a monotonic clock.
        under_way: how many are.
        permits: how many had their turn under the limits that workers share.
        waited: seconds that they waited for that, all together.
        answers: how many answers came, by the class of their status, such as "2xx".
    """

    places: asyncio.Semaphore
    observe: Observe
    clock: Callable[[], float] = time.monotonic
    under_way: int = 0
    permits: int = 0
    waited: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)

    def copy(self) -> Traffic:
        """The counts at this moment."""
        return replace(self, answers=Counter(self.answers))


class CappedLimiter:
    """A rate limiter whose permits are also counted; implements `ports.RateLimiter`. The jobs of a run share one."""

    def __init__(
        self,
        inner: RateLimiter,
        traffic: Traffic,
        cap: asyncio.Semaphore,
        paused: Callable[[float, bool], object],
        contact: Contact | None = None,
    ) -> None:
        """Wrap a limiter.

        Args:
            inner: decides when a request may leave.
            traffic: counts the requests of all runs.
            cap: has one place for each request of this run that may be under way.
            paused: called where a pause begins: with its seconds, and whether all workers pause.
            contact: learns of responses; None: nothing does.
        """
        self._inner = inner
        self._traffic = traffic
        self._cap = cap
        self._paused = paused
        self._paused_until = -math.inf
        self._contact = contact
        self._responded = True

    async def acquire(self, route: str, *, until: float = math.inf) -> Permit | None:
        """Wait until a request to a route may leave; see `ports.RateLimiter.acquire`."""
        await self._cap.acquire()
        try:
            permit = await self._acquire(route, until)
        except BaseException:
            self._cap.release()
            raise
        if permit is None:
            self._cap.release()
        else:
            self._traffic.under_way += 1
            self._traffic.permits += 1
        return permit

    async def _acquire(self, route: str, until: float) -> Permit | None:
        began = self._traffic.clock()
        try:
            return await self._inner.acquire(route, until=until)
        finally:
            self._traffic.waited += self._traffic.clock() - began

    def release(
        self, permit: Permit, response: Response | None = None, quota: Quota | None = None, *, healthy: bool = False
    ) -> None:
        """Return a permit and learn from the response."""
        self._cap.release()
        self._traffic.under_way -= 1
        self._traffic.answers[NO_ANSWER if response is None else f"{response.status // 100}xx"] += 1
        self._responded = response is not None
        if self._contact is not None and self._responded:
            self._contact.responded()
        self._inner.release(permit, response, quota, healthy=healthy)

    def pause(self, seconds: float, *, own: bool = False) -> None:
        """Let no request leave for a while."""
        now = self._traffic.clock()
        if now >= self._paused_until:  # else many requests meet the same
            self._paused(seconds, not own)
        self._paused_until = max(self._paused_until, now + seconds)
        self._inner.pause(seconds, own=own)

    def slow_down(self) -> None:
        """Reduce the rate; healthy responses restore it."""
        self._inner.slow_down()

    def lost_contact(self) -> None:
        """Find out with one request at a time whether the server is back; called for what was released last."""
        if self._contact is not None and not self._responded:
            self._contact.failed()
        self._inner.lost_contact()

    @property
    def stated_quota(self) -> tuple[int, float] | None:
        """How many messages in how many seconds the server allows."""
        return self._inner.stated_quota

    @property
    def in_flight(self) -> int:
        """Requests that have their permit and no answer yet."""
        return self._inner.in_flight

    @property
    def waiting_for(self) -> float:
        """Seconds until the next request may leave."""
        return self._inner.waiting_for

    @property
    def current_rate(self) -> float:
        """Requests per second aimed at now."""
        return self._inner.current_rate
