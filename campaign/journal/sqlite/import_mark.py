"""What a journal file says of its import into a database, for programs and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem
from campaign.journal.transfer import JOURNAL_IMPORTED, ImportMark

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


def read_mark(connection: sqlite3.Connection) -> ImportMark | None:
    """What a journal has on record of its import; None where there was none.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    found = connection.execute("SELECT database, database_id, by, begun_at, done_at FROM imported").fetchone()
    return None if found is None else ImportMark(*found)


def why_imported(path: Path, mark: ImportMark) -> Problem:
    """Why nothing is sent from a journal file."""
    if mark.done_at is None:
        what = f"its import into {mark.database} was begun, and is not known to have ended: nothing is sent from here"
        command = f"`campaign journal import {path.name} --journal {mark.database}`"
        return Problem(str(path), what, f"finish it with {command}, or take it back with --undo", JOURNAL_IMPORTED)
    what = f"was imported into {mark.database}: nothing is sent from here any more"
    return Problem(str(path), what, f"go on there, with --journal {mark.database}", JOURNAL_IMPORTED)
