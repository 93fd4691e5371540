"""The wish to stop: shared by everything that waits, so that nothing waits longer than it must."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from campaign.delivery.clock import Clock


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a delivery ends early.

    Attributes:
        text: one sentence for people.
        interrupted: whether somebody wished it, rather than something went wrong.
    """

    text: str
    interrupted: bool = False


class Stop:
    """Asked once, remembered; rows under way end, no new row begins."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.reason: StopReason | None = None

    def __bool__(self) -> bool:
        """Whether to stop."""
        return self.reason is not None

    def ask(self, reason: StopReason) -> None:
        """Stop; the first reason is the one that counts."""
        if self.reason is None:
            self.reason = reason
            self._asked.set()

    async def wait(self) -> None:
        """Return when somebody has asked."""
        await self._asked.wait()

    async def sleep(self, clock: Clock, seconds: float) -> None:
        """Wait for some seconds, or until somebody asks to stop."""
        await self.cut_short(clock.sleep(seconds))

    async def cut_short(self, waiting: Coroutine[Any, Any, object]) -> None:
        """Wait for something, or until somebody asks to stop."""
        tasks = asyncio.ensure_future(waiting), asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
