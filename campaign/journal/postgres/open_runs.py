"""The runs of a database that are left to workers: which they are, how far they are, when they end."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from campaign.errors import JournalBusyError, Problem
from campaign.journal.cluster import WITHOUT_WORKERS, EndedRun, OpenRun, RunProgress
from campaign.journal.postgres.reader import LAST_EVENT
from campaign.journal.postgres.server import RECORDED
from campaign.journal.postgres.texts import text_of
from campaign.journal.postgres.waits import NOW, watched_by
from campaign.journal.postgres.workers import expire, living
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.postgres.database import Database

IS_OPEN: LiteralString = "session = ordered AND session.ended_at IS NULL"
"""Whether a run is left to workers, in a join of `campaign.session` with `campaign.run`."""

_OPEN: LiteralString = f"""
SELECT run.run, campaign, ordered, jobs, coalesce(wish = 'stop', false), lists_good_until, {RECORDED}
FROM campaign.session JOIN campaign.run ON {IS_OPEN} ORDER BY ordered
"""

_ENDS: LiteralString = f"""
WITH ending AS (
    SELECT run.run, ordered FROM campaign.session JOIN campaign.run ON {IS_OPEN}
    WHERE (wish IS NULL AND NOT EXISTS (SELECT FROM campaign.shard WHERE shard.run = run.run AND NOT done))
        OR (wish = 'stop' AND NOT EXISTS (
            SELECT FROM campaign.shard JOIN campaign.worker ON worker.worker = holder
            WHERE shard.run = run.run AND NOT lost
        ))
    ORDER BY run.run FOR UPDATE OF run, session
), ended AS (
    UPDATE campaign.session SET ended_at = {NOW}, seconds = greatest(0, {NOW} - started_at)
    FROM ending WHERE session = ordered
)
UPDATE campaign.run SET ended_at = {NOW}, stop_reason = coalesce(stop_reason, CASE WHEN EXISTS (
    SELECT FROM campaign.tally WHERE tally.run = run.run AND state IN ('pending', 'sending')
    GROUP BY state HAVING sum(rows) > 0
) THEN nullif(early_end, '') END)
FROM ending WHERE run.run = ending.run RETURNING run.ordered, campaign, number, stop_reason IS NULL
"""

_PROGRESS: LiteralString = f"""
SELECT run.run, campaign, number, greatest(0, {NOW} - session.started_at), tally.state, sum(rows)::bigint
FROM campaign.session JOIN campaign.run ON {IS_OPEN} LEFT JOIN campaign.tally ON tally.run = run.run
GROUP BY run.run, campaign, number, session.started_at, tally.state ORDER BY run.run
"""

_LOCK: LiteralString = f"""
SELECT FROM campaign.run JOIN campaign.session ON {IS_OPEN} WHERE campaign = %s
ORDER BY run.run FOR UPDATE OF run, session
"""

STOP: LiteralString = """
UPDATE campaign.run SET wish = 'stop', stop_reason = coalesce(stop_reason, %s)
WHERE run = %s AND wish IS DISTINCT FROM 'stop'
"""


def open_runs(database: Database) -> list[OpenRun]:
    """The runs that are left to workers, the oldest order first."""
    seen = database.seen
    return [
        OpenRun(key, campaign, order, jobs, stops, seen.change_since(server, synchronous=synchronous), until)
        for key, campaign, order, jobs, stops, until, server, synchronous in database.rows(_OPEN)
    ]


def stop_run(database: Database, key: int, reason: str) -> None:
    """Ask all workers to stop a run; the first reason is kept."""
    with database.transaction() as connection:
        connection.execute(STOP, (text_of(reason), key))


def end_orders(database: Database) -> list[EndedRun]:
    """End the runs that have nothing more to send, or are to stop and are held by no worker; returns them."""
    with database.transaction() as connection:
        return [EndedRun(*each) for each in connection.execute(_ENDS)]


def progress(database: Database) -> list[RunProgress]:
    """How far the runs are that are left to workers, the oldest first; one statement."""
    found: dict[int, RunProgress] = {}
    states: dict[int, dict[State, int]] = {}
    for key, campaign, number, open_for, state, rows in database.rows(_PROGRESS):
        counts = states.setdefault(key, {})
        found.setdefault(key, RunProgress(campaign, number, open_for, counts))
        if state is not None:
            counts[State(state)] = rows
    return list(found.values())


def refuse_while_ordered(database: Database, campaign: str, where: str) -> None:
    """Refuse to work on a campaign whose run workers deliver. One that no worker is left for stays open.

    Raises:
        JournalBusyError: workers are at work on it.
    """
    found = [each for each in open_runs(database) if each.campaign == campaign]
    if not found:
        return
    expire(database)
    _refuse_beside_workers(database, found, where)


def end_orders_without_workers(database: Database, campaign: str, where: str) -> None:
    """End what a campaign asks of workers, because this process takes it over: from then on no worker begins with it.

    Raises:
        JournalBusyError: workers are at work on it, perhaps since a moment ago.
    """
    if all(each.campaign != campaign for each in open_runs(database)):
        return
    with database.transaction() as connection:
        connection.execute(_LOCK, (campaign,))
        expire(database)
        _refuse_beside_workers(database, [each for each in open_runs(database) if each.campaign == campaign], where)
        connection.execute(
            f"UPDATE campaign.session SET ended_at = greatest(started_at, {LAST_EVENT}) FROM campaign.run "
            f"WHERE {IS_OPEN} AND campaign = %s",
            (campaign,),
        )
        connection.execute(
            f"UPDATE campaign.run SET ended_at = {NOW}, stop_reason = coalesce(stop_reason, %s) "
            "WHERE campaign = %s AND ordered IS NOT NULL AND ended_at IS NULL",
            (WITHOUT_WORKERS, campaign),
        )


def _refuse_beside_workers(database: Database, found: Sequence[OpenRun], where: str) -> None:
    if not found or all(each.server_change for each in found):  # those are delivered by none
        return
    living_ones = living(database, found[0].campaign, leaving=True)
    workers = [each for each in living_ones if each.shards or not each.draining]
    if not workers:
        return
    names = ", ".join(dict.fromkeys(each.name for each in workers))
    watched = watched_by(database, found[0].key)
    by = f", and watched by process {watched[1]} on {watched[0]}" if watched else ""
    what = f"is being delivered by workers ({names}){by}"
    remedy = "`campaign status --watch` shows how far they are, `campaign stop` stops them"
    raise JournalBusyError(Problem(where, what, remedy))
