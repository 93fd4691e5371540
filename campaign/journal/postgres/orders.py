"""Runs that are left to workers: what they ask, how far they are, and when they end.

A run that is open has a session that has not ended, its order. Every worker looks for such runs; the one that gives
the last shard back, or finds that no shard is held of a run that is to stop, ends it. To end what has ended changes
nothing.
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, LiteralString

from campaign.journal.cluster import Order, OrderState, Watched
from campaign.journal.manifests import decode_manifest, encode_manifest
from campaign.journal.postgres import waits
from campaign.journal.postgres.open_runs import IS_OPEN, STOP, end_orders, end_orders_without_workers
from campaign.journal.postgres.parts import WAITS
from campaign.journal.postgres.planned import ANALYZE_FROM, SHARDS, analyze
from campaign.journal.postgres.server import refuse_other_server
from campaign.journal.postgres.sql import bounds_of
from campaign.journal.postgres.texts import text_of
from campaign.journal.postgres.unable import unable
from campaign.journal.postgres.workers import expire, lease_times, living
from campaign.journal.records import RunRecord, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.journal.cluster import LeaseTimes, WorkerRecord
    from campaign.journal.postgres.database import Connection, Database

ROWS_OF_A_JOB, FEWEST_JOBS, MOST_JOBS = 200, 16, 64
"""Rows that a job has at least, and bounds for the jobs of a run; their numbers divide that of the shards."""

_NOW: LiteralString = waits.NOW

# All shards pass to the order: what another delivery holds is its own no more, and what its rows were last sent under
# is what may be sent again.
_SHARDS: LiteralString = """
WITH held AS (SELECT run, shard FROM campaign.shard WHERE run = %s ORDER BY shard FOR UPDATE)
UPDATE campaign.shard AS shard SET retried = epoch, epoch = epoch + 1, holder = NULL, worker = '', done = false
FROM held WHERE shard.run = held.run AND shard.shard = held.shard
"""

_LIMIT: LiteralString = f"""
SELECT max(seq) FROM (
    SELECT message.seq FROM campaign.message CROSS JOIN LATERAL (
        SELECT * FROM campaign.status WHERE status.run = message.run AND status.shard = message.shard
            AND status.seq = message.seq OFFSET 0
    ) AS status JOIN campaign.shard AS held ON held.run = message.run AND held.shard = message.shard
    WHERE message.run = %(run)s AND {WAITS} ORDER BY message.seq LIMIT %(most)s
) AS first
"""

_STATE: LiteralString = f"""
SELECT session.ended_at IS NULL AND session.session IS NOT NULL, stop_reason,
    NOT EXISTS (SELECT FROM campaign.shard WHERE shard.run = run.run AND NOT done), {_NOW}, lists_good_until,
    coalesce(wish = 'pause', false)
