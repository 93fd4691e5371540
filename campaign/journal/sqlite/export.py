"""Reading a whole journal file for another store, as it was at one moment and in bounded memory."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from campaign.journal.activity import Activity
from campaign.journal.decisions import StatedQuota
from campaign.journal.digests import digest_of
from campaign.journal.doubts import NO_ROW
from campaign.journal.manifests import decode_manifest, require
from campaign.journal.records import State
from campaign.journal.sqlite.place import last_attempt, read_place
from campaign.journal.sqlite.schema import damaged, decoding, plain_errors
from campaign.journal.transfer import TransferredAttempt, TransferredRow, TransferredRun, TransferredSession

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.journal.sqlite.second_chances import SecondChances

BATCH = 2000
"""Rows at a time: some megabytes."""

LARGEST = (1 << 31) - 1
"""The largest number of a place, a row or a count that other stores keep."""

_RUNS = """
SELECT run, facts, secret, created_at, planned, stop_reason, EXISTS (SELECT 1 FROM origin WHERE origin.run = run.run),
    (SELECT count(*) FROM message WHERE message.run = run.run),
    (SELECT count(*) FROM status WHERE status.run = run.run)
FROM run ORDER BY run
"""

_ROWS = """
SELECT message.seq, row, destination, body, cells, digest, row_key.key, origin_run, origin_row, state, kind, reason,
    message_id, http_status, attempts, at, latency, attempts_then, looked_at
FROM message JOIN status USING (run, seq) LEFT JOIN digest USING (run, seq) LEFT JOIN row_key USING (run, seq)
LEFT JOIN origin USING (run, seq) LEFT JOIN looked USING (run, seq)
WHERE message.run = ? ORDER BY message.seq
"""

_ATTEMPTS = """
SELECT seq, attempt, what, started_at, ended_at, outcome, http_status, coalesce(detail, '') FROM attempt
"""
_OF_ROWS = f"{_ATTEMPTS} WHERE run = ? AND seq <> {NO_ROW} ORDER BY seq, attempt"
_LOOK_UPS = f"{_ATTEMPTS} WHERE run = ? AND seq = {NO_ROW} ORDER BY attempt"

_FINDINGS = "SELECT finding FROM finding WHERE run = ? ORDER BY place"

_SESSIONS = """
SELECT host, process, started_at, ended_at, seconds, retry, by, rate, eta_seconds, waiting_for, until, at, stopping,
    waited
FROM session LEFT JOIN activity USING (session) WHERE run = ? ORDER BY session
"""


class JournalExport:
    """A journal file as it is copied; implements `TransferSource`. Made by `exported`.

    Attributes:
        journal_id: see `TransferSource`.
        last_attempt: likewise.
    """

    def __init__(self, journal: SecondChances, connection: sqlite3.Connection) -> None:
        self._journal = journal
        self._path = journal.path
        self._connection = connection
        with plain_errors(self._path):
            self.journal_id = id_of(self._path, connection)
            self.last_attempt = last_attempt(connection)

    def runs(self) -> Iterator[TransferredRun]:
        """The runs, oldest first; see `TransferSource.runs`."""
        for *facts, messages, statuses in self._read(_RUNS):
            if messages != statuses:
                raise damaged(self._path, f"run {facts[0]} has {messages} messages and {statuses} states")
            with decoding(self._path):
                yield self._run(*facts)

    def _run(self, number: int, facts: str, secret: bytes, *rest: Any) -> TransferredRun:  # noqa: ANN401 - as SQLite gives them
        created_at, planned, stop_reason, to_fix = rest
        decode_manifest(facts)
        require(secret, bytes)
        require(created_at, float)
        require(stop_reason, str, type(None))
        return TransferredRun(
            _small(number),
            facts,
            secret,
            created_at,
            bool(planned),
            stop_reason,
            bool(to_fix),
            findings=[text for (text,) in self._read(_FINDINGS, number)],
            accepted=self._journal.accepted(number),
            decisions=self._journal.decisions(number),
            sessions=[_session(*each) for each in self._read(_SESSIONS, number)],
            workbooks=list(self._read("SELECT digest, at FROM workbook WHERE run = ? ORDER BY at", number)),
            look_ups=[_attempt(*each) for _, *each in self._read(_LOOK_UPS, number)],
        )

    def batches(self, run: int) -> Iterator[list[TransferredRow]]:
        """The rows of a run with their attempts; see `TransferSource.batches`."""
        attempts = self._read(_OF_ROWS, run)
        coming = next(attempts, None)
        batch: list[TransferredRow] = []
        for row in self._read(_ROWS, run):
            made = []
            while coming is not None and coming[0] == row[0]:
                made.append(coming[1:])
                coming = next(attempts, None)
            with decoding(self._path):
                batch.append(_row(row, made))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if coming is not None:
            raise damaged(self._path, f"run {run} has attempts of row {coming[0]}, which it has not")
        if batch:
            yield batch

    def quotas(self) -> list[tuple[str, StatedQuota]]:
        """The limits that servers stated last; see `TransferSource.quotas`."""
        found = self._read("SELECT server, requests, seconds, at FROM server_quota ORDER BY server")
        return [(server, StatedQuota(*quota)) for server, *quota in found]

    def _read(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, some at a time."""
        with plain_errors(self._path):
            cursor = self._connection.execute(query, values)
        while True:
            with plain_errors(self._path):
                page = cursor.fetchmany(BATCH)
            if not page:
                return
            yield from page


