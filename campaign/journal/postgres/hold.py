"""Who holds a campaign for planning or delivery: an advisory lock, which the server releases when its holder dies."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, LiteralString

from campaign.errors import JournalBusyError, JournalError, Problem
from campaign.journal.activity import Holder
from campaign.operating_system import process_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal.postgres.database import Connections, Database

IS_HELD: LiteralString = """
EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND classid = ((%(lock)s::bigint >> 32) & 4294967295)::oid AND objid = (%(lock)s::bigint & 4294967295)::oid
)
"""


NOTICE_DEATH: LiteralString = """
SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false)
"""
"""Makes the server notice within a minute that the machine at the other end is gone, and then release its locks."""

NOTICED_WITHIN, PAUSE = 5.0, 0.05
"""Seconds in which a server has noticed that a process is dead, and between two looks."""


def lock_of(campaign: str) -> int:
    """The number of a campaign's lock."""
    return int.from_bytes(blake2b(campaign.encode(), digest_size=8, person=b"campaign hold").digest(), signed=True)


@contextlib.contextmanager
def held(others: Connections, campaign: str, since: float) -> Iterator[None]:
    """Hold a campaign, over a connection of its own.

    Args:
        others: connections to the database; one is used.
        campaign: the campaign's name.
        since: now, in seconds since the epoch.

    Raises:
        JournalBusyError: it is held already, by this or another process; says by which.
        JournalError: the database cannot be reached.
    """
    own = others.take()
    try:
        _lock(own, campaign)
        try:
            _sign(own, campaign, since)
            yield
        finally:
            with contextlib.suppress(JournalError):
                own.rows("SELECT pg_advisory_unlock(%s)", (lock_of(campaign),))
    finally:
        others.give_back(own)


def _lock(own: Database, campaign: str) -> None:
    """Lock a campaign. The lock of a process that was just killed is waited for: the server notices it in a moment."""
    own.rows(NOTICE_DEATH)
    until = time.monotonic() + NOTICED_WITHIN
    while own.row("SELECT pg_try_advisory_lock(%s)", (lock_of(campaign),)) != (True,):
        found = own.row("SELECT host, process, held_since FROM campaign.hold WHERE campaign = %s", (campaign,))
        if found is None or not is_dead(*found[:2]) or time.monotonic() > until:
            holder = "another process" if found is None or found[0] is None else Holder(*found).name
            where = f"{own.address.shown}, campaign {campaign}"
            raise JournalBusyError(Problem(where, f"is being worked on by {holder}", "wait for it, or stop it first"))
        time.sleep(PAUSE)


def is_dead(host: str | None, process: int | None) -> bool:
    """Whether a process was one of this machine, and lives no more."""
    return host == platform.node() and process is not None and not process_start(process)


def _sign(own: Database, campaign: str, since: float) -> None:
    """Record who holds a campaign, and remove the request to stop that an earlier holder did not live to see."""
    with own.transaction() as connection:
        connection.execute(
            "INSERT INTO campaign.hold (campaign, host, process, held_since) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (campaign) DO UPDATE SET host = excluded.host, process = excluded.process, "
            "held_since = excluded.held_since, stop_by = NULL",
            (campaign, platform.node(), os.getpid(), since),
        )
