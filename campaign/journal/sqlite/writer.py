"""How a group of events is written to a journal file.

Python's sqlite3 releases the GIL for every statement and then waits to get it back, which takes long beside a busy
event loop; waking the writer costs more than writing a row. So a whole group is one INSERT into the view of `events`.
Reservations arrive by the hundred and are all alike: two plain statements write them faster than its triggers would.
"""

from __future__ import annotations

import contextlib
import sqlite3
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from campaign.journal.events import ReservedAttempts
from campaign.journal.group_writer import GroupWriter
from campaign.journal.records import State
from campaign.journal.sqlite.activity import write_activity
from campaign.journal.sqlite.events import COLUMNS
from campaign.journal.sqlite.schema import OTHER_SESSION, plain_errors, transaction

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from pathlib import Path

    from campaign.journal.events import Event, Line
    from campaign.journal.group_writer import Note
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


class Writer(GroupWriter):
    """Writes groups of events to a journal file."""

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
        self._path = path
        self._connection = connection
        self._guard = guard
        super().__init__(loop)

    def write_group(self, events: Sequence[Event]) -> None:
        """Write events and the latest note, all or nothing."""
        with plain_errors(self._path):
            if self._guard is None:
                write(self._connection, events)
            elif events or self.notes:
                self._guard.before_commit(self._connection)
                write(self._connection, events, self._guard.condition, self.take_note())
                self._guard.committed(self._connection, events)

    def after_failure(self) -> None:
        """Stop waiting long for another program that has locked the journal: nothing is sent any more."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {SHORT_TIMEOUT}")
