"""The journal of one campaign in a PostgreSQL database, which contains those of others too."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
from importlib.metadata import version
from typing import TYPE_CHECKING, LiteralString

from campaign.delivery.ports import SystemClock
from campaign.journal.active_deliveries import end_deliveries
from campaign.journal.manifests import encode_manifest
from campaign.journal.postgres.address import parse_address
from campaign.journal.postgres.attempt_log import PostgresAttemptLog, Wanted
from campaign.journal.postgres.budget import PostgresLimits
from campaign.journal.postgres.database import Connections, Database
from campaign.journal.postgres.errors import other_session
from campaign.journal.postgres.hold import held
from campaign.journal.postgres.imports import JournalImports
from campaign.journal.postgres.migrations import VERSION, has_tables, prepare
from campaign.journal.postgres.open_runs import end_orders_without_workers, refuse_while_ordered
from campaign.journal.postgres.planned import ANALYZE_FROM, SHARDS, analyze, copy_rows
from campaign.journal.postgres.reader import LAST_EVENT
from campaign.journal.postgres.record import CUT_OFF, RECOVER
from campaign.journal.postgres.selection import PostgresSelection
from campaign.journal.postgres.server import change_of, note_server, refuse_other_server
from campaign.journal.postgres.texts import text_of
from campaign.journal.postgres.workers import HELD_BY_WORKER
from campaign.journal.records import CUT_OFF_REASON, RunManifest, RunRecord, State
from campaign.journal.server_changes import other_server

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Self

    from campaign.delivery.ports import Clock
    from campaign.errors import Problem
    from campaign.journal.active_deliveries import ActiveDelivery
    from campaign.journal.records import PlannedRow

_TABLES: tuple[LiteralString, ...] = (
    "message", "status", "attempt", "shard", "tally", "finding", "accepted", "session", "run",
)  # fmt: skip

_OTHERS_END: LiteralString = f"""
UPDATE campaign.session SET ended_at = greatest(started_at, {LAST_EVENT})
WHERE ended_at IS NULL AND run IN (SELECT run FROM campaign.run WHERE campaign = %s)
"""

_TAKE_OVER: LiteralString = """
WITH held AS (SELECT run, shard FROM campaign.shard WHERE run = %s ORDER BY shard FOR UPDATE)
UPDATE campaign.shard AS shard SET epoch = epoch + 1, worker = %s, holder = NULL FROM held
WHERE shard.run = held.run AND shard.shard = held.shard RETURNING shard.shard, shard.epoch
"""


class PostgresJournal(PostgresSelection):
    """One campaign's journal; implements `JournalStore`. Made by `open`; closed by `with` or `async with`."""

    notes: Sequence[Problem] = ()
    displaced: Problem | None = None
    may_lack = False

    def __init__(self, database: Database, campaign: str, clock: Clock | None = None) -> None:
        super().__init__(database, campaign)
        self.deliveries: list[ActiveDelivery] = []
        self._others = Connections(database)
        self._clock = clock or SystemClock()
        self._began: dict[int, float] = {}
        self._epochs: dict[int, Mapping[int, int]] = {}

    @classmethod
    def open(cls, url: str, campaign: str, *, create: bool = True) -> PostgresJournal:
        """Open a campaign's journal, and make the tables in a database that has none.

        Args:
            url: the address of the database.
            campaign: the campaign's name.
            create: whether to make the tables.

        Raises:
            JournalError: the database cannot be reached, may forget what it has committed, or has no such tables.
        """
        database = Database(parse_address(url))
        try:
            database.open()
            prepare(database, create=create)
        except BaseException:
            database.close()
            raise
        return cls(database, campaign)

    @classmethod
    def find(cls, url: str, campaign: str) -> PostgresJournal | None:
        """Open a campaign's journal; None where the database has no tables of journals.

        Raises:
            JournalError: the database cannot be reached, or may forget what it has committed.
        """
        database = Database(parse_address(url))
        try:
            database.open()
            if has_tables(database):
                prepare(database, create=False)
                return cls(database, campaign)
        except BaseException:
            database.close()
            raise
        database.close()
        return None

    @staticmethod
    def shown(url: str) -> str:
        """The address of a database without its password and options.

        Raises:
            JournalError: it is none.
        """
        return parse_address(url).shown

    def __repr__(self) -> str:
        return f"<PostgresJournal {self.where}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._others.close()
        self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await end_deliveries(self)
        self.__exit__()

    def reopened(self) -> AbstractContextManager[PostgresJournal]:
        """This journal while it is open; then the same one over a new connection."""
        if not self._database.is_closed:
            return contextlib.nullcontext(self)
        database = self._database.another()
        database.open()
        journal = PostgresJournal(database, self.campaign, self._clock)
        journal._began, journal._epochs = self._began, self._epochs
        return journal

    def accept_place(self) -> None:
        """It is nowhere else."""

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the journal for planning or delivery; see `JournalStore.exclusive`."""
        with held(self._others, self.campaign, self._clock.epoch()):
            refuse_while_ordered(self._database, self.campaign, self.where)
            yield

    def begin_run(self, manifest: RunManifest) -> RunRecord:
        """Start planning a new run."""
        secret, now = secrets.token_bytes(32), self._clock.epoch()
        with self._database.transaction() as connection:
            found = connection.execute(
                "INSERT INTO campaign.run (campaign, number, facts, secret, schema, created_at) "
                "SELECT %s, coalesce(max(number), 0) + 1, %s, %s, %s, %s FROM campaign.run WHERE campaign = %s "
                "RETURNING run, number",
                (self.campaign, encode_manifest(manifest), secret, VERSION, now, self.campaign),
            )
            key, run = found.fetchone() or (0, 0)
            note_server(connection, self._database.seen, key)
            connection.execute(
                "INSERT INTO campaign.shard (run, shard) SELECT %s, generate_series(0, %s)", (key, SHARDS - 1)
            )
        return RunRecord(run, manifest, secret, planned=False, created_at=now, stop_reason=None)

    def add(self, run: int, first_seq: int, batch: Sequence[PlannedRow]) -> None:
        """Store a batch of a plan; it is certain to survive a crash once the plan is sealed."""
        key = self._key(run)
        with self._database.transaction() as connection:
            connection.execute("SET LOCAL synchronous_commit = off")
            copy_rows(connection, key, first_seq, batch)
            if any(row.origin is not None for row in batch):
                connection.execute("UPDATE campaign.run SET to_fix = true WHERE run = %s AND NOT to_fix", (key,))

    def seal(self, run: int) -> None:
        """Declare a plan complete and confirmed: from now on it may be delivered."""
        key = self._key(run)
        if self.tally(run).rows >= ANALYZE_FROM:
            analyze(self._database)
        with self._database.transaction() as connection:
            connection.execute("UPDATE campaign.run SET planned = true WHERE run = %s", (key,))

    def discard(self, run: int) -> None:
        """Delete a plan of which nothing was sent."""
        key = self._key(run)
        with self._database.transaction() as connection:
            for table in _TABLES:
                connection.execute(f"DELETE FROM campaign.{table} WHERE run = %s", (key,))

    def begin_session(self, run: int, retry: Collection[State] = (), *, sends: bool = True, by: str = "") -> int:
        """Record that this process delivers a run from now on, which takes all its shards over."""
        key, host = self._key(run), platform.node()
        with self._database.transaction() as connection:
            end_orders_without_workers(self._database, self.campaign, self.where)
            # A session that was cut off lasted at least until the last attempt on record.
            connection.execute(_OTHERS_END, (self.campaign,))
            if sends:
                refuse_other_server(connection, self._database, key)
                connection.execute("UPDATE campaign.run SET stop_reason = NULL WHERE run = %s", (key,))
            worker = f"{host}:{os.getpid()}"
            taken = connection.execute(_TAKE_OVER, (key, worker)).fetchall()
            connection.execute(CUT_OFF, {"run": key})
            found = connection.execute(
                "INSERT INTO campaign.session (run, worker, host, process, version, started_at, retry, by) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING session",
                (key, worker, host, os.getpid(), version("campaign"), self._clock.epoch(), list(map(str, retry)),
                 text_of(by)),
            )  # fmt: skip
            (session,) = found.fetchone() or (0,)
        self._began[session] = self._clock.now()
        self._epochs[session] = dict(sorted(taken))
        return int(session)

    def check_session(self, session: int) -> None:
        """Check that no other session has begun since; see `JournalStore.check_session`."""
        query: LiteralString = "SELECT 1 FROM campaign.session WHERE session = %s AND ended_at IS NULL FOR SHARE"
        if self._database.row(query, (session,)) is None:
            raise other_session(self.where)

    def end_session(self, session: int, stop_reason: str | None) -> None:
        """Record that a delivery has ended, and why where it ended early."""
        reason = None if stop_reason is None else text_of(stop_reason)
        with self._database.transaction() as connection:
            self.check_session(session)
            connection.execute(
                "UPDATE campaign.session SET ended_at = %s, seconds = %s WHERE session = %s",
                (self._clock.epoch(), self._clock.now() - self._began[session], session),
            )
            connection.execute(
                "UPDATE campaign.run SET stop_reason = %s "
                "WHERE run = (SELECT run FROM campaign.session WHERE session = %s)",
                (reason, session),
            )

    def mark_cut_off_in_doubt(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for servers without a read-back."""
        key = self._key(run)
        with self._database.transaction() as connection:
            connection.execute(CUT_OFF, {"run": key})
            connection.execute(
                "UPDATE campaign.status SET state = 'in_doubt', kind = 'cut off', reason = %s "
                f"WHERE run = %s AND state = 'sending' AND NOT EXISTS ({HELD_BY_WORKER})",
                (CUT_OFF_REASON, key),
            )

    def recover(self, run: int) -> None:
        """Treat every row that seems to wait as cut off while sending; see `JournalStore.recover`."""
        end_orders_without_workers(self._database, self.campaign, self.where)  # before the server counts as known
        with self._database.transaction() as connection:
            connection.execute(RECOVER, {"run": (key := self._key(run))})
            note_server(connection, self._database.seen, key)

    def server_change(self, run: int) -> Problem | None:
        """Why attempts of a run may be missing; see `JournalStore.server_change`."""
        difference = change_of(self._database, self._key(run))
        return None if difference is None else other_server(self.where, difference).problems[0]

    def attempt_log(
        self,
        run: int,
        retry: Collection[State] = (),
        session: int | None = None,
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> PostgresAttemptLog:
        """The record that delivery writes to; see `JournalStore.attempt_log`.

        Without a session it holds the shards as they are held now, and no attempt begins once they are taken over.
        """
        key = self._key(run)
        epochs = self._epochs[session] if session is not None else self._epochs_now(key)
        return PostgresAttemptLog(self._others, key, epochs, Wanted(waiting, retry, rows))

    @property
    def limits(self) -> PostgresLimits:
        """What the workers of several machines may send together."""
        return PostgresLimits(self._database, self._others, self._key)

    @property
    def imports(self) -> JournalImports:
        """The journal files that were copied into this campaign's journal."""
        return JournalImports(self._database, self.campaign)

    def _epochs_now(self, key: int) -> dict[int, int]:
        return dict(
            self._database.rows("SELECT shard, epoch FROM campaign.shard WHERE run = %s ORDER BY shard", (key,))
        )
