"""Somebody who asks a throttle for turns."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

from campaign.channels.base import Quota, Response
from campaign.delivery.stop import Stop
from campaign.delivery.throttle import Throttle, Turn

from .fake_clock import FakeClock


class Queue:
    """Asks a throttle for turns and notes when they came."""

    def __init__(self, rate: float | None = 1000.0) -> None:
        self.clock = FakeClock()
        self.stop = Stop()
        self.throttle = Throttle(rate, self.clock, self.stop)
        self.given: list[tuple[str, float]] = []
        self.turns: list[Turn] = []
        self.waiting: list[asyncio.Task[None]] = []

    async def ask(self, *names: str, route: str = "send") -> None:
        """Ask, and let whoever may go at once go."""
        for name in names:
            self.waiting.append(asyncio.ensure_future(self._wait(name, route)))
        await self.clock.advance(0)

    async def _wait(self, name: str, route: str) -> None:
        turn = await self.throttle.turn(route)
        if turn is not None:
            self.turns.append(turn)
            self.given.append((name, self.clock.now()))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.given]

    @property
    def times(self) -> list[float]:
        return [time for _, time in self.given]

    def answer(self, budget: Quota | None = None, *, turn: int = -1, good: bool = True, dated: bool = True) -> None:
        """The answer to a turn comes, from a server whose clock is ours."""
        headers = {"date": formatdate(int(self.clock.epoch()), usegmt=True)} if dated else {}
        self.throttle.done(self.turns.pop(turn), Response(200, headers), budget, good=good)

    def budget(self, remaining: int, seconds: float = 60.0, limit: int = 10) -> Quota:
        return Quota(limit, remaining, self.clock.epoch() + seconds)


async def open_queue(rate: float | None = 1000.0, budget: tuple[int, float] | None = None) -> Queue:
    """A queue whose first request has been answered."""
    queue = Queue(rate)
    await queue.ask("first")
    queue.answer(queue.budget(*budget) if budget else None)
    await queue.clock.advance(1)
    queue.given.clear()
    return queue
