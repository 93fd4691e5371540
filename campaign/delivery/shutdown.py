"""A request to shut down, shared by everything that waits, so that no wait outlasts it."""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from campaign.errors import fault_text

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from campaign.delivery.ports import Clock
    from campaign.delivery.redaction import Redaction

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a delivery ends early.

    Attributes:
        text: one sentence for people.
        interrupted: whether an operator or the calling program asked for it, rather than something going wrong.
        fault: whether it is a fault of campaign's own.
        journal: whether it is the journal's: it cannot be read or written, or another process has taken its rows over.
    """

    text: str
    interrupted: bool = False
    fault: bool = False
    journal: bool = False


class Shutdown:
    """Requested once and never withdrawn: rows in flight end, no new row begins."""

    def __init__(self) -> None:
        self._requested = asyncio.Event()
        self.reason: StopReason | None = None

    def __bool__(self) -> bool:
        """Whether a shutdown was requested."""
        return self.reason is not None

    def request(self, reason: StopReason) -> None:
        """Request a shutdown; the first reason is kept."""
        if self.reason is None:
            self.reason = reason
            self._requested.set()

    async def sleep(self, clock: Clock, seconds: float) -> None:
        """Sleep, or return early when a shutdown is requested."""
        await self.wait_for(clock.sleep(seconds))

    async def wait_for(self, waiting: Coroutine[Any, Any, object]) -> None:
        """Wait for a coroutine to end; when a shutdown is requested first, cancel it and return."""
        tasks = asyncio.ensure_future(waiting), asyncio.ensure_future(self._requested.wait())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


def fault_reason(error: Exception, redaction: Redaction) -> StopReason:
    """The reason to stop after an exception that nothing expects; logs where it came from."""
    LOG.error("internal error\n%s", redaction.text("".join(traceback.format_exception(error))))
    return StopReason(redaction.text(fault_text(error)), fault=True)
