"""What to do about an answer: pure policy, no waiting and no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from campaign.channels.base import Fatal, Indeterminate, NotFound, Refused, Sent, Throttled, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.channels.base import ReadBack, Verdict

FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 60.0


class Step(Enum):
    """What comes next for a row."""

    SENT = auto()
    FAILED = auto()
    IN_DOUBT = auto()
    ASK = auto()
    """Read back whether the message is there."""
    AGAIN = auto()
    """Send once more, after a while."""
    HALT = auto()
    """Stop the run; the row stays pending."""


@dataclass(frozen=True, slots=True)
class DoubtPolicy:
    """What can be done about a lost answer.

    Attributes:
        can_read_back: the server can be asked whether a message is there.
        resend: where it cannot be asked, send again: at least once instead of at most once.
    """

    can_read_back: bool
    resend: bool = False


def after_send(verdict: Verdict, policy: DoubtPolicy, *, doubted: bool = False) -> Step:
    """The next step after the answer to a send (DESIGN.md section 8).

    Args:
        verdict: what the answer says.
        policy: what can be done about a lost answer.
        doubted: an earlier attempt may have been taken, and nobody can be asked: a refusal of this one settles nothing.
    """
    match verdict:
        case Sent():
            return Step.SENT
        case Refused():
            return Step.IN_DOUBT if doubted else Step.FAILED
        case Throttled() | Unreachable():
            return Step.AGAIN
        case Fatal():
            return Step.HALT
        case Indeterminate():
            if policy.can_read_back:
                return Step.ASK
            return Step.AGAIN if policy.resend else Step.IN_DOUBT


def after_read_back(found: ReadBack, question: Indeterminate) -> Step:
    """The next step after a read-back; `question` is the answer that made us ask."""
    match found:
        case Sent():
            return Step.SENT
        case NotFound():
            return Step.AGAIN if question.refusal is None else Step.FAILED
        case Fatal():
            return Step.HALT
        case Throttled() | Unreachable() | Indeterminate():
            return Step.ASK


def wait_after(verdict: Throttled | Unreachable | Indeterminate, failures: int, random: Callable[[], float]) -> float:
    """Seconds to wait before the next try: as told by the server, else by back-off."""
    told = None if isinstance(verdict, Unreachable) else verdict.wait
    return told or backoff(failures, random)


def backoff(failures: int, random: Callable[[], float]) -> float:
    """Seconds to wait after so many failures in a row: capped exponential back-off with full jitter.

    The jitter keeps many clients of one server from coming back in step (AWS Architecture Blog, "Exponential Backoff
    And Jitter"). A tenth is kept as a floor, so that no wait is no wait at all.

    Args:
        failures: from 1.
        random: a number from 0 to 1.
    """
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(failures - 1, 20))
    return longest * max(0.1, random())
