"""Who holds a campaign for planning or delivery: an advisory lock, which the server releases when its holder dies."""

from __future__ import annotations

import contextlib
import os
import platform
from hashlib import blake2b
from typing import TYPE_CHECKING, LiteralString

from campaign.errors import JournalBusyError, JournalError, Problem
from campaign.journal.activity import Holder

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


def lock_of(campaign: str) -> int:
    """The number of a campaign's lock."""
    return int.from_bytes(blake2b(campaign.encode(), digest_size=8, person=b"campaign hold").digest(), signed=True)


@contextlib.contextmanager
def held(database: Database, others: Connections, campaign: str, since: float) -> Iterator[None]:
    """Hold a campaign, over a connection of its own.

    Args:
        database: the database.
        others: further connections to it.
        campaign: the campaign's name.
        since: now, in seconds since the epoch.

    Raises:
        JournalBusyError: it is held already, by this or another process; says by which.
        JournalError: the database cannot be reached.
    """
    own = others.take()
    try:
        if own.row("SELECT pg_try_advisory_lock(%s)", (lock_of(campaign),)) != (True,):
            raise _busy(database, campaign)
        with own.transaction() as connection:
            connection.execute(
                "INSERT INTO campaign.hold (campaign, host, process, held_since) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT (campaign) DO UPDATE SET host = excluded.host, process = excluded.process, "
                "held_since = excluded.held_since, stop_by = NULL",  # a request that an earlier holder did not see
                (campaign, platform.node(), os.getpid(), since),
            )
        yield
    finally:
        with contextlib.suppress(JournalError), own.transaction() as connection:
            connection.execute("SELECT pg_advisory_unlock(%s)", (lock_of(campaign),))
        others.give_back(own)


def _busy(database: Database, campaign: str) -> JournalBusyError:
    query: LiteralString = "SELECT host, process, held_since FROM campaign.hold WHERE campaign = %s"
    found = database.row(query, (campaign,))
    holder = "another process" if found is None or found[0] is None else Holder(*found).name
    where = f"{database.address.shown}, campaign {campaign}"
    return JournalBusyError(Problem(where, f"is being worked on by {holder}", "wait for it, or stop it first"))
