"""The workers of a database: each says every few seconds that it lives. One that is silent for a lease is lost."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, LiteralString

from campaign.journal.cluster import LeaseTimes, WorkerRecord
from campaign.journal.postgres.migrations import VERSION, newer_campaign
from campaign.journal.postgres.server import FLUSHED
from campaign.journal.postgres.texts import text_of

if TYPE_CHECKING:
    from campaign.journal.postgres.database import Database

OLD: LiteralString = "interval '1 day'"
"""After so long a worker that is gone is forgotten."""

_LEASE: LiteralString = "make_interval(secs => (SELECT lease FROM campaign.version))"

IS_ALIVE: LiteralString = f"NOT worker.lost AND worker.beat_at >= clock_timestamp() - {_LEASE}"
"""Whether a row of `campaign.worker` is one that may hold shards."""

RATE_NOW: LiteralString = f"CASE WHEN worker.beat_at >= clock_timestamp() - {_LEASE} * 0.25 THEN rate END"
"""The rate of a row of `campaign.worker`; NULL where its last sign is older than three beats, or it has none."""

HELD_BY_WORKER: LiteralString = f"""
SELECT FROM campaign.shard JOIN campaign.worker ON worker.worker = holder
WHERE shard.run = status.run AND shard.shard = status.shard AND {IS_ALIVE}
"""
"""Whether the shard of a row of `campaign.status` is a worker's, so that its request may be under way."""

_WORKERS: LiteralString = f"""
SELECT worker.worker, name, host, process, version, campaign, started_at,
    greatest(0, extract(epoch FROM clock_timestamp() - beat_at))::double precision, {RATE_NOW},
    (SELECT count(*) FROM campaign.shard WHERE holder = worker.worker AND NOT done), drain
FROM campaign.worker WHERE {IS_ALIVE} ORDER BY name, worker.worker
"""

_BEAT: LiteralString = """
UPDATE campaign.worker SET beat_at = clock_timestamp(), rate = %s WHERE worker = %s AND NOT lost RETURNING drain
"""


def lease_times(database: Database) -> LeaseTimes:
    """The lease of a database."""
    (lease,) = database.row("SELECT lease FROM campaign.version") or (60.0,)
    return LeaseTimes(float(lease))


def set_lease(database: Database, seconds: float) -> None:
    """Change the lease of a database. Workers take it when they start."""
    with database.transaction() as connection:
        connection.execute("UPDATE campaign.version SET lease = %s", (seconds,))


def register(database: Database, name: str, only: str | None) -> int:
    """Record a worker, this process, and return its number.

    Args:
        database: the database.
        name: by which an operator calls it.
        only: the campaign that it works for; None: any.
    """
    with database.transaction() as connection:
        connection.execute(f"DELETE FROM campaign.worker WHERE beat_at < clock_timestamp() - {OLD}")
        connection.execute(
            "DELETE FROM campaign.out_of_reach WHERE worker NOT IN (SELECT worker FROM campaign.worker WHERE NOT lost)"
        )
        found = connection.execute(
            "INSERT INTO campaign.worker (name, host, process, version, campaign, started_at, beat_at, looks_at_lists) "
            "VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp(), true) RETURNING worker",
            (text_of(name), platform.node(), os.getpid(), version("campaign"), only, time.time()),
        )
        (worker,) = found.fetchone() or (0,)
    return int(worker)


def beat(database: Database, worker: int, rate: float | None) -> bool | None:
    """Say that a worker lives.

    Returns:
        Whether it is to leave; None where it is lost, and what it held may be another's.

    Raises:
        JournalError: its code is `journal-newer`: the tables were brought up for workers that are newer than this one.
    """
    with database.transaction() as connection:
        found = connection.execute(_BEAT, (rate, worker)).fetchone()
        (oldest,) = connection.execute("SELECT oldest_worker FROM campaign.version").fetchone() or (0,)
        if oldest > VERSION:
            raise newer_campaign(database.address.shown, oldest)
        if database.seen.flushed is not None:
            (flushed,) = connection.execute(f"SELECT {FLUSHED}").fetchone() or (0,)
            database.seen.saw(flushed)
    return None if found is None else bool(found[0])


def expire(database: Database) -> None:
    """Declare those lost that have said nothing for a lease: from then on they hold nothing."""
    gone = database.row(f"SELECT 1 FROM campaign.worker WHERE NOT lost AND NOT ({IS_ALIVE})")
    if gone is not None:
        with database.transaction() as connection:
            connection.execute(f"UPDATE campaign.worker SET lost = true WHERE NOT lost AND NOT ({IS_ALIVE})")


def leave(database: Database, worker: int) -> None:
    """Record that a worker is gone, and free what it held."""
    with database.transaction() as connection:
        connection.execute("UPDATE campaign.worker SET lost = true WHERE worker = %s", (worker,))
        connection.execute("UPDATE campaign.shard SET holder = NULL WHERE holder = %s", (worker,))


def drain(database: Database, name: str) -> int:
    """Ask the workers of a name to end what they have, and leave; returns how many there are."""
    with database.transaction() as connection:
        return connection.execute(
            f"UPDATE campaign.worker SET drain = true WHERE name = %s AND {IS_ALIVE}", (text_of(name),)
        ).rowcount


def living(database: Database, campaign: str | None = None, *, leaving: bool = False) -> list[WorkerRecord]:
    """The workers that are at work, by name.

    Args:
        database: the database.
        campaign: only those that take this campaign's runs; None: all.
        leaving: also those of these that take nothing any more, and end what they have.
    """
    found = [WorkerRecord(*each) for each in database.rows(_WORKERS)]
    if campaign is None:
        return found
    return [each for each in found if each.only in (None, campaign) and (leaving or not each.draining)]
