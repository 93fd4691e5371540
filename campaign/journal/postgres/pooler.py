"""Whether there is a pooler between, which may give every transaction to another connection of its own.

Who holds a campaign is a lock of a session, and which server a database is on is looked at once for each connection. A
pooler that keeps no session would lose the one, and could hide that the other has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from campaign.errors import JournalError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.journal.postgres.database import Connection

_PROCESS: LiteralString = "SELECT pg_backend_pid()"

TRIALS = 10
"""A pooler gives the connection to the server that was used last, unless others come between."""

WHAT = "is reached over a pooler that keeps no session (pool_mode = transaction)"
REMEDY = "name the port of the server itself, or let the pooler have pool_mode = session for this database and user"


def is_pooled(connection: Connection) -> bool:
    """Whether a pooler is between: it makes up the process number with which a session begins."""
    return connection.execute(_PROCESS).fetchone() != (connection.info.backend_pid,)


def refuse_without_sessions(connection: Connection, another: Callable[[], Connection], where: str) -> None:
    """Refuse a pooler that gives every transaction to another connection.

    Args:
        connection: in no transaction.
        another: connects anew, likewise.
        where: the address, for people.

    Raises:
        JournalError: it is one.
    """
    if is_pooled(connection) and keeps_no_session(connection, another):
        raise JournalError(Problem(where, WHAT, REMEDY))


def keeps_no_session(connection: Connection, another: Callable[[], Connection]) -> bool:
    """Whether a pooler lets another session use the same connection to the server.

    Args:
        connection: over a pooler; in no transaction.
        another: connects anew, likewise.
    """
    other = another()
    try:
        return any(_uses_the_same(connection, other) for _ in range(TRIALS))
    finally:
        other.close()


def _uses_the_same(connection: Connection, other: Connection) -> bool:
    own = connection.execute(_PROCESS).fetchone()
    with other.transaction():
        return other.execute(_PROCESS).fetchone() == own
