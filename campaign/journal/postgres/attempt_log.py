"""The attempt log of a run in a database."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

import psycopg
from psycopg import errors

from campaign.errors import JournalWriteError
from campaign.journal.doubts import NO_ROW
from campaign.journal.group_commit import GroupCommitLog
from campaign.journal.group_writer import GroupWriter
from campaign.journal.postgres.activity import write_activity
from campaign.journal.postgres.acts import WAITS, Known, batches_of, lines_of
from campaign.journal.postgres.database import UnmetError
from campaign.journal.postgres.errors import other_session
from campaign.journal.postgres.record import OtherSessionError, record, record_as_expected
from campaign.journal.postgres.sql import NUMBERED, ROWS, bounds_of
from campaign.journal.records import ABSENT, State, WaitingRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from campaign.journal.events import Event, Line
    from campaign.journal.group_writer import Note
    from campaign.journal.postgres.acts import Act
    from campaign.journal.postgres.database import Connections, Database

PATIENCE, PAUSE = 30.0, 0.25
"""Seconds for which a lost connection is made anew, and between two trials. Nothing is sent meanwhile."""

_KNOWN: LiteralString = f"""
SELECT seq, shard, attempts, state, at FROM {ROWS}
WHERE run = %s AND seq = ANY(%s)
"""

_WAITING: LiteralString = f"""
SELECT seq, row, destination, body, state, attempts, kind, at, shard
FROM {ROWS}
WHERE run = %(run)s AND seq > %(after)s AND body IS NOT NULL AND (
    state = ANY(%(waiting)s)
    OR state = ANY(%(retry)s) AND (cardinality(%(first)s::integer[]) = 0 OR {NUMBERED})
)
ORDER BY seq LIMIT %(most)s
"""


class Wanted(NamedTuple):
    """Which rows a delivery takes: those that wait, and of those in other states the ones with some numbers."""

    waiting: Collection[State] = (State.PENDING, State.SENDING)
    retry: Collection[State] = ()
    rows: Sequence[range] = ()


class PostgresWriter(GroupWriter):
    """Writes groups of events to a database.

    Attributes:
        known: what is on record of rows that may be sent again.
        epochs: that under which each shard is held.
    """

    def __init__(
        self,
        database: Database,
        run: int,
        epochs: Mapping[int, int],
        loop: asyncio.AbstractEventLoop,
        *,
        reads_lists: bool = False,
    ) -> None:
        """Start the thread.

        Args:
            database: open; it may be read by other threads.
            run: the run's key.
            epochs: that under which each shard is held.
            loop: the event loop that callbacks run in.
            reads_lists: whether sends begin only while the run's lists are good.
        """
        self.known: dict[int, Known] = {}
        self._reads_lists = reads_lists
        self._database = database
        self._run = run
        self.epochs = epochs
        self._patience = PATIENCE
        super().__init__(loop)

    def write_group(self, events: Sequence[Event]) -> None:
        """Write events and the latest note, all or nothing; again where the connection is lost meanwhile."""
        note = self.take_note()
        if not events and note is None:
            return
        lines = list(lines_of(events))
        until = time.monotonic() + self._patience
        while True:
            try:
                self._write(lines, note)
            except JournalWriteError as error:
                if not is_passing(error.__cause__) or time.monotonic() >= until:
                    raise
                time.sleep(PAUSE)
            else:
                return

    def after_failure(self) -> None:
        """Do not wait for the database any more: nothing is sent."""
        self._patience = 0.0

    def _look(self, rows: set[int]) -> None:
        """Read what is on record of rows of which nothing is known."""
        if unknown := [seq for seq in rows if seq not in self.known]:
            found = self._database.rows(_KNOWN, (self._run, unknown))
            self.known.update((seq, Known(*rest)) for seq, *rest in found)

    def _write(self, lines: Sequence[Line], note: Note | None) -> None:
        """Commit, or change nothing; also where the same was committed before, and the answer was lost."""
        self._look({line[2] for line in lines} - {NO_ROW})
        batches, after = batches_of(lines, self.known, self.epochs)
        try:
            with self._database.exchange() as connection:
                record_as_expected(connection, self._run, batches, reads_lists=self._reads_lists)
                if note is not None:
                    write_activity(connection, *note)
        except UnmetError:
            self._write_late(batches, note)
        self.known.update((seq, known) for seq, known in after.items() if known.state in WAITS)
        for seq in [seq for seq, known in after.items() if known.state not in WAITS]:
            self.known.pop(seq, None)

    def _write_late(self, batches: Sequence[Sequence[Act]], note: Note | None) -> None:
        """The same where another session has begun meanwhile, or a shard is another's: some of it may still count."""
        try:
            with self._database.transaction() as connection:
                record(connection, self._run, batches, reads_lists=self._reads_lists)
                if note is not None:
                    write_activity(connection, *note)
        except OtherSessionError:
            self.known.clear()  # it is read again
            raise other_session(self._database.address.shown) from None


