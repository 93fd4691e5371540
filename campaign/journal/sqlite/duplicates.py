"""Finding exact duplicates among any number of rows in bounded memory."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from campaign.errors import JournalWriteError, Problem
from campaign.journal.decisions import DUPLICATE, SAME_KEY
from campaign.journal.records import PlannedRow, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self


MOST_VALUES = 900
"""Values that one statement binds; SQLite before 3.32 takes 999."""


class Duplicates:
    """Remembers the key or the digest of every message, in a table that spills to disk: a million cost much memory."""

    def __init__(self, key: str = "") -> None:
        """Remember nothing yet.

        Args:
            key: the names of what makes two rows the same, for people; "": their messages do.
        """
        self._key = key
        self._connection = temporary_file()
        self._connection.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID")

    def __enter__(self) -> Self:
        """Use for one plan."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget everything."""
        self._connection.close()

    def skip(self, batch: Sequence[PlannedRow]) -> Sequence[PlannedRow]:
        """The batch, in which rows that are the same as an earlier one, which is sent, are marked as skipped.

        A row with a key is the same as one with that key, and any other as one with the same message.

        Raises:
            JournalWriteError: the disk that contains temporary files is full.
        """
        keyed = [(row.key or row.digest, row.number) for row in batch if row.digest is not None]
        before = self._connection.total_changes
        with temporary_errors():
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", keyed)
            self._connection.execute("COMMIT")
            if self._connection.total_changes - before == len(keyed):
                return batch
            return list(_marked(batch, self._first_rows(keyed), self._key))

    def _first_rows(self, keyed: Sequence[tuple[bytes | None, int]]) -> dict[bytes, int]:
        """The first row with each key or digest."""
        wanted, found = list({digest for digest, _ in keyed}), dict[bytes, int]()
        for start in range(0, len(wanted), MOST_VALUES):
            some = wanted[start : start + MOST_VALUES]
            places = ", ".join("?" * len(some))
            found.update(self._connection.execute(f"SELECT digest, row FROM seen WHERE digest IN ({places})", some))  # noqa: S608 - only placeholders
        return found


def _marked(batch: Sequence[PlannedRow], first_rows: Mapping[bytes, int], key: str) -> Iterator[PlannedRow]:
    for row in batch:
        first = row.number if row.digest is None else first_rows[row.key or row.digest]
        if first == row.number:
            yield row
        elif row.key is None:
            yield row._replace(state=State.SKIPPED, kind=DUPLICATE, reason=f"exact duplicate of row {first}")
        else:
            yield row._replace(state=State.SKIPPED, kind=SAME_KEY, reason=f"has the {key} of row {first}")


def temporary_file() -> sqlite3.Connection:
    """A private file, which SQLite itself removes when it is closed."""
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


@contextlib.contextmanager
def temporary_errors() -> Iterator[None]:
    """Translate the errors of a temporary file.

    Raises:
        JournalWriteError: the disk that contains temporary files is full.
    """
    try:
        yield
    except sqlite3.Error as error:
        problem = Problem("the folder for temporary files", f"cannot be written ({error})", "make room on its disk")
        raise JournalWriteError(problem) from error
