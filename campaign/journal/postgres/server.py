"""Which server a database is on, and whether that is the one on which a run was begun.

A standby that took over, or a server that was restored, may lack commits of which campaign was told that they are
durable: a message may have been sent whose attempt is not on record there. What such a server has in common with the
one before is its data, so it is told by its timeline, its system identifier, or by the numbers of the tables. A copy of
its files that was put back has all of these in common with it: only a process that has seen more of its write-ahead log
can tell.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, LiteralString, NamedTuple

from psycopg import errors
from psycopg.pq import TransactionStatus

from campaign.journal.server_changes import other_server

if TYPE_CHECKING:
    from typing import Any, Self

    from campaign.journal.postgres.database import Connection, Database

# `pg_walfile_name` knows the timeline at once after a promotion, `pg_control_checkpoint` after a checkpoint only.
_TIMELINE: LiteralString = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"
_SYSTEM: LiteralString = "SELECT system_identifier::text FROM pg_control_system()"
_TABLES: LiteralString = """
SELECT (SELECT oid::text FROM pg_database WHERE datname = current_database()),
    (SELECT pg_class.oid::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = 'campaign' AND relname = 'run')
"""

FLUSHED: LiteralString = "pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint"
"""How far the write-ahead log is durable: on one timeline that only grows, also over a crash."""

RESTORED = "restored"
"""In place of a run's server, where a process has seen more of the database than is there now."""

_MARK: LiteralString = "UPDATE campaign.run SET server = %s"

_UNKNOWN = (errors.InsufficientPrivilege, errors.FeatureNotSupported, errors.ObjectNotInPrerequisiteState)
"""What a server answers that does not say: some hosted ones do not."""

_STATED: LiteralString = "SELECT synchronous_standby FROM campaign.version"

RECORDED: LiteralString = "run.server, (SELECT synchronous_standby FROM campaign.version)"
"""Columns for `SeenServer.change_since`."""


_OLDER = "it is in an older state than one that was seen"


class Server(NamedTuple):
    """Which server a database is on; None for what it does not say.

    Attributes:
        system: the identifier that its data directory got when it was made.
        timeline: in hexadecimal digits; a promotion and a restore to a point in time begin a new one.
        database: the database's number.
        table: that of the table of runs; a dump that is restored makes new tables.
    """

    system: str | None
    timeline: str | None
    database: str | None
    table: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """One that was kept as a text."""
        return cls(*(part or None for part in text.split("/")))

    def __str__(self) -> str:
        return "/".join(part or "" for part in self)

    def difference(self, before: Server) -> str | None:
        """In what it differs from an earlier one, in words; None where it is the same, as far as both are known."""
        names = ("system identifier", "timeline", "database number", "table number")
        for name, now, then in zip(names, self, before, strict=True):
            if now is not None and then is not None and now != then:
                return f"{name} {now}, before {then}"
        return None

    def took_over_from(self, before: Server) -> bool:
        """Whether it may be a standby of the earlier one: only its timeline differs, and is a later one."""
        if self.timeline is None or before.timeline is None or self.timeline <= before.timeline:
            return False
        return self._replace(timeline=None).difference(before) is None

    def completed_by(self, other: Server) -> Server:
        """With what another one knows that it does not say."""
        return Server(*(theirs if own is None else own for own, theirs in zip(self, other, strict=True)))


def server_of(connection: Connection) -> Server:
    """The server of a connection."""
    database, table = connection.execute(_TABLES).fetchone() or (None, None)
    return Server(_one(connection, _SYSTEM), _one(connection, _TIMELINE), database, table)


def _one(connection: Connection, query: LiteralString) -> Any:  # noqa: ANN401 - a value
    """The value of a query; None where the server does not say, which leaves a transaction as it is."""
    idle = connection.info.transaction_status is TransactionStatus.IDLE
    try:
        with contextlib.nullcontext() if idle else connection.transaction():
            return (connection.execute(query).fetchone() or (None,))[0]
    except _UNKNOWN:
        return None


