"""The delivery of one row: attempts and read-backs, from its turn to a state that is on record."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from campaign.channels.base import Fatal, Indeterminate, NotFound, Refused, Response, Sent, Throttled, Unreachable
from campaign.delivery.backpressure import Backpressure
from campaign.delivery.policy import NextStep, after_read_back, after_send
from campaign.delivery.ports import RowEvent
from campaign.delivery.shutdown import StopReason
from campaign.journal.records import ABSENT, Outcome, State

if TYPE_CHECKING:
    from campaign.channels.base import NoResponse, ReadBack, Verdict
    from campaign.delivery.departures import Departures
    from campaign.delivery.policy import CircuitBreaker
    from campaign.delivery.ports import DeliveryContext
    from campaign.journal.records import WaitingRow

CUT_OFF = Indeterminate("cut off while sending")

RESULTS = {
    Sent: "sent",
    Refused: "refused",
    Throttled: "not_taken",
    Unreachable: "unreachable",
    Indeterminate: "unclear",
    Fatal: "halt",
    NotFound: ABSENT,
}
"""What the journal stores as the result of an attempt. Stored words never change: old journals hold them."""

STATES = {
    NextStep.SENT: State.SENT,
    NextStep.FAILED: State.FAILED,
    NextStep.IN_DOUBT: State.IN_DOUBT,
    NextStep.READ_BACK: State.SENDING,
    NextStep.RETRY: State.PENDING,
    NextStep.STOP_RUN: State.PENDING,
}
"""The state of a row until its next step is done, which is what a resume starts from."""


class RowWorker:
    """Brings one row to a final state, or leaves it in the state on record when the run stops."""

    def __init__(
        self, context: DeliveryContext, breaker: CircuitBreaker, departures: Departures, row: WaitingRow
    ) -> None:
        self._context = context
        self._breaker = breaker
        self._backpressure = Backpressure(context, breaker)
        self._departures = departures
        self._row = row
        self._state = row.state
        self._can_read_back = context.channel.can_read_back
        self._resend = context.settings.on_doubt == "retry"
        # Whatever other attempts a waiting row had, their outcomes are on record, and the message was not taken.
        self._may_be_there = row.cut_off or row.doubted or row.absent
        self._doubted = row.doubted and not self._can_read_back
        self._unclear = CUT_OFF if (row.cut_off or row.doubted) and self._can_read_back else None
        """The verdict that calls for a read-back before anything else."""
        self._sent_at = 0.0

    async def deliver(self) -> None:
        """Send, read back and wait until the row is final or the run stops.

        Raises:
            JournalWriteError: an attempt could not be put on record.
        """
        if self._row.cut_off and not self._can_read_back and not self._resend:
            return  # it may have been sent: the journal marks it in doubt, and only the operator sends it again
        while not self._context.shutdown:
            if self._context.look_only and self._unclear is None:
                return  # the server does not have it: the row is pending again
            wait = await (self._send() if self._unclear is None else self._read_back(self._unclear))
            if wait is None:
                return
            if self._unclear is None:
                wait = min(wait, self._context.admission.remaining)
            if wait > 0:
                await self._context.shutdown.sleep(self._context.clock, wait)

    async def _send(self) -> float | None:
        """Make one attempt. Returns the seconds to wait before the next step; None where there is none."""
        context, row = self._context, self._row
        departure = await self._departures.begin(row.seq, self._state)
        if departure is None:
            return None
        permit, attempt = departure
        self._sent_at = context.clock.now()
        context.progress.requests += 1
        try:
            response = await context.transport.send(context.channel.send_request(row.body))
        except BaseException:
            context.rate_limiter.release(permit)
            raise
        latency = context.clock.now() - self._sent_at
        read = partial(context.channel.read_response, body=row.body, again=self._may_be_there)
        verdict: Verdict = context.redaction.read(response, read)
        self._backpressure.release(permit, response, verdict)
        step = after_send(verdict, can_read_back=self._can_read_back, resend=self._resend, doubted=self._doubted)
        if isinstance(verdict, Indeterminate):
            self._may_be_there = True
            self._doubted = not self._can_read_back
            self._unclear = verdict if step is NextStep.READ_BACK else None
        outcome = self._outcome(step, verdict, response, latency)
        context.log.record_outcome(row.seq, attempt, RESULTS[type(verdict)], outcome)
        return self._follow(step, verdict, outcome)

    async def _read_back(self, unclear: Indeterminate) -> float | None:
        """Make one read-back. Returns the seconds to wait before the next step; None where there is none."""
        context, row = self._context, self._row
        permit = await context.rate_limiter.acquire("read-back")
        if permit is None:
            return None
        began_at, self._sent_at = context.clock.epoch(), context.clock.now()
        context.progress.requests += 1
        try:
            response = await context.transport.send(context.channel.read_back_request(row.body))
        except BaseException:
            context.rate_limiter.release(permit)
            raise
        found: ReadBack = context.redaction.read(response, partial(context.channel.read_back, body=row.body))
        self._backpressure.release(permit, response, found)
        step = after_read_back(found, unclear)
        verdict = unclear.refusal if step is NextStep.FAILED and unclear.refusal else found
        if step is NextStep.RETRY:
            self._unclear = None
        outcome = self._outcome(step, verdict, response, context.clock.now() - self._sent_at)
        context.log.record_read_back(row.seq, began_at, RESULTS[type(found)], outcome)
        wait = self._follow(step, verdict, outcome)
        if unclear.stop_after == 1 and step is not NextStep.READ_BACK:
            self._backpressure.stop_if(StopReason(unclear.reason))
        return wait

    def _outcome(
        self, step: NextStep, verdict: Verdict | ReadBack, response: Response | NoResponse, latency: float
    ) -> Outcome:
        state = STATES[step]
        if step is NextStep.STOP_RUN and self._unclear is not None:
            state = State.SENDING  # a resume has to read it back first
        if state is State.PENDING and self._row.doubted:
            state = State.IN_DOUBT  # that this attempt was not accepted says nothing about the one before
        reason = "" if isinstance(verdict, Sent | NotFound) else verdict.reason
        if step is NextStep.IN_DOUBT and isinstance(verdict, Refused):
            reason = f"an earlier attempt may have been accepted; the next one was refused: {reason}"
        self._state = state
        return Outcome(
            state=state,
            kind=_kind(verdict),
            reason=reason,
            message_id=verdict.message_id if isinstance(verdict, Sent) else None,
            http_status=response.status if isinstance(response, Response) else None,
            at=self._context.clock.epoch(),
            latency=latency,
        )

    def _follow(self, step: NextStep, verdict: Verdict | ReadBack, outcome: Outcome) -> float | None:
        """Draw the consequences for the run. Returns the seconds that this row waits; None when it is done."""
        if isinstance(verdict, NotFound) or (isinstance(verdict, Indeterminate) and verdict.refusal is not None):
            return 0.0
        if isinstance(verdict, Sent):
            self._breaker.record_success()
            self._context.progress.trouble = ""
        elif isinstance(verdict, Refused):
            self._backpressure.stop_if(self._breaker.record_refusal(verdict.kind, verdict.reason))
        elif isinstance(verdict, Fatal) or step is NextStep.STOP_RUN:
            self._backpressure.stop_if(StopReason(verdict.reason))
        elif step is NextStep.IN_DOUBT and isinstance(verdict, Indeterminate):
            self._doubt(verdict)
        else:
            self._context.progress.trouble = verdict.reason
            return self._backpressure.wait(verdict, self._sent_at)
        self._finish(step, outcome)
        return None

    def _finish(self, step: NextStep, outcome: Outcome) -> None:
        progress = self._context.progress
        progress.sent += step is NextStep.SENT
        progress.failed += step is NextStep.FAILED
        progress.in_doubt += step is NextStep.IN_DOUBT
        if step is not NextStep.STOP_RUN:
            self._context.finished.add(self._row.seq, outcome.state)
        if self._context.on_event is not None and step is not NextStep.STOP_RUN:
            event = RowEvent(self._row.row, outcome.state, outcome.reason, outcome.message_id)
            self._context.on_event(event)

    def _doubt(self, unclear: Indeterminate) -> None:
        self._context.progress.trouble = unclear.reason
        now = self._context.clock.now()
        self._breaker.record_failure(self._sent_at, now)
        wait = self._backpressure.pause_run()
        self._backpressure.stop_if(self._breaker.check_in_doubt(now, wait, unclear))


def _kind(verdict: Verdict | ReadBack) -> str:
    if isinstance(verdict, Sent):
        return ""
    return verdict.kind if isinstance(verdict, Refused) else RESULTS[type(verdict)]
