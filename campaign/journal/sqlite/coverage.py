"""How much of a list has its messages over all runs, in SQL: rows of different runs are compared by their identity.

Reading must be quick beside a delivery. A run that is alone takes one look at the states of its rows; where there are
others, the identities of the rows that this run has not sent are sought among those that the others have.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from campaign.journal.activity import Coverage, runs_of_one_key
from campaign.journal.decisions import ALREADY_IN_DOUBT, ALREADY_SENT, DUPLICATE, SAME_KEY, named_earlier_row
from campaign.journal.digests import digest_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from campaign.journal.records import RunManifest

IDENTITY = (
    "coalesce(digest.digest, (SELECT digest_of(body) FROM message "
    "WHERE message.run = status.run AND message.seq = status.seq))"
)
"""What two rows have in common that are the same from run to run; an older journal has no digests."""

KEY = "(SELECT key FROM row_key WHERE row_key.run = status.run AND row_key.seq = status.seq)"
"""The same, where the campaign names a key, among runs that had this one."""

_ROWS = "FROM status LEFT JOIN digest USING (run, seq)"

_RANK = "CASE state WHEN 'sent' THEN 2 WHEN 'in_doubt' THEN 1 ELSE 0 END"
"""What is known of a row's message: 2: it was sent, 1: it may have been, 0: it was not."""

_DELIVERED = "state IN ('sent', 'in_doubt')"

_SENT = f"(state = 'sent' OR (kind = '{ALREADY_SENT}' AND seq NOT IN (SELECT seq FROM taken_back)))"  # noqa: S608
"""Rows of which their own run says that they were sent, or that an earlier run has sent them, which was not undone."""

_OPEN = f"state <> 'invalid' AND NOT {_SENT}"
"""Rows whose own run does not say that they were sent, and that have a message."""


def read_coverage(connection: sqlite3.Connection, manifests: Mapping[int, RunManifest]) -> Coverage:
    """How much of the latest list has its messages; see `JournalStore.coverage`.

    Args:
        connection: to the journal; nothing but its temporary tables is written to.
        manifests: of the runs that count, at least one, by their numbers.

    Raises:
        sqlite3.Error: the journal cannot be read.
    """
    connection.create_function("digest_of", 1, digest_of, deterministic=True)
    runs = list(manifests)
    run = _latest_list(connection, runs)
    keyed = runs_of_one_key(manifests, run)
    others = [number for number in sorted(runs, reverse=True) if number != run and _has(connection, number, _DELIVERED)]
    sent, in_doubt, rows, alike, looked_up, skipped = connection.execute(
        f"SELECT coalesce(sum(state = 'sent' OR kind = '{ALREADY_SENT}'), 0), coalesce(sum(state = 'in_doubt'), 0), "  # noqa: S608 - our own names
        f"count(*), coalesce(sum(kind IN ('{DUPLICATE}', '{SAME_KEY}')), 0), "
        f"coalesce(sum(kind = '{ALREADY_IN_DOUBT}'), 0), "
        f"coalesce(sum(kind = '{ALREADY_SENT}'), 0) "
        "FROM status WHERE run = ?",
        (run,),
    ).fetchone()
    undone = [number for number in runs if number != run and _has(connection, number, "state = 'deleted'")]
    if not others and not alike and not looked_up and not (skipped and undone):
        return Coverage(run, rows, sent, in_doubt)
    with _temporary_tables(connection):
        if skipped and undone:
            _find_taken_back(connection, run, undone)
        _seek(connection, run, others, keyed)
        return Coverage(run, rows, *_count(connection, run, keyed=bool(keyed)))


def _latest_list(connection: sqlite3.Connection, runs: Sequence[int]) -> int:
    for number in sorted(runs, reverse=True):
        if connection.execute("SELECT 1 FROM origin WHERE run = ? LIMIT 1", (number,)).fetchone() is None:
            return number
    return max(runs)


def _has(connection: sqlite3.Connection, run: int, condition: str) -> bool:
    query = f"SELECT 1 FROM status WHERE run = ? AND {condition} LIMIT 1"  # noqa: S608
    return connection.execute(query, (run,)).fetchone() is not None


