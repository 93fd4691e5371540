"""A timeout that does not count the time for which the process was suspended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

TICK = 1.0
"""Seconds between two looks at the clock: of a suspension, at most so much is counted."""

LATE = 0.25
"""Seconds by which a look may be late before the process is taken to have been suspended (Ctrl-Z, SIGSTOP, sleep)."""

GRACE = 0.5
"""Seconds for reading what arrived meanwhile: when the process wakes, timers are due before their data is handled."""


class AwakeTimeout:
    """Cancels its block after so many seconds awake, as a `TimeoutError`. Use with `async with`."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        """Start counting."""
        self._loop = asyncio.get_running_loop()
        await self._timeout.__aenter__()
        self._schedule()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop counting.

        Raises:
            TimeoutError: the time was over.
        """
        self._timer.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    def _schedule(self) -> None:
        self._step = min(TICK, self._left)
        self._due = self._loop.time() + self._step
        self._timer = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        self._left -= self._step
        if now - self._due > LATE:
            self._left = max(self._left, GRACE)
        if self._left > 0:
            self._schedule()
        else:
            self._timeout.reschedule(now)
