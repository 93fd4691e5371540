"""Watches over a journal while it is written to: it is still in its place, and still this session's."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import JournalWriteError, Problem
from campaign.journal.sqlite.place import arm, last_attempt
from campaign.journal.sqlite.uri import uri_of
from campaign.journal.sqlite.wholeness import wal_of

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from campaign.journal.events import Event
    from campaign.journal.sqlite.witness import WitnessWriter
    from campaign.operating_system import Spot

CHECKPOINT_AT = 4 << 20
"""Bytes of write-ahead log at which it is moved into the main file: a thousand pages, as in SQLite."""

SHORT_WAIT, LONG_WAIT = 100, 30_000
"""Milliseconds to wait for readers at such a checkpoint, which is not urgent; and for other writers."""


class _Content(NamedTuple):
    """What tells without reading a file that its content has changed."""

    size: int
    changed_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> _Content:
        return cls(found.st_size, found.st_mtime_ns)


class DeliveryGuard:
    """What the writer of a session asks before and tells after each commit. Used by the writer's thread alone."""

    def __init__(self, path: Path, session: int, token: int, witness: WitnessWriter) -> None:
        self._path = path
        self._wal = wal_of(path)
        self._witness = witness
        self._checkpoint_at = CHECKPOINT_AT
        self._spots: tuple[Spot, Spot] | None = None
        self._content: _Content | None = None
        self.condition = (
            f"NOT EXISTS (SELECT 1 FROM session WHERE session = {session} AND token = {token} AND ended_at IS NULL)"  # noqa: S608 - numbers
        )
        """In SQL, of a begin that must not be recorded: the session is not this one any more."""

    def before_commit(self, connection: sqlite3.Connection) -> None:
        """Check that the files are those that were opened, and move the log into the main file where it is long.

        Raises:
            JournalWriteError: they were removed, moved, replaced or overwritten.
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
        self._check(_Content.of(main))
        if wal.st_size > self._checkpoint_at:
            self._checkpoint(connection)

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

    def _check(self, content: _Content) -> None:
        """Check a main file that has changed: only the guard's checkpoints write to it, and those of other programs."""
        if self._content not in (None, content) and not is_sound(self._path):
            raise overwritten(self._path)
        self._content = content

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout = {SHORT_WAIT}")
        done = arm(connection, self._witness)
        connection.execute(f"PRAGMA busy_timeout = {LONG_WAIT}")
        with contextlib.suppress(OSError):  # the next commit says that they are gone
            self._content = _Content.of(self._path.stat())
            # A log that was moved is overwritten from its beginning, and its file keeps the size that it has now, with
            # what arming has added.
            size = self._wal.stat().st_size
            self._checkpoint_at = max(CHECKPOINT_AT, size) if done else size + CHECKPOINT_AT


def displaced(path: Path) -> JournalWriteError:
    """The error of a journal that is not where it was opened."""
    what = "the journal was removed, moved or replaced while it was written to"
    remedy = "nothing is sent that is not on record: put its files back where they were, then `campaign resume`"
    return JournalWriteError(Problem(str(path), what, remedy))


def overwritten(path: Path) -> JournalWriteError:
    """The error of a journal whose content another program has destroyed."""
    what = "the journal was overwritten or cut short by another program while it was written to"
    remedy = "nothing more is sent: restore it from a copy; it says who got a message"
    return JournalWriteError(Problem(str(path), what, remedy))


def is_sound(path: Path) -> bool:
    """Whether every page of a journal is what SQLite expects there. Reads the whole file.

    SQLite deletes the WAL beside an empty file when it opens that, so it must not (`pagerOpenWalIfPresent`, pager.c).

    Raises:
        sqlite3.OperationalError: another program has locked it.
    """
    try:
        if not path.stat().st_size:
            return False
        with contextlib.closing(sqlite3.connect(uri_of(path.resolve(), "mode=ro"), uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except (sqlite3.Error, OSError) as error:
        if "locked" in str(error):
            raise
        return False
