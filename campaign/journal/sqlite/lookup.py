"""A private table of rows that have a message already: for journals that cannot be asked once for every planned row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.decisions import EarlierRow
from campaign.journal.records import State
from campaign.journal.sqlite.duplicates import temporary_errors, temporary_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self


class EarlierRows:
    """Earlier rows by a key, in a table that spills to disk. Use with `with`."""

    def __init__(self) -> None:
        self._connection = temporary_file()
        self._connection.execute(
            "CREATE TABLE earlier (key BLOB PRIMARY KEY, run INTEGER, row INTEGER, state TEXT, at REAL, digest BLOB) "
            "WITHOUT ROWID"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget everything."""
        self._connection.close()

    def add(self, rows: Iterable[tuple[bytes, EarlierRow]]) -> None:
        """Remember rows by their keys; of several with one key the first.

        Raises:
            JournalWriteError: the disk that contains temporary files is full.
        """
        with temporary_errors():
            self._connection.execute("BEGIN")
            self._connection.executemany(
                "INSERT OR IGNORE INTO earlier VALUES (?, ?, ?, ?, ?, ?)", ((key, *row) for key, row in rows)
            )
            self._connection.execute("COMMIT")

    def find(self, key: bytes) -> EarlierRow | None:
        """The row with a key; None where there is none."""
        with temporary_errors():
            found = self._connection.execute(
                "SELECT run, row, state, at, digest FROM earlier WHERE key = ?", (key,)
            ).fetchone()
        return None if found is None else EarlierRow(found[0], found[1], State(found[2]), *found[3:])
