"""Copying a whole journal into a database: one transaction, which contains all of it or nothing."""

from __future__ import annotations

import contextlib
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, LiteralString, NamedTuple

from campaign.errors import JournalError, Problem
from campaign.journal.doubts import NO_ROW
from campaign.journal.postgres.activity import write_activity
from campaign.journal.postgres.hold import NOTICE_DEATH
from campaign.journal.postgres.migrations import VERSION
from campaign.journal.postgres.planned import ANALYZE_FROM, SHARDS, analyze, shard_of
from campaign.journal.postgres.texts import text_of
from campaign.journal.transfer import Transferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from campaign.journal.postgres.database import Connection, Database
    from campaign.journal.transfer import (
        TransferredAttempt,
        TransferredRow,
        TransferredRun,
        TransferredSession,
        TransferSource,
    )

WAIT = 90
"""Seconds for which an import is waited for whose process was killed or cut off: the server notices it sooner."""

_MESSAGES: LiteralString = (
    "COPY campaign.message (run, shard, seq, row, destination, body, cells, identity, key, origin_run, origin_row) "
    "FROM STDIN (FORMAT BINARY)"
)
_MESSAGE_TYPES = ("int8", "int2", "int4", "int4", "text", "bytea", "text", "bytea", "bytea", "int4", "int4")

_STATUSES: LiteralString = (
    "COPY campaign.status (run, shard, seq, state, kind, reason, message_id, http_status, attempts, at, latency, "
    "looked_after, looked_at) FROM STDIN (FORMAT BINARY)"
)
_STATUS_TYPES = (
    "int8", "int2", "int4", "text", "text", "text", "text", "int4", "int4", "float8", "float8", "int4", "float8",
)  # fmt: skip

_ATTEMPTS: LiteralString = (
    "COPY campaign.attempt (run, shard, seq, n, epoch, what, started_at, ended_at, outcome, http_status, detail) "
    "FROM STDIN (FORMAT BINARY)"
)
_ATTEMPT_TYPES = (
    "int8", "int2", "int4", "int8", "int8", "text", "float8", "float8", "text", "int4", "text",
)  # fmt: skip

_RUN: LiteralString = """
INSERT INTO campaign.run (campaign, number, facts, secret, schema, created_at, planned, to_fix, stop_reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING run
"""

_SESSION: LiteralString = """
INSERT INTO campaign.session (run, worker, host, process, started_at, ended_at, seconds, retry, by)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING session
"""

_WORKBOOK: LiteralString = """
INSERT INTO campaign.workbook VALUES (%s, %s, %s, %s)
ON CONFLICT (campaign, digest) DO UPDATE SET run = excluded.run, at = excluded.at
"""

_QUOTA: LiteralString = """
INSERT INTO campaign.server_quota AS known VALUES (%s, %s, %s, %s, %s) ON CONFLICT (campaign, server)
DO UPDATE SET requests = excluded.requests, seconds = excluded.seconds, at = excluded.at WHERE excluded.at >= known.at
"""

_IMPORTED: LiteralString = "INSERT INTO campaign.imported VALUES (%s, %s, %s, %s, %s, %s, %s)"


def _ignore(_rows: int) -> None:
    """Nothing follows how much is copied."""


class ImportRecord(NamedTuple):
    """What a database has on record of an import.

    Attributes:
        campaign: as which campaign the journal is in the database.
        last_attempt: the number of the last attempt that the file had on record.
        copied: how much was copied.
    """

    campaign: str
    last_attempt: int
    copied: Transferred