FROM campaign.run LEFT JOIN campaign.session ON session = ordered WHERE run.run = %s
"""


class PostgresOrders:
    """A campaign's way of leaving its runs to workers; implements `cluster.Orders`."""

    def __init__(self, database: Database, campaign: str, key_of: Callable[[int], int]) -> None:
        self._database = database
        self._campaign = campaign
        self._key_of = key_of

    def workers(self) -> Sequence[WorkerRecord]:
        """The workers that are at work and take this campaign's runs."""
        return living(self._database, self._campaign)

    def times(self) -> LeaseTimes:
        """The lease of this database."""
        return lease_times(self._database)

    def place(self, run: int, order: Order) -> int:
        """Leave a run to the workers; see `cluster.Orders.place`."""
        from campaign.journal.postgres.jobs import defer_jobs, make_tables  # noqa: PLC0415 - it loads Procrastinate

        make_tables(self._database)
        key, host = self._key_of(run), platform.node()
        counted = "SELECT sum(rows)::bigint FROM campaign.tally WHERE run = %s"
        (rows,) = self._database.row(counted, (key,)) or (0,)
        jobs = jobs_for(rows or 0)
        asked = {"retry": list(map(str, order.retry)), **bounds_of(order.rows)}
        if (rows or 0) >= ANALYZE_FROM:
            analyze(self._database)
        with self._database.transaction() as connection:
            self._make_way(connection, key)
            limit_seq = None
            if order.limit is not None:
                values = {"run": key, "waiting": ["pending", "sending"], "last_seq": None, "most": order.limit, **asked}
                (limit_seq,) = connection.execute(_LIMIT, values).fetchone() or (None,)
            holds = order.gate is not None and (limit_seq is None or order.gate < limit_seq)
            found = connection.execute(
                "INSERT INTO campaign.session (run, worker, host, process, version, started_at, retry, by) "
                f"VALUES (%s, 'workers', %s, %s, %s, {_NOW}, %s, %s) RETURNING session",
                (key, host, os.getpid(), version("campaign"), asked["retry"], text_of(order.by)),
            )
            (session,) = found.fetchone() or (0,)
            connection.execute(
                _ORDERED,
                {
                    "run": key,
                    "session": session,
                    "delivery": encode_manifest(order.manifest),
                    "jobs": jobs,
                    "limit": limit_seq,
                    "gate": order.gate,
                    "wish": "pause" if holds else None,
                    "early_end": text_of(order.early_end),
                    "lists": 0.0 if order.reads_lists else None,
                    **asked,
                },
            )
            defer_jobs(connection, self._database.address, key, session, jobs)
        return int(session)

    def _make_way(self, connection: Connection, key: int) -> None:
        refuse_other_server(connection, self._database, key)
        end_orders_without_workers(self._database, self._campaign, f"campaign {self._campaign}")
        connection.execute(_SHARDS, (key,))
        for remove in waits.OF_AN_ORDER:
            connection.execute(remove, (key,))

    def state(self, run: int) -> OrderState:
        """How far the workers are; see `cluster.Orders.state`."""
        key = self._key_of(run)
        found = self._database.row(_STATE, (key,)) or (False, None, False, 0.0, None, False)
        is_open, reason, whole, *waits_for = found
        states = self._database.rows(
            "SELECT state, sum(rows)::bigint FROM campaign.tally WHERE run = %s GROUP BY state HAVING sum(rows) > 0",
            (key,),
        )
        names = tuple(dict.fromkeys(each.name for each in self.workers()))
        by_state = {State(state): rows for state, rows in states}
        stuck = unable(self._database, key) if is_open else None
        return OrderState(by_state, is_open, whole, reason, names, *waits_for)._replace(unable=stuck)

    def pass_gate(self, run: int) -> None:
        """Let the rows behind the gate be sent too."""
        key = self._key_of(run)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE campaign.run SET eligible_seq = limit_seq, wish = nullif(wish, 'pause') WHERE run = %s", (key,)
            )
            connection.execute("UPDATE campaign.shard SET done = false WHERE run = %s", (key,))

    def stop(self, reason: str, *, run: int | None = None) -> bool:
        """Ask all workers to stop the campaign's run; see `cluster.Orders.stop`."""
        key = None if run is None else self._key_of(run)
        with self._database.transaction() as connection:
            found = connection.execute(
                f"SELECT run.run FROM campaign.session JOIN campaign.run ON {IS_OPEN} WHERE campaign = %s",
                (self._campaign,),
            ).fetchall()
            for (open_run,) in found:
                if key in (None, open_run):
                    connection.execute(STOP, (text_of(reason), open_run))
        expire(self._database)  # perhaps no worker is left to do it
        end_orders(self._database)
        return bool(found)

    def under_way(self, run: int) -> Watched | None:
        """What a run was left to the workers with; see `cluster.Orders.under_way`."""
        found = self._database.row(_UNDER_WAY, (self._key_of(run),)) if self.workers() else None
        if found is None or waits.is_watched(self._database, self._key_of(run)):
            return None
        secret, created_at, delivery, retry, first_rows, last_rows, early_end = found
        record = RunRecord(run, decode_manifest(delivery), bytes(secret), True, created_at, None)  # noqa: FBT003 - planned
        rows = tuple(range(first, end + 1) for first, end in zip(first_rows, last_rows, strict=True))
        return Watched(record, tuple(map(State, retry)), rows, early_end)

    def begin_watch(self, run: int, watcher: str) -> bool:
        """Put on record that this process watches a run, unless another one does."""
        return waits.begin_watch(self._database, self._key_of(run), watcher)

    def beat(self, run: int, watcher: str) -> bool:
        """Say that it goes on watching; returns whether no other one does in its place."""
        return waits.beat(self._database, self._key_of(run), watcher)

    def end_watch(self, run: int, watcher: str) -> None:
        """Put on record that this process watches no more."""
        waits.end_watch(self._database, self._key_of(run), watcher)

    def unwatched(self, run: int) -> str:
        """For what a run waits for a process that watches, where there is none; see `cluster.Orders.unwatched`."""
        key = self._key_of(run)
        return next((each.waits_for for each in waits.unwatched(self._database) if each.key == key), "")

    def let_begin(self, run: int, until: float) -> None:
        """Let rows begin until a moment; see `cluster.Orders.let_begin`."""
        waits.let_begin(self._database, self._key_of(run), until)

    def retried(self, run: int) -> set[int]:
        """Places of rows that failed or are in doubt after the run was left to the workers."""
        return waits.retried(self._database, self._key_of(run))


_UNDER_WAY: LiteralString = f"""
SELECT secret, created_at, delivery, coalesce(run.retry, '{{}}'), coalesce(retry_first, '{{}}'),
    coalesce(retry_last, '{{}}'), coalesce(early_end, '')
FROM campaign.run JOIN campaign.session ON {IS_OPEN} WHERE run.run = %s
"""

_ORDERED: LiteralString = """
UPDATE campaign.run SET planned = true, ordered = %(session)s, delivery = %(delivery)s, jobs = %(jobs)s,
    retry = %(retry)s, retry_first = %(first)s, retry_last = %(last)s, limit_seq = %(limit)s,
    eligible_seq = least(%(limit)s::integer, %(gate)s::integer), wish = %(wish)s, early_end = %(early_end)s,
    lists_good_until = %(lists)s, stop_reason = NULL, ended_at = NULL WHERE run = %(run)s
"""


def jobs_for(rows: int) -> int:
    """Into how many jobs the shards of a run are divided."""
    jobs = FEWEST_JOBS
    while jobs < MOST_JOBS and rows > jobs * ROWS_OF_A_JOB:
        jobs *= 2
    return jobs


def shards_of(job: int, jobs: int) -> range:
    """The shards of a job."""
    return range(job, SHARDS, jobs)
