"""The SQLite file of a journal: opening it safely, its schema, and its errors in plain words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING

from campaign.errors import JournalBusyError, JournalError, JournalWriteError, Problem
from campaign.journal.decisions import AT_WORK
from campaign.journal.sqlite.earlier_versions import pretend
from campaign.journal.sqlite.migrations import STEPS
from campaign.journal.sqlite.uri import uri_of
from campaign.operating_system import OWNER_ONLY, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION_ID = 0x63616D70  # "camp"
VERSION = len(STEPS)

LOG_PAUSE, LOG_TRIALS = 0.05, 100
"""Seconds between two attempts to begin a write-ahead log, and how often it is tried again."""

OTHER_SESSION = "another session delivers"
"""What the statement that begins an attempt is refused with where its session is not the one under way."""


def create(path: Path) -> sqlite3.Connection:
    """Create a journal that only its owner can read.

    Raises:
        JournalError: the folder cannot be written.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
        sync_folder(path.parent)
    except FileExistsError:
        return connect(path)
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error
    return connect(path)


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing journal, giving an empty file its schema.

    Raises:
        JournalError: it is not there, damaged, from a newer version, or no journal.
    """
    _require_file(path)
    with plain_errors(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _require_file(path: Path) -> None:
    if not path.exists():  # SQLite would create it, readable by everyone
        raise JournalError(Problem(str(path), "there is no such journal", "`campaign run` makes one"))


def connect_to_read(path: Path, mode: str) -> sqlite3.Connection:
    """Open an existing journal without changing anything, also one of an earlier version.

    Args:
        path: the journal.
        mode: "mode=ro", or "immutable=1" where no process can be writing to it.

    Raises:
        JournalError: it is not there, cannot be read, is from a newer version, or is no journal.
    """
    _require_file(path)
    with plain_errors(path):
        connection = sqlite3.connect(
            uri_of(path.resolve(), mode), uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            _, version = _checked(connection, path)
            pretend(connection, STEPS[version:])
        except BaseException:
            connection.close()
            raise
        return connection


def _checked(connection: sqlite3.Connection, path: Path) -> tuple[int, int]:
    """How many tables and indexes there are, and the version; refuses another program's file and a newer version."""
    tables = _tables(connection, path)
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise JournalError(
            Problem(str(path), f"was written by a newer campaign (journal version {version})", "update campaign")
        )
    return tables, version


def _keep_log(connection: sqlite3.Connection) -> None:
    """Let commits go to a write-ahead log. While another process does the same, SQLite refuses it without waiting."""
    for pause in (*[LOG_PAUSE] * LOG_TRIALS, None):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if pause is None or "locked" not in str(error):
                raise
            time.sleep(pause)
        else:
            return


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    tables, version = _checked(connection, path)
    _keep_log(connection)
    # A commit must survive a power cut: nothing is sent that is not on record.
    connection.execute("PRAGMA synchronous = FULL")
    if version < VERSION or not tables:
        _migrate(connection, path)


def _tables(connection: sqlite3.Connection, path: Path) -> int:
    """How many tables and indexes there are; all of them campaign's.

    Raises:
        JournalError: they are another program's.
    """
    # in this order: another process may be creating the same journal, which gets both at once
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if tables and application != APPLICATION_ID:
        raise JournalError(Problem(str(path), "is not a journal of campaign", "move it out of the way"))
    return tables


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Apply the steps that the journal lacks, all or none."""
    with transaction(connection):
        _tables(connection, path)  # read again, as the version is: another process may have made them meanwhile
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for step in STEPS[version:]:
            for statement in step.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {max(version, VERSION)}")


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit everything or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # SQLite rolls back by itself when the disk is full
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Translate SQLite's errors.

    Raises:
        JournalError: damaged, or not readable.
        JournalWriteError: not writable: disk full, read-only, an I/O error.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise cannot_write(path, str(error)) from error
    except sqlite3.IntegrityError as error:
        raise (other_session(path) if str(error) == OTHER_SESSION else damaged(path, error)) from error
    except sqlite3.ProgrammingError as error:
        raise JournalError(Problem(str(path), f"the journal is closed ({error})", "open it again")) from error
    except sqlite3.Error as error:
        raise damaged(path, error) from error


@contextlib.contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Translate the errors of reading the content of rows, which another program may have changed.

    Raises:
        JournalError: it is not what campaign writes.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise damaged(path, f"{error} is missing" if isinstance(error, KeyError) else error) from error


def damaged(path: Path, why: object) -> JournalError:
    """The error of a journal whose content is not what campaign writes."""
    remedy = "restore it from a copy; it says who got a message"
    return JournalError(Problem(str(path), f"the journal is damaged ({why})", remedy))


def other_session(path: Path) -> JournalBusyError:
    """The error of a delivery that another one has taken the place of."""
    remedy = "this one sends nothing more; `campaign results` shows the other"
    return JournalBusyError(Problem(str(path), AT_WORK, remedy))


def cannot_write(path: Path, why: str) -> JournalWriteError:
    """The error of a journal that cannot be written."""
    way_out = "close the program that has it open" if "locked" in why else "make room or give write access"
    remedy = f"nothing is sent that is not on record: {way_out}, and try again"
    return JournalWriteError(Problem(str(path), f"the journal cannot be written ({why})", remedy))
