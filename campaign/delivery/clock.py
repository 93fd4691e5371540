"""Time as delivery sees it; injected, so that tests run on a clock of their own."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A clock."""

    def now(self) -> float:
        """Seconds on a clock that never jumps."""
        ...

    def epoch(self) -> float:
        """Seconds since the epoch, on the machine's clock, for the record."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds on a clock that never jumps."""
        return time.monotonic()

    def epoch(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
