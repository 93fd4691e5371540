"""Watches over a journal while it is written to: it is still in its place, and still this session's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import JournalWriteError, Problem
from campaign.journal.sqlite.place import arm, last_attempt
from campaign.journal.sqlite.wholeness import wal_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from campaign.journal.sqlite.witness import WitnessWriter
    from campaign.journal.sqlite.writer import Event
    from campaign.operating_system import Spot

CHECKPOINT_AT = 4 << 20
"""Bytes of write-ahead log at which it is moved into the main file: a thousand pages, as in SQLite."""

SHORT_WAIT, LONG_WAIT = 100, 30_000
"""Milliseconds to wait for readers at such a checkpoint, which is not urgent; and for other writers."""


class DeliveryGuard:
    """What the writer of a session asks before and tells after each commit. Used by the writer's thread alone."""

    def __init__(self, path: Path, session: int, token: int, witness: WitnessWriter) -> None:
        self._path = path
        self._wal = wal_of(path)
        self._witness = witness
        self._checkpoint_at = CHECKPOINT_AT
        self._spots: tuple[Spot, Spot] | None = None
        self.condition = (
            f"NOT EXISTS (SELECT 1 FROM session WHERE session = {session} AND token = {token} AND ended_at IS NULL)"  # noqa: S608 - numbers
        )
        """In SQL, of a begin that must not be recorded: the session is not this one any more."""

    def before_commit(self, connection: sqlite3.Connection) -> None:
        """Check that the files are those that were opened, and move the log into the main file where it is long.

        Raises:
            JournalWriteError: they were removed, moved or replaced.
            sqlite3.Error: the journal cannot be written.
        """
        try:
            main, wal = self._path.stat(), self._wal.stat()
        except OSError as error:
            raise displaced(self._path) from error
        spots = (main.st_dev, main.st_ino), (wal.st_dev, wal.st_ino)
        if self._spots is None:
            self._spots = spots
        if spots != self._spots:
            raise displaced(self._path)
        if wal.st_size > self._checkpoint_at:
            self._checkpoint(connection, wal.st_size)

    def committed(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        """Write down beside the journal which attempts are on record.

        Raises:
            sqlite3.Error: the journal cannot be read.
        """
        attempts = [0]
        for event in events:
            if isinstance(event, tuple):
                if event[5] is not None and event[6] is None:  # a reservation was taken back
                    self._witness.note(attempt=last_attempt(connection))
                    return
                attempts.append(event[0])
            elif event.attempts:
                attempts.append(event.attempts[-1][0])
        self._witness.attempts_upto(max(attempts))

    def _checkpoint(self, connection: sqlite3.Connection, size: int) -> None:
        connection.execute(f"PRAGMA busy_timeout = {SHORT_WAIT}")
        done = arm(connection, self._witness)
        connection.execute(f"PRAGMA busy_timeout = {LONG_WAIT}")
        # A log that was moved is overwritten from its beginning, and its file keeps the size that it has.
        self._checkpoint_at = max(CHECKPOINT_AT, size) if done else size + CHECKPOINT_AT


def displaced(path: Path) -> JournalWriteError:
    """The error of a journal that is not where it was opened."""
    what = "the journal was removed, moved or replaced while it was written to"
    remedy = "nothing is sent that is not on record: put it back where it was, then `campaign resume`"
    return JournalWriteError(Problem(str(path), what, remedy))
