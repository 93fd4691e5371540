"""How a batch of a plan is stored: copied, which is an order of magnitude faster than inserted."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, LiteralString

from campaign.journal.digests import digest_of
from campaign.journal.postgres.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.postgres.database import Connection, Database
    from campaign.journal.records import PlannedRow

SHARDS = 256
"""Shards of a run. A delivery holds some or all of them: how many one job takes is decided when the plan is sealed."""

ANALYZE_FROM = 10_000
"""Rows of a plan from which on the server's statistics are renewed: it plans its queries by them."""

_MESSAGES: LiteralString = (
    "COPY campaign.message (run, shard, seq, row, destination, body, cells, identity, key, origin_run, origin_row) "
    "FROM STDIN (FORMAT BINARY)"
)
_MESSAGE_TYPES = ("int8", "int2", "int4", "int4", "text", "bytea", "text", "bytea", "bytea", "int4", "int4")

_STATUSES: LiteralString = "COPY campaign.status (run, shard, seq, state, kind, reason) FROM STDIN (FORMAT BINARY)"
_STATUS_TYPES = ("int8", "int2", "int4", "text", "text", "text")


def analyze(database: Database) -> None:
    """Renew the server's statistics on the tables that a plan was copied into."""
    with database.transaction() as connection:
        connection.execute("ANALYZE campaign.message, campaign.status")


def shard_of(destination: str) -> int:
    """The shard of a destination: its rows are sent in their order, so they are all in one."""
    return sha256(destination.encode()).digest()[-1]


def copy_rows(connection: Connection, run: int, first_seq: int, batch: Sequence[PlannedRow]) -> None:
    """Store a batch of a plan, within the caller's transaction.

    Args:
        connection: to the database.
        run: the run's key.
        first_seq: the place of its first row in the run.
        batch: the rows.

    Raises:
        psycopg.Error: nothing is stored.
    """
    destinations = [text_of(each.destination) for each in batch]
    shards = list(map(shard_of, destinations))
    with connection.cursor() as cursor:
        with cursor.copy(_MESSAGES) as copy:
            copy.set_types(_MESSAGE_TYPES)
            for seq, (row, to, shard) in enumerate(zip(batch, destinations, shards, strict=True), start=first_seq):
                identity = row.digest if row.digest is not None else digest_of(row.body)
                key = row.key if row.digest is not None else None
                known = (row.body, row.cells, identity, key, *(row.origin or (None, None)))
                copy.write_row((run, shard, seq, row.number, to, *known))
        with cursor.copy(_STATUSES) as copy:
            copy.set_types(_STATUS_TYPES)
            for seq, (row, shard) in enumerate(zip(batch, shards, strict=True), start=first_seq):
                why = (text_of(row.kind), text_of(row.reason)) if row.kind or row.reason else ("", "")
                copy.write_row((run, shard, seq, row.state.value, *why))
