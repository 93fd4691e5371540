"""What happens to the rows of a run while it is delivered, and the view by which the writer puts it on record.

The view is one of the writer's own connection; its triggers write each line where it belongs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from campaign.journal.records import State, storable
from campaign.journal.sqlite.schema import OTHER_SESSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.records import Outcome

COLUMNS = 13
"""Columns of the view, and fields of a `Line`."""

_VIEW = """
CREATE TEMP VIEW event AS
    SELECT attempt, run, seq, what, started_at, ended_at, outcome, attempt.http_status, detail, state, kind,
        message_id, latency
    FROM attempt JOIN status USING (run, seq);

CREATE TEMP TRIGGER attempt_begins INSTEAD OF INSERT ON event WHEN NEW.ended_at IS NULL BEGIN
    SELECT raise(ABORT, '{other}') WHERE {refused};
    INSERT INTO attempt (attempt, run, seq, what, started_at)
        VALUES (NEW.attempt, NEW.run, NEW.seq, NEW.what, NEW.started_at);
    UPDATE status SET state = NEW.state, attempts = attempts + 1, at = NEW.started_at
        WHERE run = NEW.run AND seq = NEW.seq AND NEW.what = 'send';
END;

CREATE TEMP TRIGGER attempt_is_withdrawn INSTEAD OF INSERT ON event
    WHEN NEW.ended_at IS NOT NULL AND NEW.outcome IS NULL
BEGIN
    UPDATE status SET state = NEW.state, attempts = attempts - 1, at = NULL
        WHERE run = NEW.run AND seq = NEW.seq AND EXISTS (SELECT 1 FROM attempt WHERE attempt = NEW.attempt);
    DELETE FROM attempt WHERE attempt = NEW.attempt;
END;

CREATE TEMP TRIGGER attempt_ends INSTEAD OF INSERT ON event WHEN NEW.outcome IS NOT NULL BEGIN
    SELECT raise(ABORT, '{other}') WHERE NEW.what NOT IN ('send', 'undo') AND {refused};
    INSERT INTO attempt (attempt, run, seq, what, started_at, ended_at, outcome, http_status, detail)
        VALUES (NEW.attempt, NEW.run, NEW.seq, NEW.what, NEW.started_at, NEW.ended_at, NEW.outcome, NEW.http_status,
            NEW.detail)
        ON CONFLICT (attempt) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
            http_status = excluded.http_status, detail = excluded.detail;
    UPDATE status SET state = NEW.state, kind = NEW.kind, reason = NEW.detail, message_id = NEW.message_id,
        http_status = NEW.http_status, at = NEW.ended_at, latency = NEW.latency
        WHERE run = NEW.run AND seq = NEW.seq AND NEW.what <> 'undo';
    UPDATE status SET state = NEW.state, kind = NEW.kind, reason = NEW.detail
        WHERE run = NEW.run AND seq = NEW.seq AND NEW.what = 'undo' AND NEW.kind <> '';
END;
"""


def view(refused: str) -> str:
    """The SQL of the view and its triggers.

    Args:
        refused: the condition in SQL on which no request may begin, nor the result of one be new on record.
    """
    return _VIEW.format(other=OTHER_SESSION, refused=refused)


Line: TypeAlias = tuple[
    int, int, int, str, float, float | None, str | None, int | None, str, str, str, str | None, float | None
]
"""A line of the view: a request that begins (its end is not known), has ended (with an outcome) or was never made
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
