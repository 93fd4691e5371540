"""What runs that are left to workers wait for: the process that watches, its lists, and a worker that has contact.

Rows of a run whose lists are read again begin only before a moment that the process that watches has put on record
after it had read them. The database compares, on its own clock, in the transaction in which a row begins: so no row
begins whose recipient may have been put on a list meanwhile, whatever the clock of a worker says.
"""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, LiteralString, NamedTuple

from campaign.journal.postgres.hold import is_dead
from campaign.journal.postgres.workers import IS_ALIVE

if TYPE_CHECKING:
    from campaign.journal.postgres.database import Connection, Database

NOW: LiteralString = "extract(epoch FROM clock_timestamp())::double precision"
"""The database's clock, in seconds since the epoch."""

IS_WATCHED: LiteralString = "watch.beat_at >= clock_timestamp() - interval '10 seconds'"
"""Whether the process of a row of `campaign.watch` is at work; it says so about every two seconds."""

MAY_BEGIN: LiteralString = f"SELECT coalesce(lists_good_until > {NOW}, true) FROM campaign.run WHERE run = %(run)s"
"""Whether rows of a run may begin by its lists."""

OF_AN_ORDER: tuple[LiteralString, ...] = (
    "DELETE FROM campaign.watch WHERE run = %s",
    "DELETE FROM campaign.out_of_reach WHERE run = %s",
)
"""Remove what a run's earlier order has left."""

_BEGIN_WATCH: LiteralString = f"""
INSERT INTO campaign.watch (run, watcher, host, process, beat_at)
VALUES (%(run)s, %(watcher)s, %(host)s, %(process)s, clock_timestamp())
ON CONFLICT (run) DO UPDATE SET watcher = excluded.watcher, host = excluded.host, process = excluded.process,
    beat_at = excluded.beat_at
WHERE %(instead)s = watch.watcher OR NOT ({IS_WATCHED})
"""

_RETRIED: LiteralString = """
SELECT seq FROM campaign.status JOIN campaign.shard AS held USING (run, shard)
WHERE run = %s AND state IN ('failed', 'in_doubt') AND status.epoch > held.retried
"""

_WAITING: LiteralString = f"""
SELECT run.run, campaign, number, why FROM campaign.run JOIN campaign.session ON session = ordered CROSS JOIN LATERAL (
    SELECT CASE
        WHEN wish = 'pause' AND NOT EXISTS (SELECT FROM campaign.shard WHERE shard.run = run.run AND NOT done)
            THEN 'gate'
        WHEN lists_good_until <= {NOW} THEN 'lists'
    END AS why
) AS waits
WHERE session.ended_at IS NULL AND wish IS DISTINCT FROM 'stop' AND why IS NOT NULL ORDER BY ordered
"""
"""The runs that wait for what a process that watches does."""

_OTHERS: LiteralString = f"""
SELECT EXISTS (
    SELECT FROM campaign.worker JOIN campaign.run ON run.run = %(run)s
    WHERE {IS_ALIVE} AND NOT drain AND worker <> %(worker)s AND coalesce(worker.campaign, run.campaign) = run.campaign
        AND NOT EXISTS (SELECT FROM campaign.out_of_reach AS far WHERE far.run = run.run AND far.worker = worker.worker)
)
"""


def may_begin(connection: Connection, run: int) -> bool:
    """Whether rows of a run may begin by its lists, within the transaction in which they do."""
    return connection.execute(MAY_BEGIN, {"run": run}).fetchone() == (True,)


def begin_watch(database: Database, run: int, watcher: str) -> bool:
    """Put on record that this process watches a run.

    Args:
        database: the database.
        run: the run's key.
        watcher: tells this watch from others.

    Returns:
        Whether it does; not where another process does so.
    """
    other = watched_by(database, run)
    instead = other[2] if other is not None and is_dead(*other[:2]) else watcher
    values = {"run": run, "watcher": watcher, "host": platform.node(), "process": os.getpid(), "instead": instead}
    with database.transaction() as connection:
        return connection.execute(_BEGIN_WATCH, values).rowcount == 1


def is_watched(database: Database, run: int) -> bool:
    """Whether a process watches a run; one of this machine that is dead does not."""
    other = watched_by(database, run)
    return other is not None and not is_dead(*other[:2])


def watched_by(database: Database, run: int) -> tuple[str, int, str] | None:
    """The host, the number and the watch of the process that watches a run; None where none does."""
    query: LiteralString = f"SELECT host, process, watcher FROM campaign.watch WHERE run = %s AND {IS_WATCHED}"
    found = database.row(query, (run,))
    return None if found is None else (str(found[0]), int(found[1]), str(found[2]))


def beat(database: Database, run: int, watcher: str) -> bool:
    """Say that this process goes on watching; returns whether it does, and no other in its place."""
    with database.transaction() as connection:
        update: LiteralString = "UPDATE campaign.watch SET beat_at = clock_timestamp() WHERE run = %s AND watcher = %s"
        return connection.execute(update, (run, watcher)).rowcount == 1


def end_watch(database: Database, run: int, watcher: str) -> None:
    """Put on record that this process watches no more."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM campaign.watch WHERE run = %s AND watcher = %s", (run, watcher))


def let_begin(database: Database, run: int, until: float) -> None:
    """Let rows begin until a moment, because the lists were read and rows that are on them were skipped.

    Args:
        database: the database.
        run: the run's key.
        until: in seconds since the epoch; a later one that is on record stays.
    """
    with database.transaction() as connection:
        connection.execute(
            "UPDATE campaign.run SET lists_good_until = greatest(lists_good_until, %s) WHERE run = %s", (until, run)
        )


def retried(database: Database, run: int) -> set[int]:
    """Places of rows that failed or are in doubt after the run was left to the workers."""
    return {seq for (seq,) in database.rows(_RETRIED, (run,))}


class UnwatchedRun(NamedTuple):
    """A run that waits for a process that watches, where none does.

    Attributes:
        key: its key in the database.
        campaign: the campaign's name.
        number: its number.
        waits_for: "lists" or "gate".
    """

    key: int
    campaign: str
    number: int
    waits_for: str


def unwatched(database: Database) -> list[UnwatchedRun]:
    """The runs that wait for a process that watches, where none does."""
    found = [UnwatchedRun(*each) for each in database.rows(_WAITING)]
    return [each for each in found if not is_watched(database, each.key)]


def set_reach(database: Database, run: int, worker: int, seconds: float | None, why: str = "") -> None:
    """Put on record for how long a worker has had no response from a run's server; None: it has them.

    Args:
        database: the database.
        run: the run's key.
        worker: the worker's number.
        seconds: for how long.
        why: why it cannot deliver the run at all, as what follows its name; "" where it can once there are responses.
    """
    with database.transaction() as connection:
        if seconds is None:
            connection.execute("DELETE FROM campaign.out_of_reach WHERE run = %s AND worker = %s", (run, worker))
            return
        connection.execute(
            "INSERT INTO campaign.out_of_reach (run, worker, since, why) "
            "VALUES (%s, %s, clock_timestamp() - make_interval(secs => %s), %s) ON CONFLICT DO NOTHING",
            (run, worker, seconds, why),
        )


def others_reach(database: Database, run: int, worker: int) -> bool:
    """Whether another worker is at work that takes a run, and does not lack responses of its server."""
    return database.row(_OTHERS, {"run": run, "worker": worker}) == (True,)
