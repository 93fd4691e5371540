"""How the journal of a campaign in a database is: reachable, kept safely, of which version, held."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, LiteralString

from campaign.errors import JournalError, Problem
from campaign.journal.health import JournalHealth
from campaign.journal.postgres.address import parse_address
from campaign.journal.postgres.database import Database
from campaign.journal.postgres.journal import PostgresJournal
from campaign.journal.postgres.migrations import VERSION, version_of
from campaign.journal.postgres.workers import living

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.journal.records import RunRecord

_SETTINGS: LiteralString = """
SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
    has_database_privilege(current_database(), 'CREATE')
"""

SLOW = 0.1
"""Seconds that a question and its answer take from which on each commit, and so each message, waits noticeably."""


def examine(url: str, campaign: str | None) -> JournalHealth:
    """Look at a campaign's journal in a database, or at all that are in it, without changing or holding one.

    Raises:
        JournalError: the address is none.
    """
    address = parse_address(url)
    try:
        with contextlib.closing(Database(address)) as database:
            database.open()
            return _health(database, campaign)
    except JournalError as error:
        return JournalHealth(address.shown, refused=error.problems[0])


def _health(database: Database, campaign: str | None) -> JournalHealth:
    where, version = database.address.shown, version_of(database)
    began = monotonic()
    found = database.row(_SETTINGS)
    took = monotonic() - began
    assert found is not None  # noqa: S101 - it has no condition
    server, fsync, synchronous_commit, may_create = found
    facts: tuple[str, ...] = (
        f"PostgreSQL {server}",
        f"fsync {fsync}",
        f"synchronous_commit {synchronous_commit}",
        "TLS" if database.is_encrypted else "no TLS",
    )
    if (on := database.seen.server) is not None and on.timeline is not None:
        facts = (*facts, f"timeline {int(on.timeline, 16)}")
    doubts = tuple(_doubts(where, took, may_create=may_create or version is not None))
    if version is None:
        return JournalHealth(where, exists=False, doubts=doubts, facts=facts)
    facts = (*facts, f"version {version}")
    if version != VERSION:  # its tables are not those that are read here, until a run has brought them up to date
        return JournalHealth(where, doubts=doubts, facts=facts)
    whole = JournalHealth(where, doubts=doubts, facts=facts)
    return _with_all(whole, database) if campaign is None else _with_one(whole, database, campaign)


def _with_all(health: JournalHealth, database: Database) -> JournalHealth:
    """The runs of all campaigns."""
    (runs,) = database.row("SELECT count(*) FROM campaign.run") or (0,)
    return replace(health, runs=int(runs))


def _with_one(health: JournalHealth, database: Database, campaign: str) -> JournalHealth:
    """The runs of a campaign, and who is at work on them."""
    journal = PostgresJournal(database, campaign)
    runs = journal.runs()
    doubts = (*health.doubts, *_server_changes(journal, runs))
    workers = tuple(dict.fromkeys(each.name for each in living(database, campaign)))
    return replace(health, doubts=doubts, runs=len(runs), holder=journal.holder(), workers=workers)


def _server_changes(journal: PostgresJournal, runs: Sequence[RunRecord]) -> Iterator[Problem]:
    """Why attempts of the last run may be missing, where rows of it are still to be sent."""
    if runs and not journal.tally(runs[-1].number).finished:
        problem = journal.server_change(runs[-1].number)
        if problem is not None:
            yield problem


def _doubts(where: str, took: float, *, may_create: bool) -> Iterator[Problem]:
    if not may_create:
        what = "has no journals yet, and this user may not make their schema"
        yield Problem(where, what, "ask its owner: GRANT CREATE ON DATABASE … TO …")
    if took > SLOW:
        yield Problem(where, f"takes {1000 * took:.0f} ms for an answer", "deliver from a machine near the database")
