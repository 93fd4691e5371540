"""One row's way through its attempts, from its turn to a state that is on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.channels.base import Fatal, Indeterminate, NotFound, Refused, Response, Sent, Throttled, Unreachable
from campaign.delivery.retry import Step, after_read_back, after_send, backoff, wait_after
from campaign.delivery.stop import StopReason
from campaign.journal import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels import Channel
    from campaign.channels.base import NoResponse, ReadBack, Verdict
    from campaign.delivery.ahead import Ahead
    from campaign.delivery.clock import Clock
    from campaign.delivery.patience import Patience
    from campaign.delivery.retry import DoubtPolicy
    from campaign.delivery.stop import Stop
    from campaign.delivery.surroundings import Record, Sends
    from campaign.delivery.throttle import Throttle, Turn
    from campaign.journal import Waiting

CUT_OFF = Indeterminate("cut off while sending")

WORDS = {
    Sent: "sent",
    Refused: "refused",
    Throttled: "not_taken",
    Unreachable: "unreachable",
    Indeterminate: "unclear",
    Fatal: "halt",
    NotFound: "absent",
}
"""What stands in the journal for what an attempt came to."""


STATES = {
    Step.SENT: State.SENT,
    Step.FAILED: State.FAILED,
    Step.IN_DOUBT: State.IN_DOUBT,
    Step.ASK: State.SENDING,
    Step.AGAIN: State.PENDING,
    Step.HALT: State.PENDING,
}
"""The state of a row while it takes its next step: what resume has to start from."""


@dataclass(slots=True)
class Progress:
    """What has happened so far in this delivery; for showing, never for deciding."""

    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all rows of a delivery share."""

    channel: Channel
    policy: DoubtPolicy
    patience: Patience
    throttle: Throttle
    progress: Progress
    transport: Sends
    record: Record
    ahead: Ahead | None
    stop: Stop
    clock: Clock
    random: Callable[[], float]