def is_passing(error: BaseException | None) -> bool:
    """Whether a group may be written a moment later: the connection was lost, or another transaction was in the way."""
    if isinstance(error, errors.DeadlockDetected | errors.SerializationFailure):
        return True
    lost = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleInTransactionSessionTimeout)
    return isinstance(error, lost) or (isinstance(error, psycopg.OperationalError) and error.sqlstate is None)


class PostgresAttemptLog(GroupCommitLog):
    """Records one run's attempts in a database."""

    _writer: PostgresWriter
    _reads_lists = False

    def __init__(self, connections: Connections, run: int, epochs: Mapping[int, int], wanted: Wanted) -> None:
        """Write nothing yet.

        Args:
            connections: to the database; the log uses one.
            run: the run's key.
            epochs: that under which each shard is held.
            wanted: which rows to deliver.
        """
        super().__init__(run)
        self._connections = connections
        self._database = connections.take()
        self._epochs = epochs
        self._wanted = wanted

    async def _open(self) -> tuple[PostgresWriter, int]:
        try:
            await asyncio.to_thread(self._database.open)
        except BaseException:
            self._connections.give_back(self._database)
            raise
        # Numbers tell requests of one row apart that are no sends, also those of other deliveries.
        return self._new_writer(), time.time_ns()

    def _new_writer(self) -> PostgresWriter:
        return PostgresWriter(self._database, self._run, self._epochs, self._loop, reads_lists=self._reads_lists)

    def _read(self, after: int, most: int) -> list[WaitingRow]:
        waiting, retry, rows = self._wanted
        values = {
            "run": self._run,
            "after": after,
            "most": most,
            "waiting": list(map(str, waiting)),
            "retry": list(map(str, retry)),
            **bounds_of(rows),
        }
        return self.noted(self._database.rows(_WAITING, values))

    def noted(self, found: Sequence[tuple[Any, ...]]) -> list[WaitingRow]:
        """Rows of an answer, of which the writer then knows what is on record."""
        for seq, *_, state, attempts, _, at, shard in found:
            self._writer.known.setdefault(seq, Known(shard, attempts, state, at if state == State.SENDING else None))
        return [_waiting_row(*row) for row in found]

    def _close(self) -> None:
        try:
            self._writer.close()
        finally:
            self._connections.give_back(self._database)


def _waiting_row(  # noqa: PLR0913, PLR0917 - a row of the answer
    seq: int, row: int, destination: str, body: bytes, state: str, attempts: int, kind: str, *_: object
) -> WaitingRow:
    return WaitingRow(
        seq,
        row,
        destination,
        bytes(body),
        cut_off=state == State.SENDING,
        attempts=attempts,
        doubted=state == State.IN_DOUBT,
        absent=kind == ABSENT,
        failed=state == State.FAILED,
    )
