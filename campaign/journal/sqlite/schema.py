"""The SQLite file of a journal: opening it safely, its schema, and its errors in plain words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from campaign.errors import JournalError, JournalWriteError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION_ID = 0x63616D70  # "camp"
VERSION = 1

# What never changes after planning (message) is separate from what changes with every attempt (status), so that an
# update rewrites some sixty bytes instead of a whole message.
SCHEMA = """
CREATE TABLE run (
    run INTEGER PRIMARY KEY,
    facts TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at REAL NOT NULL,
    planned INTEGER NOT NULL DEFAULT 0,
    stop_reason TEXT
);
CREATE TABLE session (
    session INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run,
    host TEXT NOT NULL,
    process INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL
);
CREATE TABLE message (
    run INTEGER NOT NULL REFERENCES run,
    seq INTEGER NOT NULL,
    row INTEGER NOT NULL,
    destination TEXT NOT NULL,
    body BLOB,
    cells TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);
CREATE TABLE status (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    message_id TEXT,
    http_status INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    at REAL,
    latency REAL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE attempt (
    attempt INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    what TEXT NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL,
    outcome TEXT,
    http_status INTEGER,
    detail TEXT
);
"""

SECOND_CHANCES = """
CREATE TABLE IF NOT EXISTS digest (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS origin (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    origin_run INTEGER NOT NULL,
    origin_row INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decision (
    decision INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    what TEXT NOT NULL,
    by TEXT NOT NULL,
    at REAL NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS stop_request (
    by TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS workbook (
    digest BLOB PRIMARY KEY,
    run INTEGER NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID
"""
"""What version 1 lacks: digests of messages, where rows of a sheet To fix come from, what operators decided, wishes to
stop a delivery, and digests of the workbooks written. The last of the tables is the one that is looked for."""


def create(path: Path) -> sqlite3.Connection:
    """Create a journal that only its owner can read.

    Raises:
        JournalError: the folder cannot be written.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
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
    if not path.exists():  # SQLite would create it, readable by everyone
        raise JournalError(Problem(str(path), "there is no such journal", "`campaign run` makes one"))
    with plain_errors(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and application != APPLICATION_ID:
        raise JournalError(Problem(str(path), "is not a journal of campaign", "move it out of the way"))
    if version > VERSION:
        raise JournalError(
            Problem(str(path), f"was written by a newer campaign (journal version {version})", "update campaign")
        )
    connection.execute("PRAGMA journal_mode = WAL")
    # A commit must survive a power cut: nothing is sent that is not on record.
    connection.execute("PRAGMA synchronous = FULL")
    if not tables:
        with transaction(connection):
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    _add_second_chances(connection)


def _add_second_chances(connection: sqlite3.Connection) -> None:
    """Additive step: `SECOND_CHANCES`."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'workbook'").fetchone() is None:
        with transaction(connection):
            for statement in SECOND_CHANCES.split(";"):
                connection.execute(statement)


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
    except sqlite3.ProgrammingError as error:
        raise JournalError(Problem(str(path), f"the journal is closed ({error})", "open it again")) from error
    except sqlite3.Error as error:
        raise JournalError(
            Problem(str(path), f"the journal is damaged ({error})", "restore it from a copy; it says who got a message")
        ) from error


def cannot_write(path: Path, why: str) -> JournalWriteError:
    """The error of a journal that cannot be written."""
    way_out = "close the program that has it open" if "locked" in why else "make room or give write access"
    remedy = f"nothing is sent that is not on record: {way_out}, and try again"
    return JournalWriteError(Problem(str(path), f"the journal cannot be written ({why})", remedy))
