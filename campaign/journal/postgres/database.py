"""A connection to the database: checked when it is made, made anew when it was lost, used by one thread at a time."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg import IsolationLevel, errors
from psycopg.pq import TransactionStatus

from campaign.errors import JournalError, Problem
from campaign.journal.postgres.errors import plain_errors, reason_of
from campaign.journal.postgres.pooler import refuse_without_sessions
from campaign.journal.postgres.server import SeenServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from campaign.journal.postgres.address import Address

    Connection = psycopg.Connection[tuple[Any, ...]]
    Values = Sequence[object] | Mapping[str, object]

OLDEST_SERVER = 130000

_FACTS = """
SELECT current_setting('fsync'), current_setting('synchronous_commit'), pg_is_in_recovery(),
    current_setting('server_encoding'), current_setting('server_version_num')::int
"""

LONGEST_SILENCE = 30
"""Seconds after which the server ends a session that is silent in the middle of a transaction: its machine is gone, or
was cut off, and what it has locked would stop every other worker of the run, and a takeover of what it held."""

_NOTICE_SILENCE: LiteralString = "SELECT set_config('idle_in_transaction_session_timeout', %s, false)"


class UnmetError(Exception):
    """A statement of an exchange found that nothing is to be written; see `unless_all`."""


class Database:
    """A database that contains journals. Its methods may be called from any thread.

    Attributes:
        address: where it is.
        seen: its server, which is the same for all that are made of it.
    """

    def __init__(self, address: Address, seen: SeenServer | None = None) -> None:
        """Open nothing yet.

        Args:
            address: where it is.
            seen: the server that all connections of a journal are to; None: this one is the first.
        """
        self.address = address
        self.seen = seen or SeenServer()
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._made = 0
        self._closed = False

    def __repr__(self) -> str:
        return f"<Database {self.address.shown}>"

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    @property
    def is_encrypted(self) -> bool:
        """Whether its connection, once made, is over TLS."""
        return self._connection is not None and bool(self._connection.pgconn.ssl_in_use)

    def another(self) -> Database:
        """The same database, for a connection of its own to the same server."""
        return Database(self.address, self.seen)

    @property
    def reconnects(self) -> int:
        """How often a connection that was lost was made anew."""
        return max(0, self._made - 1)

    def open(self) -> None:
        """Connect.

        Raises:
            JournalError: the server cannot be reached, refuses, or may forget what it has committed.
            JournalServerError: it is another one than before.
        """
        try:
            with self._lock:
                self._connected()
        except psycopg.Error as error:
            what = f"the database cannot be reached ({reason_of(self.address, error)})"
            remedy = "is the address right, and does the server run and admit this machine and user?"
            if error.pgconn is not None and error.pgconn.needs_password:
                what = "the database asks for a password, and none is found"
                remedy = "set PGPASSWORD, or write HOST:PORT:DATABASE:USER:PASSWORD to ~/.pgpass (mode 600)"
            raise JournalError(Problem(self.address.shown, what, remedy)) from None

    def connect(self) -> int:
        """Connect where there is no connection, or it is known to be lost; returns how many were made so far.

        Raises:
            JournalWriteError: the server cannot be reached.
        """
        with self._lock, plain_errors(self.address):
            self._connected()
            return self._made

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def rows(self, query: LiteralString, values: Values = (), *, again: bool = True) -> list[tuple[Any, ...]]:
        """The rows of a query. A connection that was lost meanwhile is made anew.

        Args:
            query: one statement.
            values: its values.
            again: whether it may then be performed a second time, as one that only reads may.

        Raises:
            JournalError: it cannot be read.
        """
        with self._lock, plain_errors(self.address):
            connection = self._connected()
            alone = connection.info.transaction_status is TransactionStatus.IDLE
            try:
                return connection.execute(query, values).fetchall()
            except psycopg.OperationalError:
                if not (connection.closed and alone and again):
                    raise
            return self._connected().execute(query, values).fetchall()

    def row(self, query: LiteralString, values: Values = ()) -> tuple[Any, ...] | None:
        """Read: the first row of a query; None where it has none."""
        return next(iter(self.rows(query, values)), None)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Write: everything or nothing is committed at the end, and survives a crash of the server.

        Raises:
            JournalWriteError: nothing is on record; where the connection was lost at the end, perhaps all is.
        """
        with self._lock, plain_errors(self.address), contextlib.ExitStack() as stack:
            connection = self._connected()
            try:
                stack.enter_context(connection.transaction())
            except psycopg.OperationalError:
                if not connection.closed:
                    raise
                connection = self._connected()  # it was lost while nothing was done
                stack.enter_context(connection.transaction())
            yield connection

    @contextlib.contextmanager
    def exchange(self) -> Iterator[Connection]:
        """Write as in `transaction`, with all statements in one exchange; what they find cannot be looked at.

        Raises:
            UnmetError: a statement found that nothing is to be written.
            JournalWriteError: nothing is on record; where the connection was lost, perhaps all is.
        """
        with self._lock, plain_errors(self.address):
            connection = self._connected()
            try:
                with connection.pipeline():
                    connection.execute("BEGIN")
                    yield connection
                    connection.execute("COMMIT")
            except errors.DivisionByZero as error:
                raise UnmetError from error
            finally:
                if not connection.closed and connection.info.transaction_status is not TransactionStatus.IDLE:
                    connection.rollback()

    def _connected(self) -> Connection:
        if self._closed:
            raise JournalError(Problem(self.address.shown, "the journal is closed", "open it again"))
        if self._connection is None or self._connection.closed:
            self._connection = None
            made = self._made_anew()
            try:
                made.isolation_level = IsolationLevel.READ_COMMITTED
                self._check(made)
                made.execute(_NOTICE_SILENCE, (f"{LONGEST_SILENCE * 1000:.0f}ms",))
            except BaseException:
                made.close()
                raise
            self._connection = made
            self._made += 1
        return self._connection

    def _made_anew(self) -> Connection:
        return psycopg.connect(autocommit=True, **self.address.parameters)  # type: ignore[arg-type] # names from the address

    def _check(self, connection: Connection) -> None:
        found = connection.execute(_FACTS).fetchone()
        if found is not None and (why := unfit(*found)):
            if found[2] and self.seen.server is not None:  # it may be about to take over
                raise psycopg.OperationalError(why[0])
            raise JournalError(Problem(self.address.shown, *why))
        if self.seen.server is None:
            refuse_without_sessions(connection, self._made_anew, self.address.shown)
        self.seen.check(connection, self.address.shown)