class JournalImports:
    """The imports of one campaign."""

    def __init__(self, database: Database, campaign: str) -> None:
        self._database = database
        self._campaign = campaign

    @property
    def database_id(self) -> str:
        """Tells the database from all others, by whichever address it is called."""
        (secret,) = self._database.row("SELECT secret FROM campaign.version") or (b"",)
        return blake2b(bytes(secret), digest_size=16, person=b"campaign dbase").hexdigest()

    def find(self, journal_id: str) -> ImportRecord | None:
        """What is on record of a journal's import; None where it is not in the database, and will not be.

        Raises:
            JournalError: the database cannot be reached, or is still about to decide.
        """
        with self._database.transaction() as connection:
            return _serialized(connection, journal_id)

    def contains(self, journal_id: str) -> bool:
        """Whether a journal is in the database as this campaign by now; one that is being imported is not.

        Raises:
            JournalError: the database cannot be read.
        """
        query: LiteralString = "SELECT 1 FROM campaign.imported WHERE campaign = %s AND journal = %s"
        return self._database.row(query, (self._campaign, journal_id)) is not None

    def copy(self, source: TransferSource, by: str, added: Callable[[int], object] = _ignore) -> Transferred:
        """Copy a journal, all or nothing. The caller holds the campaign, and has seen that it has no run.

        Args:
            source: the journal.
            by: the operator, for the record.
            added: is called with numbers of rows that were copied.

        Raises:
            JournalError: nothing is copied; unless the connection was lost at the end: `find` then knows.
        """
        runs = rows = 0
        with self._database.transaction() as connection:
            if (known := _serialized(connection, source.journal_id)) is not None:
                where = f"{self._database.address.shown}, campaign {known.campaign}"
                raise JournalError(Problem(where, "has this journal by now", "repeat the command"))
            for run in source.runs():
                key = self._add_run(connection, run)
                runs += 1
                for batch in source.batches(run.number):
                    _copy_rows(connection, key, batch)
                    rows += len(batch)
                    added(len(batch))
            for server, quota in source.quotas():
                connection.execute(_QUOTA, (self._campaign, text_of(server), *quota))
            values = (source.journal_id, self._campaign, source.last_attempt, runs, rows, text_of(by), time.time())
            connection.execute(_IMPORTED, values)
        return Transferred(runs, rows)

    def renew_statistics(self, copied: Transferred) -> None:
        """Renew the server's statistics after much was copied; without them it is slower, and nothing worse."""
        if copied.rows >= ANALYZE_FROM:
            with contextlib.suppress(JournalError):
                analyze(self._database)

    def _add_run(self, connection: Connection, run: TransferredRun) -> int:
        reason = None if run.stop_reason is None else text_of(run.stop_reason)
        values = (self._campaign, run.number, run.facts, run.secret, VERSION, run.created_at, run.planned, run.to_fix)
        (key,) = connection.execute(_RUN, (*values, reason)).fetchone() or (0,)
        connection.execute(
            "INSERT INTO campaign.shard (run, shard) SELECT %s, generate_series(0, %s)", (key, SHARDS - 1)
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO campaign.finding VALUES (%s, %s, %s)",
                [(key, place, text) for place, text in enumerate(run.findings)],
            )
            cursor.executemany(
                "INSERT INTO campaign.accepted VALUES (%s, %s, %s, %s)",
                [(key, each.code, text_of(each.by), each.at) for each in run.accepted],
            )
            cursor.executemany(
                "INSERT INTO campaign.decision (run, what, by, at, detail) VALUES (%s, %s, %s, %s, %s)",
                [(key, each.what, text_of(each.by), each.at, text_of(each.detail)) for each in run.decisions],
            )
            cursor.executemany(_WORKBOOK, [(self._campaign, digest, key, at) for digest, at in run.workbooks])
        for session in run.sessions:
            _add_session(connection, key, session)
        _copy_attempts(connection, [_attempt(key, 0, NO_ROW, each.number, each) for each in run.look_ups])
        return int(key)


def _serialized(connection: Connection, journal_id: str) -> ImportRecord | None:
    """What is on record of a journal's import, which until the end of the transaction nothing else changes.

    An import that is under way is waited for: that of a process that was killed may still be committed.
    """
    number = blake2b(journal_id.encode(), digest_size=8, person=b"campaign import").digest()
    connection.execute(NOTICE_DEATH)
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{WAIT}s",))
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(number, signed=True),))
    found = connection.execute(
        "SELECT campaign, last_attempt, runs, rows FROM campaign.imported WHERE journal = %s", (journal_id,)
    ).fetchone()
    return None if found is None else ImportRecord(found[0], found[1], Transferred(*found[2:]))


def _add_session(connection: Connection, key: int, session: TransferredSession) -> None:
    host, process, started_at, ended_at, seconds, retry, by, activity = session
    worker = f"{host}:{process}"
    values = (key, text_of(worker), text_of(host), process, started_at, ended_at, seconds, list(retry), text_of(by))
    (number,) = connection.execute(_SESSION, values).fetchone() or (0,)
    if activity is not None:
        write_activity(connection, number, activity)


def _copy_rows(connection: Connection, key: int, batch: Sequence[TransferredRow]) -> None:
    """Copy rows with their attempts."""
    destinations = [text_of(each.destination) for each in batch]
    shards = list(map(shard_of, destinations))
    with connection.cursor() as cursor:
        with cursor.copy(_MESSAGES) as copy:
            copy.set_types(_MESSAGE_TYPES)
            for row, to, shard in zip(batch, destinations, shards, strict=True):
                known = (row.body, row.cells, row.digest, row.key, row.origin_run, row.origin_row)
                copy.write_row((key, shard, row.seq, row.row, to, *known))
        with cursor.copy(_STATUSES) as copy:
            copy.set_types(_STATUS_TYPES)
            for row, shard in zip(batch, shards, strict=True):
                said = (row.state, text_of(row.kind), text_of(row.reason), row.message_id and text_of(row.message_id))
                times = (row.at, row.latency, row.looked_after, row.looked_at)
                copy.write_row((key, shard, row.seq, *said, row.http_status, row.attempts, *times))
    numbered = zip(batch, shards, strict=True)
    _copy_attempts(connection, [made for row, shard in numbered for made in _attempts_of(key, shard, row)])


def _attempts_of(key: int, shard: int, row: TransferredRow) -> Iterable[tuple[object, ...]]:
    """The attempts of a row. Its sends are numbered, so that the last one's number is that of its attempts."""
    n = row.attempts - sum(each.what == "send" for each in row.made)
    for each in row.made:
        n += each.what == "send"
        yield _attempt(key, shard, row.seq, n if each.what == "send" else each.number, each)


def _attempt(key: int, shard: int, seq: int, n: int, made: TransferredAttempt) -> tuple[object, ...]:
    _, what, started_at, ended_at, outcome, http_status, detail = made
    said = outcome and text_of(outcome)
    return (key, shard, seq, n, 0, text_of(what), started_at, ended_at, said, http_status, text_of(detail))


def _copy_attempts(connection: Connection, attempts: Sequence[tuple[object, ...]]) -> None:
    if not attempts:
        return
    with connection.cursor() as cursor, cursor.copy(_ATTEMPTS) as copy:
        copy.set_types(_ATTEMPT_TYPES)
        for each in attempts:
            copy.write_row(each)
