"""The thread that writes to a journal while a run is delivered, and the SQL by which it writes a group of events.

Python's sqlite3 releases the GIL for every statement and then waits to get it back, which takes long beside a busy
event loop; waking the writer costs more than writing a row. So a whole group is one INSERT into a view of the writer's
own connection, whose triggers write each event where it belongs. Reservations arrive by the hundred and are all alike:
two plain statements write them faster than the triggers would.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from campaign.errors import JournalWriteError
from campaign.journal.records import State, storable
from campaign.journal.sqlite.activity import write_activity
from campaign.journal.sqlite.schema import OTHER_SESSION, plain_errors, transaction

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from campaign.journal.activity import Activity
    from campaign.journal.records import Outcome
    from campaign.journal.sqlite.activity import Note
    from campaign.journal.sqlite.guard import DeliveryGuard

MOST_VALUES = 999
"""Values that one statement can bind in SQLite before 3.32."""

COLUMNS = 13
"""Columns of the view, and fields of a `Line`."""

LINES_PER_STATEMENT = MOST_VALUES // COLUMNS
RESERVED_PER_STATEMENT = (MOST_VALUES - 3) // 2

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


def withdrawn(attempt: int, run: int, seq: int) -> Line:
    """A row's first send, recorded as begun, was not made."""
    return (attempt, run, seq, "send", 0.0, 0.0, None, None, "", State.PENDING, "", None, None)


def is_end(event: Event) -> bool:
    """Whether it holds the result of a request."""
    return not isinstance(event, ReservedAttempts) and event[6] is not None


def write(
    connection: sqlite3.Connection, events: Sequence[Event], refused: str = "0", note: Note | None = None
) -> None:
    """Write events, all or none; reservations first, because no row has a line before its reservation.

    Args:
        connection: to the journal, with the view.
        events: what to write.
        refused: the condition in SQL on which no request may begin.
        note: what the delivery is doing, where that is to be recorded too.

    Raises:
        sqlite3.Error: nothing of it is written.
    """
    reserved = [event for event in events if isinstance(event, ReservedAttempts)]
    lines = [event for event in events if not isinstance(event, ReservedAttempts)]
    if not reserved and note is None and len(lines) <= LINES_PER_STATEMENT:
        _insert(connection, lines)
        return
    with transaction(connection):
        if note is not None:
            write_activity(connection, *note)
        for each in reserved:
            _reserve(connection, each, refused)
        for start in range(0, len(lines), LINES_PER_STATEMENT):
            _insert(connection, lines[start : start + LINES_PER_STATEMENT])


def _insert(connection: sqlite3.Connection, lines: Sequence[Line]) -> None:
    connection.execute(_statement(len(lines)), list(chain.from_iterable(lines)))


@lru_cache(maxsize=LINES_PER_STATEMENT)
def _statement(count: int) -> str:
    return f"INSERT INTO event VALUES {_repeated(count, '(' + _repeated(COLUMNS, '?') + ')')}"  # noqa: S608 - only placeholders


def _reserve(connection: sqlite3.Connection, reserved: ReservedAttempts, refused: str) -> None:
    run, at = reserved.run, reserved.at
    for start in range(0, len(reserved.attempts), RESERVED_PER_STATEMENT):
        attempts = reserved.attempts[start : start + RESERVED_PER_STATEMENT]
        begin, take = _reserving(len(attempts), refused)
        begun_now = connection.execute(begin, [run, at, *chain.from_iterable(attempts)]).rowcount
        if begun_now != len(attempts):
            raise sqlite3.IntegrityError(OTHER_SESSION)
        connection.execute(take, [State.SENDING, at, run, *(seq for _, seq in attempts)])


@lru_cache(maxsize=RESERVED_PER_STATEMENT)
def _reserving(count: int, refused: str) -> tuple[str, str]:
    """The statements that begin attempts, and that mark their rows as being sent."""
    pairs, rows = _repeated(count, "(?, ?)"), _repeated(count, "?")
    begin = f"SELECT ?, 'send', ?, column1, column2 FROM (VALUES {pairs}) WHERE NOT ({refused})"  # noqa: S608 - only placeholders
    sending = f"UPDATE status SET state = ?, attempts = attempts + 1, at = ? WHERE run = ? AND seq IN ({rows})"  # noqa: S608
    return f"INSERT INTO attempt (run, what, started_at, attempt, seq) {begin}", sending


def _repeated(count: int, part: str) -> str:
    return ", ".join([part] * count)


SHORT_TIMEOUT = 500
"""Milliseconds to wait for a locked journal once a write has failed."""

Callback: TypeAlias = Callable[[BaseException | None], object]
"""Called in the event loop when a group is on disk (None) or could not be written at all (the error)."""


class Writer:
    """Writes groups in the order in which they are given.

    Attributes:
        failure: why something could not be written: then nothing more may be sent.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        loop: asyncio.AbstractEventLoop,
        guard: DeliveryGuard | None = None,
    ) -> None:
        """Start the thread.

        Args:
            path: the journal, for errors.
            connection: open, and from now on the thread's alone until `close`.
            loop: the event loop that callbacks run in.
            guard: asked before and told after each commit.
        """
        self.failure: BaseException | None = None
        self._path = path
        self._connection = connection
        self._loop = loop
        self._guard = guard
        self._queue: queue.SimpleQueue[tuple[Sequence[Event], Callback] | None] = queue.SimpleQueue()
        self._notes: deque[Note] = deque(maxlen=1)
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, events: Sequence[Event], callback: Callback) -> None:
        """Queue a group to be written as a whole or not at all."""
        self._queue.put((events, callback))

    def note(self, session: int, activity: Activity) -> None:
        """Write with the next group what the delivery is doing; an empty group writes it alone."""
        self._notes.append((session, activity))

    def close(self) -> None:
        """Wait until everything is written that can be."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        unwritten: list[Event] = []
        while (given := self._queue.get()) is not None:
            group, callback = given
            events = [*unwritten, *group]
            if not events:
                with contextlib.suppress(JournalWriteError, sqlite3.Error):  # left to the next attempt to report
                    self._write(events)
                continue
            failure = self._failure_of(events)
            # An attempt that is not on record is not made; but the result of one may fit into the next group.
            unwritten = [event for event in events if is_end(event)] if failure else []
            self._loop.call_soon_threadsafe(callback, failure)
        for event in unwritten:  # one by one, because a single event may be at fault
            if isinstance(self._failure_of([event]), JournalWriteError):
                return  # nothing at all can be written

    def _failure_of(self, events: Sequence[Event]) -> BaseException | None:
        try:
            with plain_errors(self._path):
                self._write(events)
        except BaseException as error:  # noqa: BLE001 - the waiting coroutines must learn of any error
            self.failure = error
            self._be_short()
            return error
        return None

    def _write(self, events: Sequence[Event]) -> None:
        if self._guard is None:
            write(self._connection, events)
        elif events or self._notes:
            self._guard.before_commit(self._connection)
            note = self._notes.popleft() if self._notes else None
            write(self._connection, events, self._guard.condition, note)
            self._guard.committed(self._connection, events)

    def _be_short(self) -> None:
        """Stop waiting long for another program that has locked the journal: nothing is sent any more."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {SHORT_TIMEOUT}")
