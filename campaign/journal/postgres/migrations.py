"""The schema of the journals in a database, as the steps that made it: every step adds, none changes an earlier one.

`campaign.version` contains how many steps a database has. To change the schema, append a step. Other workers may still
run with the version before, so a step may only add what that version can ignore.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, LiteralString

from psycopg import errors

from campaign.errors import JournalError, JournalWriteError, Problem
from campaign.journal.postgres.cluster_schema import SERVERS, WORKERS
from campaign.journal.postgres.import_schema import IMPORTED
from campaign.journal.postgres.journal_schema import FIRST, STATED_WINDOW
from campaign.journal.postgres.waits_schema import UNABLE, WAITS
from campaign.journal.server_changes import NEWER

if TYPE_CHECKING:
    from campaign.journal.postgres.database import Connection, Database

STEPS: tuple[LiteralString, ...] = (FIRST, STATED_WINDOW, WORKERS, IMPORTED, SERVERS, WAITS, UNABLE)
"""Append; never change a step that was released."""

VERSION = len(STEPS)

OLDEST_WORKER = 4
"""The earliest schema whose workers can work beside this one: those before it do not look at the server."""

# Read from the tables themselves: what the server's functions know of names may be older.
_TABLES: LiteralString = """
SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid AND relname = 'version')
FROM pg_namespace WHERE nspname = 'campaign'
"""

_MIGRATING = 0x63616D7000000001
"""The advisory lock that is held while steps are made; "camp" and a number."""


def prepare(database: Database, *, create: bool) -> None:
    """Give a database the tables that it lacks, all or none.

    Args:
        database: the open database.
        create: whether to make them where there are none.

    Raises:
        JournalError: there are none and `create` is False, they are another program's, or from a newer version.
    """
    version = version_of(database)
    if version is None and not create:
        what = "there is no journal in this database"
        raise JournalError(Problem(database.address.shown, what, "`campaign run` makes one"))
    if version == VERSION:
        return
    try:
        _bring_up(database)
    except JournalWriteError as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise JournalWriteError(_not_its_owner(database.address.shown, version)) from error.__cause__
        raise


def _bring_up(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
        version = version_of(database)  # another process may have made them meanwhile
        if version is None:
            connection.execute("CREATE SCHEMA campaign")
        _make_steps(connection, version or 0)
        database.seen.complete(connection)


def _not_its_owner(where: str, version: int | None) -> Problem:
    """What a user has to ask for who may not change the tables."""
    if version is None:
        what = "has no tables of journals yet, and this user may not make them"
        return Problem(
            where, what, "their owner-to-be runs `campaign journal upgrade`: GRANT CREATE ON DATABASE … TO …"
        )
    what = f"its tables are of version {version}, this campaign needs {VERSION}, and only their owner may change them"
    return Problem(where, what, "let the owner run `campaign journal upgrade`")


def has_tables(database: Database) -> bool:
    """Whether a database has tables of journals.

    Raises:
        JournalError: those in their place are another program's, or it cannot be read.
    """
    return version_of(database) is not None


def version_of(database: Database) -> int | None:
    """How many steps a database has; None where it has no schema `campaign`.

    Raises:
        JournalError: the tables in their place are another program's or a newer version's, or it cannot be read.
    """
    where = database.address.shown
    found = database.row(_TABLES)
    if found is None:
        return None
    row = database.row("SELECT schema FROM campaign.version") if found[0] else None
    if row is None:
        what = "has a schema `campaign` that is not campaign's"
        raise JournalError(Problem(where, what, "name another database"))
    if row[0] > VERSION:
        raise newer_campaign(where, row[0])
    return int(row[0])


def newer_campaign(where: str, version: int) -> JournalError:
    """The error of a database that a newer campaign works with."""
    what = f"was written by a newer campaign (journal version {version})"
    return JournalError(Problem(where, what, "update campaign", NEWER))


def _make_steps(connection: Connection, version: int) -> None:
    for step in STEPS[version:]:
        connection.execute(step)
    if not version:
        values = (VERSION, OLDEST_WORKER, secrets.token_bytes(32))
        connection.execute("INSERT INTO campaign.version (schema, oldest_worker, secret) VALUES (%s, %s, %s)", values)
    connection.execute(
        "UPDATE campaign.version SET schema = greatest(schema, %s), oldest_worker = greatest(oldest_worker, %s)",
        (VERSION, OLDEST_WORKER),
    )
