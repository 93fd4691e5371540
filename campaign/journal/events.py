"""Beginnings and ends of attempts, as they are put on record: many of them in one statement, which is a commit.

Python's sqlite3 lets go of the interpreter for every statement and has to wait to get it back, which a busy event loop
grants late; to wake the other thread is dearer than to write a row. So a whole group is one INSERT into a view of the
writer's own connection, whose triggers write each event where it belongs.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from campaign.journal.database import transaction
from campaign.journal.records import State, storable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from campaign.journal.records import Outcome

AT_ONCE = 70
"""Events in one statement: SQLite before 3.32 binds no more than 999 values."""

COLUMNS = 13
"""Of the view, and parts of an `Event`."""

VIEW = """
CREATE TEMP VIEW event AS
    SELECT attempt, run, seq, what, started_at, ended_at, outcome, attempt.http_status, detail, state, kind,
        message_id, latency
    FROM attempt JOIN status USING (run, seq);

CREATE TEMP TRIGGER attempt_begins INSTEAD OF INSERT ON event WHEN NEW.ended_at IS NULL BEGIN
    INSERT INTO attempt (attempt, run, seq, what, started_at)
        VALUES (NEW.attempt, NEW.run, NEW.seq, NEW.what, NEW.started_at);
    UPDATE status SET state = NEW.state, attempts = attempts + 1, at = NEW.started_at
        WHERE run = NEW.run AND seq = NEW.seq;
END;

CREATE TEMP TRIGGER attempt_is_withdrawn INSTEAD OF INSERT ON event
    WHEN NEW.ended_at IS NOT NULL AND NEW.outcome IS NULL
BEGIN
    UPDATE status SET state = NEW.state, attempts = attempts - 1, at = NULL
        WHERE run = NEW.run AND seq = NEW.seq AND EXISTS (SELECT 1 FROM attempt WHERE attempt = NEW.attempt);
    DELETE FROM attempt WHERE attempt = NEW.attempt;
END;

CREATE TEMP TRIGGER attempt_ends INSTEAD OF INSERT ON event WHEN NEW.outcome IS NOT NULL BEGIN
    INSERT INTO attempt (attempt, run, seq, what, started_at, ended_at, outcome, http_status, detail)
        VALUES (NEW.attempt, NEW.run, NEW.seq, NEW.what, NEW.started_at, NEW.ended_at, NEW.outcome, NEW.http_status,
            NEW.detail)
        ON CONFLICT (attempt) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
            http_status = excluded.http_status, detail = excluded.detail;
    UPDATE status SET state = NEW.state, kind = NEW.kind, reason = NEW.detail, message_id = NEW.message_id,
        http_status = NEW.http_status, at = NEW.ended_at, latency = NEW.latency
        WHERE run = NEW.run AND seq = NEW.seq;
END;
"""


Event: TypeAlias = tuple[
    int, int, int, str, float, float | None, str | None, int | None, str, str, str, str | None, float | None
]
"""A line of the view: a send or a read-back that begins (nothing is known of its end), has ended (with an outcome) or
was never made (without one), and its row's state from now on."""


def begun(attempt: int, run: int, seq: int, at: float) -> Event:
    """A send begins."""
    return (attempt, run, seq, "send", at, None, None, None, "", State.SENDING, "", None, None)


def ended(attempt: int, run: int, seq: int, came: str, outcome: Outcome, *, asked_at: float | None = None) -> Event:
    """A send, or a read-back that began at a time, has come to something."""
    state, kind, reason, message_id, http_status, at, latency = outcome
    reason, kind = storable(reason), storable(kind)
    message_id = None if message_id is None else storable(message_id)
    if asked_at is None:  # the attempt's beginning is on record
        return (attempt, run, seq, "send", at, at, came, http_status, reason, state, kind, message_id, latency)
    return (attempt, run, seq, "read-back", asked_at, at, came, http_status, reason, state, kind, message_id, latency)


def withdrawn(attempt: int, run: int, seq: int) -> Event:
    """A row's first send, on record as begun, was not made."""
    return (attempt, run, seq, "send", 0.0, 0.0, None, None, "", State.PENDING, "", None, None)


def is_end(event: Event) -> bool:
    """Whether it tells what came of something."""
    return event[6] is not None


def write(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Write them in their order, all or nothing."""
    if len(events) <= AT_ONCE:
        _insert(connection, events)
        return
    with transaction(connection):
        for start in range(0, len(events), AT_ONCE):
            _insert(connection, events[start : start + AT_ONCE])


def _insert(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    connection.execute(_statement(len(events)), list(chain.from_iterable(events)))


@lru_cache(maxsize=AT_ONCE)
def _statement(count: int) -> str:
    row = f"({', '.join('?' * COLUMNS)})"
    return f"INSERT INTO event VALUES {', '.join([row] * count)}"  # noqa: S608 - only marks