class RowDelivery:
    """Brings one row to a final state, or leaves it as it stands on record when the run stops."""

    def __init__(self, shared: Shared, row: Waiting) -> None:
        self._with = shared
        self._row = row
        self._may_be_there = row.attempts > 0
        self._doubted = row.doubted
        self._question = CUT_OFF if row.cut_off and shared.policy.can_read_back else None
        self._failures = 0
        self._left_at = 0.0

    async def finish(self) -> None:
        """Send, ask and wait until nothing is left to do for this row, or the run stops.

        Raises:
            JournalWriteError: an attempt could not be put on record.
        """
        if self._row.cut_off and self._question is None and not self._with.policy.resend:
            return  # nobody knows whether it was sent: it is for the journal to doubt, not for us to send
        while not self._with.stop:
            wait = await (self._send() if self._question is None else self._ask(self._question))
            if wait is None:
                return
            if wait > 0:
                await self._with.stop.sleep(self._with.clock, wait)

    async def _send(self) -> float | None:
        """One attempt. Gives the seconds to wait before the next step; None when there is none."""
        turn = await self._with.throttle.turn("send")
        if turn is None:
            return None
        clock, record, row = self._with.clock, self._with.record, self._row
        try:
            if self._with.ahead is not None:
                self._with.ahead.one_begins()
            attempt = await record.begin(row.seq, clock.epoch())
            self._left_at = clock.now()
            answer = await self._with.transport.send(self._with.channel.send_request(row.body))
        except BaseException:
            self._with.throttle.done(turn)
            raise
        latency = clock.now() - self._left_at
        verdict = self._with.channel.read_response(answer, again=self._may_be_there)
        self._learn(turn, answer, verdict)
        step = after_send(verdict, self._with.policy, doubted=self._doubted)
        if isinstance(verdict, Indeterminate):
            self._may_be_there = True
            self._doubted = not self._with.policy.can_read_back
            self._question = verdict if step is Step.ASK else None
        record.end(row.seq, attempt, WORDS[type(verdict)], self._outcome(step, verdict, answer, latency))
        return self._follow(step, verdict)

    async def _ask(self, question: Indeterminate) -> float | None:
        """One read-back. Gives the seconds to wait before the next step; None when there is none."""
        turn = await self._with.throttle.turn("read-back")
        if turn is None:
            return None
        clock, row = self._with.clock, self._row
        at, self._left_at = clock.epoch(), clock.now()
        try:
            answer = await self._with.transport.send(self._with.channel.read_back_request(row.body))
        except BaseException:
            self._with.throttle.done(turn)
            raise
        found = self._with.channel.read_back(answer)
        self._learn(turn, answer, found)
        step = after_read_back(found, question)
        verdict = question.refusal if step is Step.FAILED and question.refusal else found
        if step is Step.AGAIN:
            self._question = None
        outcome = self._outcome(step, verdict, answer, clock.now() - self._left_at)
        self._with.record.asked(row.seq, at, WORDS[type(found)], outcome)
        return self._follow(step, verdict)

    def _learn(self, turn: Turn, answer: Response | NoResponse, verdict: Verdict | ReadBack) -> None:
        """Tell the throttle what an answer says of the server."""
        throttle = self._with.throttle
        whole = answer if isinstance(answer, Response) else None
        budget = self._with.channel.quota(whole) if whole else None
        refused = isinstance(verdict, Indeterminate) and verdict.refusal is not None
        throttle.done(turn, whole, budget, good=refused or isinstance(verdict, Sent | Refused | NotFound))
        if isinstance(verdict, Throttled) and budget is None:
            throttle.slow_down()  # a server that tells its budget need not be guessed at
        if isinstance(verdict, Unreachable | Indeterminate) and not refused:
            throttle.lost_contact()

    def _outcome(
        self, step: Step, verdict: Verdict | ReadBack, answer: Response | NoResponse, latency: float
    ) -> Outcome:
        state = STATES[step]
        if step is Step.HALT and self._question is not None:
            state = State.SENDING  # resume has to ask about it first
        if state is State.PENDING and self._row.doubted:
            state = State.IN_DOUBT  # that this attempt was not taken says nothing of the one before
        reason = "" if isinstance(verdict, Sent | NotFound) else verdict.reason
        if step is Step.IN_DOUBT and isinstance(verdict, Refused):
            reason = f"an earlier attempt may have been taken; when sent again: {reason}"
        return Outcome(
            state=state,
            kind=_kind(verdict),
            reason=reason,
            message_id=verdict.message_id if isinstance(verdict, Sent) else None,
            http_status=answer.status if isinstance(answer, Response) else None,
            at=self._with.clock.epoch(),
            latency=latency,
        )

    def _follow(self, step: Step, verdict: Verdict | ReadBack) -> float | None:
        """Draw the run's consequences. Gives the seconds that this row has to wait; None when it is done."""
        patience, progress, now = self._with.patience, self._with.progress, self._with.clock.now()
        if isinstance(verdict, NotFound) or (isinstance(verdict, Indeterminate) and verdict.refusal is not None):
            return 0.0
        if isinstance(verdict, Sent):
            progress.sent += 1
            progress.trouble = ""
            patience.well()
        elif isinstance(verdict, Refused):
            progress.failed += step is Step.FAILED
            progress.in_doubt += step is Step.IN_DOUBT
            self._stop_if(patience.refused(verdict.kind, verdict.reason))
        elif isinstance(verdict, Fatal):
            self._stop_if(StopReason(verdict.reason))
        elif step is Step.IN_DOUBT:
            progress.in_doubt += 1
            progress.trouble = verdict.reason
            patience.failed(self._left_at, now)
            wait = self._pause_all()
            self._stop_if(patience.in_doubt(now, wait, verdict.reason))
        else:
            progress.trouble = verdict.reason
            return self._wait(verdict)
        return None

    def _wait(self, verdict: Throttled | Unreachable | Indeterminate) -> float:
        """How long this row waits, after making all rows wait where they would only meet the same."""
        self._failures += 1
        patience, now = self._with.patience, self._with.clock.now()
        patience.failed(self._left_at, now)
        wait = wait_after(verdict, self._failures, self._with.random)
        if isinstance(verdict, Indeterminate) and verdict.wait is None:
            pause = self._pause_all()
            self._stop_if(patience.trouble(now, max(wait, pause), verdict.reason))
            return wait
        self._with.throttle.pause(wait)
        self._stop_if(patience.trouble(now, wait, verdict.reason))
        return 0.0

    def _pause_all(self) -> float:
        """Pause the run if this is not the first failure in a row: a single lost answer may be this row's alone.

        Returns:
            For how many seconds.
        """
        failures = self._with.patience.failures - 1
        if failures <= 0:
            return 0.0
        pause = backoff(failures, self._with.random)
        self._with.throttle.pause(pause)
        return pause

    def _stop_if(self, reason: StopReason | None) -> None:
        if reason is not None:
            self._with.stop.ask(reason)


def _kind(verdict: Verdict | ReadBack) -> str:
    if isinstance(verdict, Sent):
        return ""
    return verdict.kind if isinstance(verdict, Refused) else WORDS[type(verdict)]