class Connections:
    """Further connections of one journal: each is used by one delivery or hold at a time, and kept for the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._idle: list[Database] = []
        self._all: list[Database] = []
        self._closed = False

    @property
    def reconnects(self) -> int:
        """How often a connection that was lost was made anew, of all of them."""
        with self._lock:
            return sum(each.reconnects for each in self._all)

    def take(self) -> Database:
        """One that nothing else uses; it is opened by its first use, or by `open`."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
            self._all.append(made := self._database.another())
            return made

    def give_back(self, database: Database) -> None:
        """Keep one for the next use, unless the journal is closed."""
        with self._lock:
            if not self._closed:
                self._idle.append(database)
                return
        database.close()

    def close(self) -> None:
        """Close those that nothing uses now, and the others when they are given back."""
        with self._lock:
            self._closed, idle, self._idle = True, self._idle, []
        for each in idle:
            each.close()


def unfit(
    fsync: str,
    synchronous_commit: str,
    is_standby: bool,  # noqa: FBT001 - a row of the server's answer
    encoding: str,
    version: int,
) -> tuple[str, str] | None:
    """Why a server must not keep a journal, and what to do about it; None where it may."""
    forgets = "so what it has committed may be lost with a power cut, and a message be sent twice"
    if fsync != "on":
        return f"its server runs with fsync = {fsync}, {forgets}", "set fsync = on and restart it"
    if synchronous_commit == "off":
        return f"it has synchronous_commit = off, {forgets}", "set synchronous_commit = on for this role or database"
    if is_standby:
        return (
            "its server is a standby, which takes no changes",
            "name the primary, or add target_session_attrs=primary",
        )
    if encoding != "UTF8":
        return f"its encoding is {encoding}, which lacks letters", "create it with ENCODING 'UTF8'"
    if version < OLDEST_SERVER:
        return f"its server has version {version // 10000}", f"a journal needs {OLDEST_SERVER // 10000} or later"
    return None