def is_synchronous(connection: Connection) -> bool:
    """Whether the operator has stated that a standby which takes over lacks nothing."""
    try:
        return connection.execute(_STATED).fetchone() == (True,)
    except (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName):
        return False


class SeenServer:
    """The server that the connections of one journal are to.

    It never changes, unless a standby takes over that lacks nothing; and it never forgets.

    Attributes:
        server: that server; None before the first connection.
        flushed: how far its write-ahead log was durable when that was last seen; None where it does not say.
    """

    def __init__(self) -> None:
        self.server: Server | None = None
        self.flushed: int | None = None
        self._lock = threading.Lock()

    def check(self, connection: Connection, where: str) -> None:
        """Note the server of a new connection.

        Args:
            connection: it is in no transaction.
            where: the address, for people.

        Raises:
            JournalServerError: it is another one than before, or an older state of it.
        """
        with self._lock:  # before it is asked: what other threads see meanwhile may be later than this answer
            earlier, seen = self.server, self.flushed
        now, flushed = server_of(connection), _one(connection, f"SELECT {FLUSHED}")
        with self._lock:
            before = self.server or now
            difference = now.difference(before)
            if difference is not None:
                if not (now.took_over_from(before) and is_synchronous(connection)):
                    raise other_server(where, difference)
                self.flushed = None  # its log is not that of the one before
            elif earlier and not now.difference(earlier) and flushed is not None and flushed < (seen or 0):
                _mark_restored(connection)
                raise other_server(where, _OLDER)
            self.server = now.completed_by(before)
            if flushed is not None:
                self.flushed = max(flushed, self.flushed or 0)

    def saw(self, flushed: int) -> None:
        """Note how far the write-ahead log is durable."""
        with self._lock:
            self.flushed = max(flushed, self.flushed or 0)

    def complete(self, connection: Connection) -> None:
        """Note what is known of the same server now that its tables are made."""
        found = server_of(connection)
        with self._lock:
            self.server = found if self.server is None else self.server._replace(table=found.table)

    def change_since(self, recorded: str | None, *, synchronous: bool) -> str | None:
        """In what the server differs from the one that is on record for a run; None where attempts cannot be missing.

        Args:
            recorded: the server, as a text; None where none is on record.
            synchronous: whether a standby that takes over lacks nothing.
        """
        if recorded is None or self.server is None:
            return None
        if recorded == RESTORED:
            return _OLDER
        before = Server.parse(recorded)
        if synchronous and self.server.took_over_from(before):
            return None
        return self.server.difference(before)


def _mark_restored(connection: Connection) -> None:
    """Let no process send, also one that has seen nothing: by its server and timeline the database is the same."""
    with contextlib.suppress(errors.UndefinedTable, errors.UndefinedColumn, errors.InsufficientPrivilege):
        connection.execute(_MARK, (RESTORED,))


def change_of(database: Database, run: int) -> str | None:
    """In what the server differs from the one on which attempts of a run were recorded last; see `change_since`.

    Args:
        database: the database.
        run: the run's key.
    """
    recorded, synchronous = database.row(f"SELECT {RECORDED} FROM campaign.run WHERE run = %s", (run,)) or (None, False)
    return database.seen.change_since(recorded, synchronous=synchronous)


def note_server(connection: Connection, seen: SeenServer, run: int) -> None:
    """Record that attempts of a run are recorded on this server from now on."""
    connection.execute("UPDATE campaign.run SET server = %s WHERE run = %s", (str(seen.server), run))


def refuse_other_server(connection: Connection, database: Database, run: int) -> None:
    """Refuse to send from a server on which attempts of a run may be missing; else note the server, and lock the run.

    Raises:
        JournalServerError: they may be.
    """
    if (difference := change_of(database, run)) is not None:
        raise other_server(database.address.shown, difference)
    note_server(connection, database.seen, run)
