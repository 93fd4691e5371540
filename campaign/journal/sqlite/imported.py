"""A journal file that is imported into a database: from the beginning of that on, nothing is sent from the file.

The mark is in the main file before the first row is in the database, and says that the import is done once its
transaction is known to be committed. So at no moment could the same rows be sent from both.
"""

from __future__ import annotations

import contextlib
import sqlite3
from abc import abstractmethod
from typing import TYPE_CHECKING

from campaign.errors import JournalError
from campaign.journal.sqlite.export import exported, id_of
from campaign.journal.sqlite.import_mark import read_mark, why_imported
from campaign.journal.sqlite.opening import reading_mode
from campaign.journal.sqlite.place import checkpoint, disarm, last_attempt, read_place
from campaign.journal.sqlite.schema import cannot_write, connect_to_read, plain_errors, transaction
from campaign.journal.sqlite.selection import RecordedSelection
from campaign.journal.sqlite.witness import read_witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from campaign.journal.sqlite.export import JournalExport
    from campaign.journal.sqlite.lock import DeliveryLock
    from campaign.journal.transfer import ImportMark


def import_of(path: Path) -> tuple[str, ImportMark | None]:
    """The id of a journal file, and what it has on record of its import; changes nothing.

    Returns:
        "" where it cannot be read; None where there was no import.
    """
    try:
        with contextlib.closing(connect_to_read(path, reading_mode(path))) as connection:
            return id_of(path, connection), read_mark(connection)
    except (sqlite3.Error, JournalError):
        return "", None


class ImportedJournal(RecordedSelection):
    """The part of a journal file that knows of its import."""

    _lock: DeliveryLock
    _is_importing = False

    @abstractmethod
    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the journal; see `JournalStore.exclusive`."""

    def import_mark(self) -> ImportMark | None:
        """What is on record of its import; None where there was none."""
        with plain_errors(self.path):
            return read_mark(self._connection)

    def refuse_imported(self) -> None:
        """Refuse to go on with a journal that is gone on with in a database.

        Raises:
            JournalError: it is, or may be.
        """
        if not self._is_importing and (mark := self.import_mark()) is not None:
            raise JournalError(why_imported(self.path, mark))

    @contextlib.contextmanager
    def held_for_import(self) -> Iterator[None]:
        """Hold the journal, also one that was imported; see `exclusive`."""
        self._is_importing = True
        try:
            with self.exclusive():
                yield
        finally:
            self._is_importing = False

    def exported(self) -> AbstractContextManager[JournalExport]:
        """Everything that is on record, as it is now."""
        return exported(self, self._connection)

    @property
    def journal_id(self) -> str:
        """Tells the journal from all others; a copy of its file has the same."""
        with plain_errors(self.path):
            return id_of(self.path, self._connection)

    @property
    def last_attempt(self) -> int:
        """The number of the last attempt on record; 0 where there is none."""
        with plain_errors(self.path):
            return last_attempt(self._connection)

    def begin_import(self, mark: ImportMark) -> None:
        """Record that the import begins: from now on nothing is sent from this file, nor from an earlier copy of it.

        A delivery that another machine has under way, where the file system has no locks, begins no attempt either.

        Raises:
            JournalWriteError: that cannot be made certain.
        """
        with plain_errors(self.path):
            with transaction(self._connection):
                self._write_mark(mark)
                self._connection.execute("UPDATE session SET token = NULL WHERE ended_at IS NULL")
                disarm(self._connection, read_witness(self.path).epoch)
            if not self._rest():  # a log that is lost must not take the mark with it
                raise cannot_write(self.path, "the file is locked by a program that reads it")

    def finish_import(self, mark: ImportMark) -> None:
        """Record that the journal is in the database.

        Raises:
            JournalWriteError: that is not on record; then it still counts as being imported.
        """
        with plain_errors(self.path):
            with transaction(self._connection):
                self._write_mark(mark)
            self._rest()

    def cancel_import(self) -> None:
        """Record that the journal is not in the database.

        Raises:
            JournalWriteError: that is not on record; then it still counts as being imported.
        """
        with plain_errors(self.path):
            with transaction(self._connection):
                self._connection.execute("DELETE FROM imported")
            self._rest()

    def _write_mark(self, mark: ImportMark) -> None:
        self._connection.execute("INSERT OR REPLACE INTO imported VALUES (1, ?, ?, ?, ?, ?)", mark)

    def _rest(self) -> bool:
        """Move all that is on record into the main file, which then needs no other; returns whether that was possible.

        It is not while another program reads an earlier state.
        """
        whole = checkpoint(self._connection)
        place = read_place(self._connection)
        if whole and place is not None:
            attempt = last_attempt(self._connection)
            self._lock.witness.note(journal=place.journal, epoch=place.epoch, opened=False, attempt=attempt)
        return whole
