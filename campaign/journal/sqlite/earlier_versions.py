"""Reading a journal of an earlier version without changing it: another process may still deliver with that version.

The steps that it lacks are made in the connection's own temporary tables, which stand in front of the file's. A table
that a step adds to is copied first; so far these are small ones.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

_CREATES = re.compile(r"\s*CREATE TABLE (?:IF NOT EXISTS )?")
_ALTERS = re.compile(r"\s*ALTER TABLE (\w+) ")


def pretend(connection: sqlite3.Connection, steps: Sequence[str]) -> None:
    """Let a connection read a journal as if these steps had been made.

    Raises:
        sqlite3.Error: that is not possible.
    """
    for step in steps:
        for statement in step.split(";"):
            connection.execute(_as_temporary(connection, statement))


def _as_temporary(connection: sqlite3.Connection, statement: str) -> str:
    altered = _ALTERS.match(statement)
    if altered is None:
        return _CREATES.sub("CREATE TEMP TABLE ", statement, count=1)
    table = altered[1]
    if not connection.execute("SELECT 1 FROM sqlite_temp_master WHERE name = ?", (table,)).fetchone():
        connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM main.{table}")  # noqa: S608 - our own names
    return f"ALTER TABLE temp.{table} {statement[altered.end() :]}"
