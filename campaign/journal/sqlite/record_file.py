"""A small record of a command that looks something up, in a file beside what it writes.

It is opened by one process at a time, is readable by its owner alone, and every commit survives a power cut.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from typing import TYPE_CHECKING, Self

from campaign.errors import JournalError, Problem
from campaign.journal.sqlite.lock import DeliveryLock
from campaign.journal.sqlite.schema import cannot_write, transaction
from campaign.operating_system import OWNER_ONLY, close_to_others, is_link, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import Any

VERSION = 1

_COMMON = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE written (digest BLOB PRIMARY KEY)
"""
"""Facts of the record, and the files that its command has written."""


class RecordFile:
    """An open record. Use with `with`; its methods can be called from any thread."""

    application_id: int
    command: str
    schema: str
    if_lost = "then everything is asked again"
    """What moving the record away leads to."""

    def __init__(self, path: Path) -> None:
        """Name a record; nothing is opened yet."""
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._threads = threading.Lock()
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Open the record, or make it.

        Raises:
            JournalBusyError: another process has it open.
            JournalError: it is damaged, another program's, from a newer version, or cannot be made.
        """
        with contextlib.ExitStack() as held:
            held.enter_context(DeliveryLock(self.path).held())
            self._make()
            with _plain_errors(self.path, self.if_lost):
                self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
                held.callback(self._connection.close)
                self._prepare(self._connection)
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._connection = None
        self._held.close()

    def fact(self, name: str) -> str | None:
        """A fact; None where it is not on record."""
        found = self.rows("SELECT value FROM fact WHERE name = ?", name)
        return str(found[0][0]) if found else None

    def note(self, **facts: str) -> None:
        """Put facts on record, in place of earlier ones."""
        self.write_many("INSERT OR REPLACE INTO fact VALUES (?, ?)", facts.items())

    def wrote(self, digest: bytes) -> bool:
        """Whether the command has written a file with this SHA-256."""
        return bool(self.rows("SELECT 1 FROM written WHERE digest = ?", digest))

    def record_written(self, digest: bytes) -> None:
        """Put a file on record that the command is about to put in its place."""
        self.write(("INSERT OR IGNORE INTO written VALUES (?)", (digest,)))

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows that a statement selects."""
        with self._threads, _plain_errors(self.path, self.if_lost):
            return self._open().execute(statement, values).fetchall()

    def write(self, *statements: tuple[str, tuple[object, ...]]) -> int:
        """Execute statements in one transaction; returns the id of the last row inserted."""

        def execute(connection: sqlite3.Connection) -> int:
            last = 0
            for statement, values in statements:
                last = connection.execute(statement, values).lastrowid or 0
            return last

        return self._in_transaction(execute)

    def write_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Execute a statement for many rows in one transaction."""

        def execute(connection: sqlite3.Connection) -> int:
            return connection.executemany(statement, rows).rowcount

        self._in_transaction(execute)

    def _in_transaction(self, execute: Callable[[sqlite3.Connection], int]) -> int:
        with self._threads, _plain_errors(self.path, self.if_lost):
            connection = self._open()
            with transaction(connection):
                return execute(connection)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalError(Problem(str(self.path), "the record is not open"))
        return self._connection

    def _make(self) -> None:
        try:
            if os.path.lexists(self.path):
                if is_link(self.path) or not self.path.is_file():
                    raise JournalError(Problem(str(self.path), "is not a plain file", "move it out of the way"))
                close_to_others(self.path)
                return
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
            sync_folder(self.path.parent)
        except OSError as error:
            raise cannot_write(self.path, error.strerror or str(error)) from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if tables and application != self.application_id:
            what = f"is not a record of `campaign {self.command}`"
            raise JournalError(Problem(str(self.path), what, "move it out of the way"))
        if version > VERSION:
            what = f"was written by a newer campaign (version {version})"
            raise JournalError(Problem(str(self.path), what, "update campaign"))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        if not tables:
            with transaction(connection):
                for statement in f"{_COMMON};{self.schema}".split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self.application_id}")
                connection.execute(f"PRAGMA user_version = {VERSION}")


@contextlib.contextmanager
def _plain_errors(path: Path, if_lost: str) -> Iterator[None]:
    """Translate SQLite's errors.

    Raises:
        JournalError: damaged.
        JournalWriteError: not writable: disk full, read-only, an I/O error.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise cannot_write(path, str(error)) from error
    except sqlite3.Error as error:
        remedy = f"restore it from a copy, or move it away: {if_lost}"
        raise JournalError(Problem(str(path), f"the record is damaged ({error})", remedy)) from error