@contextlib.contextmanager
def exported(journal: SecondChances, connection: sqlite3.Connection) -> Iterator[JournalExport]:
    """A journal file as it is now; what is written to it meanwhile is not seen.

    Raises:
        JournalError: it is damaged, or cannot be read.
    """
    with plain_errors(journal.path):
        said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if said != "ok":
            raise damaged(journal.path, said.splitlines()[-1])
        connection.execute("BEGIN")
    try:
        yield JournalExport(journal, connection)
    finally:
        with plain_errors(journal.path):
            connection.execute("ROLLBACK")


def id_of(path: Path, connection: sqlite3.Connection) -> str:
    """The id of a journal, which a copy of its file has too.

    Raises:
        JournalError: it has none.
        sqlite3.Error: it cannot be read.
    """
    place = read_place(connection)
    if place is None:
        raise damaged(path, "its place is not on record")
    return place.journal


def _row(row: tuple[Any, ...], made: list[tuple[Any, ...]]) -> TransferredRow:
    found = TransferredRow._make((*row, tuple([_attempt(*each) for each in made])))
    State(found.state)
    for text in (found.destination, found.cells, found.state, found.kind, found.reason):
        require(text, str)
    for number in (found.seq, found.row, found.attempts):
        _small(number)
    for known in (found.http_status, found.origin_run, found.origin_row, found.looked_after):
        if known is not None:
            _small(known)
    require(found.message_id, str, type(None))
    for stored in (found.body, found.digest, found.key):
        require(stored, bytes, type(None))
    for time in (found.at, found.latency, found.looked_at):
        require(time, float, type(None))
    return found if found.digest is not None else found._replace(digest=digest_of(found.body))


def _attempt(number: int, what: str, *rest: Any) -> TransferredAttempt:  # noqa: ANN401 - as SQLite gives them
    started_at, ended_at, outcome, http_status, detail = rest
    require(number, int)
    require(started_at, float)
    require(ended_at, float, type(None))
    require(outcome, str, type(None))
    if http_status is not None:
        _small(http_status)
    for text in (what, detail):
        require(text, str)
    return TransferredAttempt(number, what, started_at, ended_at, outcome, http_status, detail)


def _session(host: str, process: int, started_at: float, *rest: Any) -> TransferredSession:  # noqa: ANN401 - likewise
    ended_at, seconds, retry, by, *doing = rest
    activity = None if doing[4] is None else Activity(*doing)
    return TransferredSession(host, process, started_at, ended_at, seconds, tuple(retry.split()), by, activity)


def _small(number: int) -> int:
    """A number that every store can keep.

    Raises:
        ValueError: it is too large.
        TypeError: it is none.
    """
    require(number, int)
    if not -LARGEST <= number <= LARGEST:
        raise ValueError(f"{number} is too large")
    return number
