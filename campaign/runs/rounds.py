"""A delivery in rounds: rows in doubt are looked up, rows that wait are sent, and the new doubts are looked up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from campaign.delivery import DeliveryContext, RowEvent, deliver
from campaign.delivery.admission import Admission
from campaign.delivery.finished import Finished
from campaign.errors import Problem
from campaign.journal.records import State
from campaign.runs.doubts import Looked

if TYPE_CHECKING:
    from campaign.delivery import StopReason
    from campaign.runs.doubts import DoubtSettler
    from campaign.runs.holds import Holds


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a delivery.

    Attributes:
        retry: rows in these states are sent again.
        last: the place in the run after which no row is taken; None: none.
        limit: how many rows to take at most; None: all.
        admission: lets messages leave.
        finished: what all rounds of the delivery have done.
    """

    retry: tuple[State, ...] = ()
    last: int | None = None
    limit: int | None = None
    admission: Admission = field(default_factory=Admission)
    finished: Finished = field(default_factory=Finished)


OpenContext: TypeAlias = Callable[[Round], AbstractAsyncContextManager[DeliveryContext]]
"""Opens the record of one round."""

LOOK_UP_UNAVAILABLE = "look-up-unavailable"
"""Code of the problem of a server that has no list of messages for us."""

LOOKING = "looking up the rows in doubt"
SETTLING = "waiting until the server’s list of messages is complete"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a delivery is asked to do.

    Attributes:
        retry: rows in these states are sent again.
        sends: whether it sends anything, or only looks up.
        looks_first: whether rows that are in doubt from before are looked up too.
        limit: how many rows to deliver at most; None: all.
    """

    retry: tuple[State, ...] = ()
    sends: bool = True
    looks_first: bool = True
    limit: int | None = None


class Rounds:
    """The rounds of one delivery.

    Attributes:
        finished: what they have done so far.
        problem: why rows in doubt could not be looked up; None where they could, or there were none.
    """

    def __init__(self, settler: DoubtSettler, open_context: OpenContext, holds: Holds) -> None:
        self._settler = settler
        self._open_context = open_context
        self._holds = holds
        self.finished = Finished()
        self._unavailable = False
        self.problem: Problem | None = None

    async def deliver(self, wanted: Wanted) -> StopReason | None:
        """Deliver what is waiting, and settle doubts; hold where the window is closed, and at the gate.

        Returns:
            Why it ended before the last row; None where it did not.

        Raises:
            JournalError: the journal could not be written or read; nothing was sent that is not on record.
            CampaignError: what comes before a round of sending could not be done, so that nothing more is sent.
        """
        looked = await self.look() if wanted.looks_first else None
        if not wanted.sends:
            return None
        if wanted.retry:
            self.finished.unsent = set()
        while True:
            reason = await self._holds.begin()
            if reason is not None:
                return reason
            each = self._next(wanted)
            async with self._open_context(each) as context:
                done = context.progress.done
                reason = await deliver(context)
            if reason is not None:
                return reason
            waiting = await self._settle(context, looked if context.progress.done == done else None, wanted.limit)
            looked = None
            if context.shutdown:
                return context.shutdown.reason
            if each.admission.left_behind or (waiting and wanted.limit is None):
                continue  # the window has closed, or rows were not taken by the server after all
            limit_reached = wanted.limit is not None and self.finished.count >= wanted.limit
            if each.last is None:
                return None
            reason = await self._holds.pass_gate(limit_reached=limit_reached)
            if reason is not None or limit_reached or self._holds.has_gate:
                return reason

    def _next(self, wanted: Wanted) -> Round:
        limit = None if wanted.limit is None else max(0, wanted.limit - self.finished.count)
        return Round(wanted.retry, self._holds.last_row(), limit, self._holds.admission(), self.finished)

    async def _settle(self, context: DeliveryContext, looked: Looked | None, limit: int | None) -> int:
        """Look up the rows in doubt until none can be settled any more.

        Args:
            context: what to work with.
            looked: the look-up just before, where nothing was sent since; None: there was none.
            limit: how many rows the delivery sends at most; None: all.

        Returns:
            How many rows wait to be sent again.
        """
        while True:
            looked = looked or await self.look()
            if looked.again or looked.due is None or limit is not None:
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
        if self._unavailable or not await self._settler.has_doubts():
            return Looked()
        async with self._open_context(Round()) as context:
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
        return Problem("", what, remedy, LOOK_UP_UNAVAILABLE)
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
