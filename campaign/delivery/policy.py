"""Delivery policy: what to do about a response, how long to wait, and when to stop the run.

Nothing here waits or does I/O; the caller says what time it is.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from campaign.channels.base import Fatal, Indeterminate, NotFound, Refused, Sent, Throttled, Unreachable
from campaign.delivery.shutdown import StopReason
from campaign.journal.decisions import LIST_SUSPECTED
from campaign.text import rough_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels.base import ReadBack, Verdict

FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 60.0
"""Seconds."""

ORDINARY_WINDOW = 3600.0
"""Seconds up to which waiting for the server's stated limit never stops a run."""


class NextStep(Enum):
    """What happens next to a row."""

    SENT = auto()
    FAILED = auto()
    IN_DOUBT = auto()
    READ_BACK = auto()
    """Ask the server whether the message is there."""
    RETRY = auto()
    """Send again after a wait."""
    STOP_RUN = auto()
    """The row stays pending."""


def after_send(verdict: Verdict, *, can_read_back: bool, resend: bool = False, doubted: bool = False) -> NextStep:
    """The next step after the response to a send.

    Args:
        verdict: what the response says.
        can_read_back: the server can be asked whether a message is there.
        resend: where it cannot, send again after a lost response: at least once instead of at most once.
        doubted: an earlier attempt may have been accepted and the server cannot be asked, so a refusal of this one
            settles nothing.
    """
    match verdict:
        case Sent():
            return NextStep.SENT
        case Refused():
            return NextStep.IN_DOUBT if doubted else NextStep.FAILED
        case Throttled() | Unreachable():
            return NextStep.RETRY
        case Fatal():
            return NextStep.STOP_RUN
        case Indeterminate():
            if can_read_back:
                return NextStep.READ_BACK
            return NextStep.RETRY if resend else NextStep.IN_DOUBT


def after_read_back(found: ReadBack, unclear: Indeterminate) -> NextStep:
    """The next step after a read-back; `unclear` is the verdict that called for it."""
    match found:
        case Sent():
            return NextStep.SENT
        case NotFound():
            return NextStep.RETRY if unclear.refusal is None else NextStep.FAILED
        case Fatal():
            return NextStep.STOP_RUN
        case Indeterminate() if found.stop_after and unclear.stop_after:
            return NextStep.STOP_RUN  # neither response is the API's: no row would fare better
        case Throttled() | Unreachable() | Indeterminate():
            return NextStep.READ_BACK


def asked_wait(verdict: Throttled | Unreachable | Indeterminate) -> float:
    """Seconds that the server asks to wait; 0: it does not say."""
    return 0.0 if isinstance(verdict, Unreachable) else verdict.wait or 0.0


def wait_after(verdict: Throttled | Unreachable | Indeterminate, failures: int, random: Callable[[], float]) -> float:
    """Seconds to wait before the next attempt: as the server asked, else by back-off."""
    return asked_wait(verdict) or backoff(failures, random)


def longest_window(give_up_after: float) -> float:
    """Seconds that a run waits at most for the server's stated limit to be renewed.

    Waiting for an ordinary window is no trouble, so a `give_up_after` of a few seconds does not end it.
    """
    return max(give_up_after, ORDINARY_WINDOW)


def too_long_a_window(wait: float, give_up_after: float) -> StopReason:
    """Why a run stops whose next request the server allows only after `longest_window`."""
    return StopReason(
        f"the server's limit is used up for the next {rough_duration(wait)}, longer than "
        f"give_up_after = {rough_duration(give_up_after)}"
    )


def backoff(failures: int, random: Callable[[], float]) -> float:
    """Seconds to wait after consecutive failures: capped exponential back-off with full jitter.

    The jitter keeps many clients of one server from returning in step (AWS Architecture Blog, "Exponential Backoff
    And Jitter"). A tenth of the wait is kept as a floor, so that no wait is zero.

    Args:
        failures: consecutive failures, from 1.
        random: returns a number from 0 to 1.
    """
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(failures - 1, 20))
    return longest * max(0.1, random())


