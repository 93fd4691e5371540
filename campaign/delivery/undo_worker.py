"""Taking back the message of one row: attempts to delete it, from its turn to an outcome that is on record."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from campaign.channels.base import Fatal, Indeterminate, NotFound, Refused, Response, Throttled, Unreachable
from campaign.channels.undo import Deleted
from campaign.delivery.backpressure import Backpressure
from campaign.delivery.ports import RowEvent
from campaign.delivery.shutdown import StopReason
from campaign.journal.deletions import GONE, TAKEN_BACK, UNDO, kind_of_refusal
from campaign.journal.records import ABSENT, Outcome, State

if TYPE_CHECKING:
    from campaign.channels.base import NoResponse
    from campaign.channels.undo import Undo, UndoVerdict
    from campaign.delivery.policy import CircuitBreaker
    from campaign.delivery.ports import DeliveryContext
    from campaign.journal.records import WaitingRow

RESULTS = {
    Deleted: "deleted",
    NotFound: ABSENT,
    Refused: "refused",
    Throttled: "not_taken",
    Unreachable: "unreachable",
    Indeterminate: "unclear",
    Fatal: "halt",
}
"""What the journal stores as the result of an attempt to delete; the words of `row_worker.RESULTS` mean the same."""

NOT_THERE = "the server did not have the message any more"


class UndoWorker:
    """Deletes one row's message, or leaves the row as it is on record when the run stops.

    A row keeps its state until its deletion is settled: a deletion that was cut off is asked for again, and a message
    that is gone by then counts as deleted.
    """

    def __init__(self, context: DeliveryContext, breaker: CircuitBreaker, undo: Undo, row: WaitingRow) -> None:
        self._context = context
        self._breaker = breaker
        self._backpressure = Backpressure(context, breaker)
        self._undo = undo
        self._row = row
        self._state = State.IN_DOUBT if row.doubted else State.SENT
        self._unreadable = 0

    async def deliver(self) -> None:
        """Ask for the deletion until the server has settled it or the run stops.

        Raises:
            JournalWriteError: an attempt could not be put on record.
        """
        while not self._context.shutdown:
            wait = await self._delete()
            if wait is None:
                return
            if wait > 0:
                await self._context.shutdown.sleep(self._context.clock, wait)

    async def _delete(self) -> float | None:
        """Make one attempt. Returns the seconds to wait before the next; None where there is none."""
        context, row = self._context, self._row
        permit = await context.rate_limiter.acquire("delete")
        if permit is None:
            return None
        try:
            began_at = context.clock.epoch()
            attempt = await context.log.begin(row.seq, began_at, UNDO)
            sent_at = context.clock.now()
            context.progress.requests += 1
            response = await context.transport.send(self._undo.request(row.body))
        except BaseException:
            context.rate_limiter.release(permit)
            raise
        latency = context.clock.now() - sent_at
        verdict: UndoVerdict = context.redaction.read(response, partial(self._undo.read, body=row.body))
        self._backpressure.release(permit, response, verdict)
        outcome = self._outcome(verdict, response, latency)
        context.log.record_undo(row.seq, attempt, began_at, RESULTS[type(verdict)], outcome)
        return self._follow(verdict, outcome, sent_at)

    def _outcome(self, verdict: UndoVerdict, response: Response | NoResponse, latency: float) -> Outcome:
        """The outcome for the record; without a kind where nothing is settled."""
        at = self._context.clock.epoch()
        state, kind = self._state, ""
        match verdict:
            case Deleted():
                state, kind = State.DELETED, TAKEN_BACK
                reason = f"deleted at {datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"
            case NotFound():
                state, kind, reason = State.DELETED, GONE, NOT_THERE
            case Refused():
                kind, reason = kind_of_refusal(verdict.kind), f"not deleted: {verdict.reason}"
            case _:
                reason = verdict.reason
        status = response.status if isinstance(response, Response) else None
        return Outcome(state, kind, reason, None, status, at, latency)

    def _follow(self, verdict: UndoVerdict, outcome: Outcome, sent_at: float) -> float | None:
        """Draw the consequences. Returns the seconds that this row waits; None when it is done."""
        if isinstance(verdict, Deleted | NotFound):
            self._breaker.record_success()
            self._context.progress.trouble = ""
            self._context.progress.deleted += 1
        elif isinstance(verdict, Refused):
            self._backpressure.stop_if(self._too_many_refusals(verdict))
            self._context.progress.kept += 1
        elif isinstance(verdict, Fatal) or self._is_unreadable(verdict):
            self._backpressure.stop_if(StopReason(verdict.reason))
            return None
        else:
            self._context.progress.trouble = verdict.reason
            return self._backpressure.wait(verdict, sent_at)
        if self._context.on_event is not None:
            self._context.on_event(RowEvent(self._row.row, outcome.state, outcome.reason))
        return None

    def _too_many_refusals(self, refused: Refused) -> StopReason | None:
        count = self._breaker.count_refusal(refused.kind)
        if count is None:
            return None
        return StopReason(f"{count} messages in a row were not deleted for the same reason ({refused.reason})")

    def _is_unreadable(self, verdict: Throttled | Unreachable | Indeterminate) -> bool:
        """Whether this is the last of several responses in a row after which no further one would be readable."""
        stop_after = verdict.stop_after if isinstance(verdict, Indeterminate) else None
        self._unreadable = self._unreadable + 1 if stop_after else 0
        return stop_after is not None and self._unreadable >= stop_after
