"""The thread that writes to a journal while a run is delivered: a group of events at a time.

Python's sqlite3 releases the GIL for every statement and then waits to get it back, which takes long beside a busy
event loop; waking the writer costs more than writing a row. So a whole group is one INSERT into the view of `events`.
Reservations arrive by the hundred and are all alike: two plain statements write them faster than its triggers would.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from campaign.errors import JournalWriteError
from campaign.journal.records import State
from campaign.journal.sqlite.activity import write_activity
from campaign.journal.sqlite.events import COLUMNS, ReservedAttempts, is_end
from campaign.journal.sqlite.schema import OTHER_SESSION, plain_errors, transaction

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from campaign.journal.activity import Activity
    from campaign.journal.sqlite.activity import Note
    from campaign.journal.sqlite.events import Event, Line
    from campaign.journal.sqlite.guard import DeliveryGuard

MOST_VALUES = 999
"""Values that one statement can bind in SQLite before 3.32."""

LINES_PER_STATEMENT = MOST_VALUES // COLUMNS
RESERVED_PER_STATEMENT = (MOST_VALUES - 3) // 2


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
