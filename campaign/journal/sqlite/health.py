"""How a journal file is: whole, its owner's, in its place, held, and readable to its last page."""

from __future__ import annotations

import contextlib
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from campaign.errors import JournalError, Problem
from campaign.journal.health import JournalHealth
from campaign.journal.sqlite.opening import is_remounted, why_displaced
from campaign.journal.sqlite.place import read_place
from campaign.journal.sqlite.reading import read_unchanged
from campaign.journal.sqlite.schema import VERSION, connect_to_read, damaged, plain_errors
from campaign.journal.sqlite.wholeness import files_of, wal_of
from campaign.operating_system import identity_of, is_open_to_others

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.journal.sqlite.journal import SqliteJournal
    from campaign.operating_system import FileIdentity

LIBRARY_VERSION, OLDEST_LIBRARY = sqlite3.sqlite_version_info, (3, 25, 0)
"""The version of SQLite, and the first with window functions, with which a journal is read
(https://sqlite.org/windowfunctions.html)."""

READ_WHOLE = 512 << 20
"""Bytes up to which every page of a journal is read; a larger one would take long."""


def examine(path: Path) -> JournalHealth:
    """Look at a journal file, without changing or holding it."""
    try:
        # Before SQLite opens it: to open and close the file otherwise would drop SQLite's locks on it.
        identity = identity_of(path) if path.is_file() else None
        found = read_unchanged(path, partial(_health, path, identity))
    except JournalError as error:
        return JournalHealth(str(path), refused=error.problems[0])
    except OSError as error:
        remedy = "give this user the right to read it"
        return JournalHealth(str(path), refused=Problem(str(path), f"cannot be read ({error.strerror})", remedy))
    return found or JournalHealth(str(path), exists=False)


def _health(path: Path, identity: FileIdentity | None, journal: SqliteJournal) -> JournalHealth:
    doubts = [
        Problem(str(file), "other users can read or write it", f"chmod 600 {file}")
        for file in files_of(path)
        if is_open_to_others(file)
    ]
    doubts += journal.notes
    size = path.stat().st_size + (wal_of(path).stat().st_size if wal_of(path).exists() else 0)
    # As `reading_mode` has it, but that `journal` is open here already, in the same way.
    mode = "mode=ro" if wal_of(path).exists() else "immutable=1"
    with plain_errors(path), contextlib.closing(connect_to_read(path, mode)) as connection:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        place = read_place(connection) if version == VERSION else None
        if identity and place and not is_remounted(path, connection, place, identity):
            displaced = why_displaced(path, place, identity)
            doubts += [displaced] if displaced else []
        if size <= READ_WHOLE:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            if said != "ok":
                raise damaged(path, said.splitlines()[-1])
    read = "every page was read" if size <= READ_WHOLE else "it is too large to be read as a whole here"
    facts = (f"version {version}", f"{size / (1 << 20):,.1f} MB", read)
    return JournalHealth(
        str(path), doubts=tuple(doubts), facts=facts, runs=len(journal.runs()), holder=journal.holder()
    )
