"""What happens to the rows of a run while it is delivered, as it is handed to the thread that puts it on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from campaign.journal.records import State, storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.records import Outcome

Line: TypeAlias = tuple[
    int, int, int, str, float, float | None, str | None, int | None, str, str, str, str | None, float | None
]
"""A request that begins (its end is not known), has ended (with an outcome) or was never made
(without one), and the state of its row from now on. When a message was sent, and how, an undo leaves on record."""


@dataclass(frozen=True, slots=True)
class ReservedAttempts:
    """First sends that are about to be made: `begun` for many rows.

    Attributes:
        run: the run's number.
        at: when they are assumed to begin, in seconds since the epoch.
        attempts: pairs of an attempt's number and its row's place in the run.
    """

    run: int
    at: float
    attempts: Sequence[tuple[int, int]]


Event: TypeAlias = Line | ReservedAttempts


def begun(attempt: int, run: int, seq: int, at: float, what: str = "send") -> Line:
    """A send begins, or an undo, which leaves its row as it is."""
    return (attempt, run, seq, what, at, None, None, None, "", State.SENDING, "", None, None)


def ended(
    attempt: int, run: int, seq: int, result: str, outcome: Outcome, *, asked: tuple[str, float] | None = None
) -> Line:
    """A send has a result, or what was `asked` of the server: a read-back, a look-up or an undo, and when it began.

    An undo whose outcome has no kind has settled nothing, and leaves its row as it is.
    """
    state, kind, reason, message_id, http_status, at, latency = outcome
    reason, kind = storable(reason), storable(kind)
    message_id = None if message_id is None else storable(message_id)
    if asked is None:  # the attempt's beginning is on record
        return (attempt, run, seq, "send", at, at, result, http_status, reason, state, kind, message_id, latency)
    what, began = asked
    return (attempt, run, seq, what, began, at, result, http_status, reason, state, kind, message_id, latency)


def withdrawn(attempt: int, run: int, seq: int, state: State = State.PENDING) -> Line:
    """A send, recorded as begun, was not made; its row returns to a state."""
    return (attempt, run, seq, "send", 0.0, 0.0, None, None, "", state, "", None, None)


def is_end(event: Event) -> bool:
    """Whether it holds the result of a request."""
    return not isinstance(event, ReservedAttempts) and event[6] is not None