class CircuitBreaker:
    """Decides when to stop the run: nothing but trouble for too long, or too many refusals of one kind in a row."""

    def __init__(self, give_up_after: float, stop_after_refusals: int) -> None:
        """Start closed.

        Args:
            give_up_after: seconds of nothing but trouble.
            stop_after_refusals: consecutive refusals of one kind; 0: never.
        """
        self._give_up_after = give_up_after
        self._stop_after = stop_after_refusals
        self._troubled_since: float | None = None
        self._kind = ""
        self._in_a_row = 0
        self._unreadable = 0
        self._failed_at = float("-inf")
        self._new_failure = False
        self.failures = 0
        """Consecutive failures."""

    def record_success(self) -> None:
        """Count a message that was sent, or deleted."""
        self._server_responds()
        self._kind, self._in_a_row = "", 0

    def record_refusal(self, kind: str, reason: str) -> StopReason | None:
        """Count a row that the server refused: the server works, but perhaps every row is wrong.

        Returns:
            Why to stop, if the run should.
        """
        count = self.count_refusal(kind)
        if count is None:
            return None
        return StopReason(f"{count} rows in a row were refused for the same reason ({reason}): {LIST_SUSPECTED}")

    def count_refusal(self, kind: str) -> int | None:
        """Count a refusal.

        Returns:
            How many of this kind there were in a row, if the run should stop; None if it should not.
        """
        self._server_responds()
        self._in_a_row = self._in_a_row + 1 if kind == self._kind else 1
        self._kind = kind
        return self._in_a_row if self._in_a_row == self._stop_after else None

    def record_failure(self, sent_at: float, now: float) -> None:
        """Count a failure, unless the request was in flight when an earlier one failed: it shares its cause."""
        self._new_failure = sent_at >= self._failed_at
        if self._new_failure:
            self.failures += 1
            self._failed_at = now

    def check_in_doubt(self, now: float, wait: float, unclear: Indeterminate) -> StopReason | None:
        """Judge a failure that leaves a row in doubt: server trouble that each further row would only share.

        Args:
            now: seconds on the monotonic clock.
            wait: seconds until the next row is tried.
            unclear: what the trouble is.

        Returns:
            Why to stop, if the run should.
        """
        self._in_a_row = self._in_a_row + self._new_failure if self._kind == "in doubt" else 1
        self._kind = "in doubt"
        if not unclear.stop_after:
            self._unreadable = 0
        elif self._new_failure or not self._unreadable:
            self._unreadable += 1
        if unclear.stop_after and self._unreadable >= unclear.stop_after:
            return StopReason(unclear.reason)
        if self._new_failure and self._in_a_row == self._stop_after:
            what = f"{self._in_a_row} rows in a row were left in doubt ({unclear.reason})"
            return StopReason(f"{what}: the server is in trouble")
        return self.check_trouble(now, wait, unclear.reason, asked=asked_wait(unclear))

    def check_trouble(self, now: float, wait: float, reason: str, *, asked: float = 0.0) -> StopReason | None:
        """Judge a failure that is the server's or the network's.

        Args:
            now: seconds on the monotonic clock.
            wait: seconds until the next attempt.
            reason: what the trouble is.
            asked: seconds that the server asks to wait; 0: it does not say.

        Returns:
            Why to stop, if the run should: a wait that only ends in giving up is not worth waiting for either.
        """
        if self._troubled_since is None:
            self._troubled_since = now
        if now + wait - self._troubled_since < self._give_up_after:
            return None
        limit = rough_duration(self._give_up_after)
        if asked >= self._give_up_after:
            return StopReason(
                f"{reason}: the server asks to wait {rough_duration(asked)}, longer than give_up_after = {limit}"
            )
        return StopReason(f"{reason}: nothing but trouble for {limit}")

    def _server_responds(self) -> None:
        self._troubled_since = None
        self._unreadable = 0
        self.failures = 0
