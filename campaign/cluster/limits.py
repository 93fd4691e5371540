"""How many requests a worker has under way: of one run, and of all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from campaign.channels.base import Quota, Response
    from campaign.cluster.contact import Contact
    from campaign.delivery.ports import Permit, RateLimiter


class CappedLimiter:
    """A rate limiter whose permits are also counted; implements `ports.RateLimiter`. The jobs of a run share one."""

    def __init__(self, inner: RateLimiter, *caps: asyncio.Semaphore, contact: Contact | None = None) -> None:
        """Wrap a limiter.

        Args:
            inner: decides when a request may leave.
            caps: each has one place for a request under way; taken in this order.
            contact: learns of responses; None: nothing does.
        """
        self._inner = inner
        self._contact = contact
        self._responded = True
        self._caps = caps

    async def acquire(self, route: str, *, until: float = math.inf) -> Permit | None:
        """Wait until a request to a route may leave; see `ports.RateLimiter.acquire`."""
        taken = 0
        try:
            for cap in self._caps:
                await cap.acquire()
                taken += 1
            permit = await self._inner.acquire(route, until=until)
        except BaseException:
            self._free(taken)
            raise
        if permit is None:
            self._free(taken)
        return permit

    def release(
        self, permit: Permit, response: Response | None = None, quota: Quota | None = None, *, healthy: bool = False
    ) -> None:
        """Return a permit and learn from the response."""
        self._free(len(self._caps))
        self._responded = response is not None
        if self._contact is not None and self._responded:
            self._contact.responded()
        self._inner.release(permit, response, quota, healthy=healthy)

    def pause(self, seconds: float, *, own: bool = False) -> None:
        """Let no request leave for a while."""
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

    def _free(self, taken: int) -> None:
        for cap in self._caps[:taken]:
            cap.release()
