"""A clock that stops while any task can run, and then jumps to the next alarm."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")

SLOW_COMMIT = 1e-6
"""Seconds by which every alarm is late; real timers are late too, and never early."""

BEGINNING = 1000.0

LONGEST_THREAD_MS = 5000
"""Milliseconds that a thread may take to answer on a busy machine."""


class FakeClock:
    """A fake `campaign.delivery.ports.Clock`; `run` and `advance` drive it."""

    def __init__(self, epoch: float = 1_800_000_000.0) -> None:
        self._now = BEGINNING
        self._epoch = epoch - BEGINNING
        self._order = itertools.count()
        self._alarms: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    def epoch(self) -> float:
        return self._epoch + self._now

    def set_ahead(self, seconds: float) -> None:
        """Set the clock of the machine, as a correction does; the monotonic one goes on."""
        self._epoch += seconds

    async def sleep(self, seconds: float) -> None:
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._alarms, (self._now + seconds, next(self._order), alarm))
        await alarm

    async def run(self, work: Coroutine[object, object, Result]) -> Result:
        """Let time pass until the work is done; fail if it would wait forever."""
        task = asyncio.ensure_future(work)
        try:
            await self._settle()
            while not task.done():
                assert self._ring() or await self._hears_of_thread(task), (
                    "the work waits for something that never happens"
                )
                await self._settle()
        finally:
            task.cancel()
        return await task

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        until = self._now + seconds
        await self._settle()
        while self._alarms and self._alarms[0][0] <= until:
            self._ring()
            await self._settle()
        self._now = max(self._now, until)

    def _ring(self) -> bool:
        while self._alarms:
            when, _, alarm = heapq.heappop(self._alarms)
            if not alarm.done():
                self._now = max(self._now, when + SLOW_COMMIT)
                alarm.set_result(None)
                return True
        return False

    async def _hears_of_thread(self, task: asyncio.Future[Result]) -> bool:
        """Whether the work goes on although no alarm is set: a thread has answered, which takes real time."""
        for _ in range(LONGEST_THREAD_MS):
            await asyncio.sleep(0.001)
            if task.done() or self._alarms:
                return True
        return False

    async def _settle(self) -> None:
        """Return when no task can run without time passing."""
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined] # asyncio has no public way to ask whether a loop is idle
        while ready:  # noqa: ASYNC110 - there is no event for an idle loop
            await asyncio.sleep(0)
