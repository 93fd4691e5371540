"""A queue of requests that wait for a rate limiter's permits."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

from campaign.channels.base import Quota, Response
from campaign.delivery.ports import Permit
from campaign.delivery.rate_limiter import LocalRateLimiter
from campaign.delivery.shutdown import Shutdown

from .fake_clock import FakeClock


class PermitQueue:
    """Acquires permits from a rate limiter and records when they were granted."""

    def __init__(self, rate: float | None = 1000.0) -> None:
        self.clock = FakeClock()
        self.shutdown = Shutdown()
        self.limiter = LocalRateLimiter(rate, self.clock, self.shutdown)
        self.granted: list[tuple[str, float]] = []
        self.permits: list[Permit] = []
        self.waiting: list[asyncio.Task[None]] = []

    async def acquire(self, *names: str, route: str = "send") -> None:
        """Request a permit for each name; those that need not wait are granted at once."""
        for name in names:
            self.waiting.append(asyncio.ensure_future(self._wait(name, route)))
        await self.clock.advance(0)

    async def _wait(self, name: str, route: str) -> None:
        permit = await self.limiter.acquire(route)
        if permit is not None:
            self.permits.append(permit)
            self.granted.append((name, self.clock.now()))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.granted]

    @property
    def times(self) -> list[float]:
        return [time for _, time in self.granted]

    def respond(
        self, quota: Quota | None = None, *, permit: int = -1, healthy: bool = True, dated: bool = True
    ) -> None:
        """Release a permit with a response from a server that shares our clock."""
        headers = {"date": formatdate(int(self.clock.epoch()), usegmt=True)} if dated else {}
        self.limiter.release(self.permits.pop(permit), Response(200, headers), quota, healthy=healthy)

    def quota(self, remaining: int, seconds: float = 60.0, limit: int = 10) -> Quota:
        return Quota(limit, remaining, self.clock.epoch() + seconds)


async def open_queue(rate: float | None = 1000.0, quota: tuple[int, float] | None = None) -> PermitQueue:
    """A queue whose first request has its response."""
    queue = PermitQueue(rate)
    await queue.acquire("first")
    queue.respond(queue.quota(*quota) if quota else None)
    await queue.clock.advance(1)
    queue.granted.clear()
    return queue
