"""A delivery in rounds: rows in doubt are looked up, rows that wait are sent, and the new doubts are looked up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from campaign.delivery import DeliveryContext, RowEvent, deliver
from campaign.errors import Problem
from campaign.journal.records import State
from campaign.runs.doubts import Looked

if TYPE_CHECKING:
    from campaign.delivery import StopReason
    from campaign.runs.doubts import DoubtSettler

BeforeSending: TypeAlias = Callable[[tuple[State, ...]], Awaitable[None]]
"""Called before rows are sent that wait, or that are in these states."""

OpenContext: TypeAlias = Callable[[tuple[State, ...]], AbstractAsyncContextManager[DeliveryContext]]
"""Opens the record of one round, which sends rows in these states again."""

LOOKING = "looking up the rows in doubt"
SETTLING = "waiting until the server’s list of messages is complete"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a delivery is asked to do.

    Attributes:
        retry: rows in these states are sent again.
        sends: whether it sends anything, or only looks up.
        looks_first: whether rows that are in doubt from before are looked up too.
    """

    retry: tuple[State, ...] = ()
    sends: bool = True
    looks_first: bool = True


class Rounds:
    """The rounds of one delivery.

    Attributes:
        problem: why rows in doubt could not be looked up; None where they could, or there were none.
    """

    def __init__(
        self, settler: DoubtSettler, open_context: OpenContext, before_sending: BeforeSending | None = None
    ) -> None:
        self._settler = settler
        self._open_context = open_context
        self._before_sending = before_sending
        self._unavailable = False
        self.problem: Problem | None = None

    async def deliver(self, wanted: Wanted) -> StopReason | None:
        """Deliver what is waiting, and settle doubts.

        Returns:
            Why it ended before the last row; None where it did not.

        Raises:
            JournalError: the journal could not be written or read; nothing was sent that is not on record.
            CampaignError: what comes before a round of sending could not be done, so that nothing more is sent.
        """
        looked = await self.look() if wanted.looks_first else None
        if not wanted.sends:
            return None
        retry = wanted.retry
        while True:
            if self._before_sending is not None:
                await self._before_sending(retry)
            async with self._open_context(retry) as context:
                done = context.progress.done
                reason = await deliver(context)
            if reason is not None:
                return reason
            retry = ()  # a row that was sent again on request, and is in doubt once more, is looked up like any other
            waiting = await self._settle(context, looked if context.progress.done == done else None)
            if not waiting or context.settings.limit is not None:
                return context.shutdown.reason
            looked = None

    async def _settle(self, context: DeliveryContext, looked: Looked | None) -> int:
        """Look up the rows in doubt until none can be settled any more.

        Args:
            context: what to work with.
            looked: the look-up just before, where nothing was sent since; None: there was none.

        Returns:
            How many rows wait to be sent again.
        """
        while True:
            looked = looked or await self.look()
            if looked.again or looked.due is None or context.settings.limit is not None:
                return looked.again
            context.progress.activity = SETTLING
            await context.shutdown.sleep(context.clock, max(0.0, looked.due - context.clock.epoch()))
            context.progress.activity = ""
            if context.shutdown:
                return 0
            looked = None

    async def look(self) -> Looked:
        """Look up the rows in doubt once, unless the server has no list for us.

        Raises:
            JournalError: the journal cannot be read or written.
        """
        if self._unavailable or not self._settler.has_doubts():
            return Looked()
        async with self._open_context(()) as context:
            context.progress.activity = LOOKING
            try:
                looked = await self._settler.settle(context)
            finally:
                context.progress.activity = ""
            await _tell(looked, context)
        self._unavailable = bool(looked.unavailable)
        self.problem = None if context.shutdown else _problem(looked)
        return looked


def _problem(looked: Looked) -> Problem | None:
    if not looked.unavailable and not looked.trouble:
        return None
    if looked.unavailable:
        what = f"rows in doubt cannot be looked up at this server ({looked.unavailable})"
        remedy = "they stay in doubt; look into the conversations, then `campaign resolve`"
        return Problem("", what, remedy, "look-up-unavailable")
    what = f"the rows in doubt could not be looked up ({looked.trouble})"
    return Problem("", what, "`campaign resume FILE --look` tries again, and sends nothing", "look-up-failed")


async def _tell(looked: Looked, context: DeliveryContext) -> None:
    """Count the rows that are settled, and tell the caller of them as of any row that has reached a final state."""
    progress = context.progress
    progress.in_doubt = max(0, progress.in_doubt - looked.again)
    for row, settlement in looked.settled:
        if progress.in_doubt:  # else it is from before this delivery
            progress.in_doubt -= 1
            progress.sent += settlement.state is State.SENT
            progress.failed += settlement.state is State.FAILED
        if context.on_event is not None:
            if context.wait_for_room is not None:
                await context.wait_for_room()
            context.on_event(RowEvent(row.row, settlement.state, settlement.reason, settlement.message_id))