@contextlib.contextmanager
def _temporary_tables(connection: sqlite3.Connection) -> Iterator[None]:
    """What is sought and how it was found: by identity, and by row of the list for lines of a sheet To fix.

    Beside them, rows that were skipped because an earlier run had sent them, and whose message was deleted since.
    """
    connection.execute("CREATE TEMP TABLE sought (identity BLOB PRIMARY KEY, rank INTEGER NOT NULL) WITHOUT ROWID")
    connection.execute("CREATE TEMP TABLE fixed (row INTEGER PRIMARY KEY, rank INTEGER NOT NULL)")
    connection.execute("CREATE TEMP TABLE taken_back (seq INTEGER PRIMARY KEY)")
    try:
        yield
    finally:
        for table in ("sought", "fixed", "taken_back"):
            connection.execute(f"DROP TABLE temp.{table}")


def _find_taken_back(connection: sqlite3.Connection, run: int, undone: Sequence[int]) -> None:
    deleted = set[tuple[int, int]]()
    for number in undone:
        query = "SELECT row FROM status JOIN message USING (run, seq) WHERE run = ? AND state = 'deleted'"
        deleted.update((number, row) for (row,) in connection.execute(query, (number,)))
    skipped = connection.execute("SELECT seq, reason FROM status WHERE run = ? AND kind = ?", (run, ALREADY_SENT))
    found = [(seq,) for seq, reason in skipped if named_earlier_row(reason) in deleted]
    connection.executemany("INSERT INTO taken_back VALUES (?)", found)


def _seek(connection: sqlite3.Connection, run: int, others: Sequence[int], keyed: Collection[int]) -> None:
    # In order, which is fast for a million; a duplicate has its message from an earlier row of its own run.
    of_interest = _OPEN if others else f"{_OPEN} AND state = 'skipped'"
    for identity in (IDENTITY, KEY) if keyed else (IDENTITY,):
        connection.execute(
            f"INSERT OR IGNORE INTO sought SELECT identity, 0 FROM (SELECT {identity} AS identity {_ROWS} "  # noqa: S608
            f"WHERE run = ? AND {of_interest}) WHERE identity IS NOT NULL ORDER BY identity",
            (run,),
        )
    for number in (run, *others):
        if not connection.execute("SELECT 1 FROM sought WHERE rank < 2 LIMIT 1").fetchone():
            break
        identity = f"coalesce({KEY}, {IDENTITY})" if number in keyed else IDENTITY
        connection.execute(
            f"INSERT INTO sought SELECT identity, max(rank) FROM (SELECT {identity} AS identity, {_RANK} AS rank "  # noqa: S608
            f"{_ROWS} WHERE run = ? AND {_DELIVERED}) WHERE identity IN (SELECT identity FROM sought) "
            "GROUP BY identity ON CONFLICT (identity) DO UPDATE SET rank = max(rank, excluded.rank)",
            (number,),
        )
    for number in others:
        connection.execute(
            f"INSERT INTO fixed SELECT origin_row, max({_RANK}) FROM origin JOIN status USING (run, seq) "  # noqa: S608
            f"WHERE run = ? AND origin_run = ? AND {_DELIVERED} "
            "GROUP BY origin_row ON CONFLICT (row) DO UPDATE SET rank = max(rank, excluded.rank)",
            (number, run),
        )


def _count(connection: sqlite3.Connection, run: int, *, keyed: bool) -> tuple[int, int]:
    """How many rows of a run were sent, and may have been, as far as the temporary tables know."""
    by_row = "0"
    if connection.execute("SELECT 1 FROM fixed LIMIT 1").fetchone():
        by_row = (
            "coalesce((SELECT rank FROM message CROSS JOIN fixed USING (row) "
            "WHERE message.run = status.run AND message.seq = status.seq), 0)"
        )
    found = dict(
        connection.execute(
            f"SELECT CASE WHEN {_SENT} THEN 2 ELSE max({_RANK}, {by_row}, "
            f"CASE state WHEN 'invalid' THEN 0 ELSE max({_known(IDENTITY)}, {_known(KEY) if keyed else 0}) "
            f"END) END AS known, count(*) {_ROWS} WHERE run = ? GROUP BY known",
            (run,),
        ).fetchall()
    )
    return found.get(2, 0), found.get(1, 0)


def _known(identity: str) -> str:
    return f"coalesce((SELECT rank FROM sought WHERE identity = {identity}), 0)"  # noqa: S608
