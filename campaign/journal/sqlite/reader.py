"""Reading a journal file: runs, figures, reasons, results, and the rows that wait for delivery."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from campaign.journal.cells import decode_cells
from campaign.journal.durations import RecordedSpan
from campaign.journal.manifests import decode_manifest, require
from campaign.journal.records import (
    ReasonCount,
    RowResult,
    RunRecord,
    State,
    Tally,
    WaitingRow,
)
from campaign.journal.spans import SPANS, choose_span
from campaign.journal.sqlite.schema import decoding, plain_errors
from campaign.journal.store import MOST_REASONS, PER_REASON

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LARGEST = (1 << 63) - 1
"""The largest number that SQLite stores."""

PAGE = 1000

SUFFIX = ".journal.db"
"""What the name of a journal file ends with."""

# Python's sqlite3 releases the GIL for every row that it fetches, and waits to get it back. So a page comes as one row
# whose lines are the rows of the run; texts are in hexadecimal digits, which contain no blank or line break.
_WAITING_PAGE = """
SELECT group_concat(
    seq || ' ' || row || ' ' || hex(destination) || ' ' || hex(body) || ' ' || state || ' ' || attempts || ' '
    || (kind = 'absent'), char(10)
) FROM (
    SELECT seq, row, destination, body, state, attempts, kind FROM status JOIN message USING (run, seq)
    WHERE run = ? AND seq > ? AND {wanted} AND body IS NOT NULL ORDER BY seq LIMIT ?
)
"""


class JournalReader:
    """The reading half of a journal.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The campaign's name, which that of the file begins with."""
        return self.path.name.removesuffix(SUFFIX)

    @property
    def label(self) -> str:
        """The name of the file."""
        return self.path.name

    def last_run(self) -> RunRecord | None:
        """The newest run; None where there is none."""
        with plain_errors(self.path):
            found = self._connection.execute("SELECT max(run) FROM run").fetchone()[0]
        return None if found is None else self.run(found)

    def run(self, number: int) -> RunRecord | None:
        """A run by its number; None where there is no such run."""
        if number > LARGEST:
            return None
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT facts, secret, planned, created_at, stop_reason FROM run WHERE run = ?", (number,)
            ).fetchone()
        if found is None:
            return None
        facts, secret, planned, created_at, stop_reason = found
        with decoding(self.path):
            require(secret, bytes)
            require(stop_reason, str, type(None))
            return RunRecord(number, decode_manifest(facts), secret, bool(planned), float(created_at), stop_reason)

    def runs(self) -> list[RunRecord]:
        """Every run on record, oldest first."""
        with plain_errors(self.path):
            numbers = self._connection.execute("SELECT run FROM run ORDER BY run").fetchall()
        return [run for (number,) in numbers if (run := self.run(number)) is not None]

    def tally(self, run: int) -> Tally:
        """The figures of a run."""
        with plain_errors(self.path):
            states = self._connection.execute(
                "SELECT state, count(*) FROM status WHERE run = ? GROUP BY state", (run,)
            ).fetchall()
            requests, throttled, last = self._connection.execute(
                "SELECT count(*), coalesce(sum(outcome = 'not_taken'), 0), max(coalesce(ended_at, started_at)) "
                "FROM attempt WHERE run = ?",
                (run,),
            ).fetchone()
            sessions = self._connection.execute(
                "SELECT started_at, ended_at, seconds, coalesce(activity.at, 0), coalesce(waited, 0) "
                "FROM session LEFT JOIN activity USING (session) WHERE session.run = ? ORDER BY session",
                (run,),
            ).fetchall()
        with decoding(self.path):
            delivered = [RecordedSpan(*each) for each in sessions]
            return Tally(
                states={State(state): count for state, count in states},
                requests=requests,
                throttled=throttled,
                seconds=sum(each.seconds(last or 0.0) for each in delivered),
                started_at=delivered[0].started if delivered else None,
                ended_at=delivered[-1].ended_at(last or 0.0) if delivered else None,
                unended=bool(delivered) and delivered[-1].ended is None,
            )

    def reasons(self, run: int) -> list[ReasonCount]:
        """Why rows were not sent, or not deleted; see `JournalStore.reasons`."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT state, kind, reason, row, count, seq FROM ("
                "SELECT *, count(*) OVER alike AS count, row_number() OVER (alike ORDER BY seq) AS place FROM status "
                "WHERE run = ? AND (state NOT IN ('sent', 'pending') OR state = 'sent' AND kind LIKE 'not deleted%') "
                "WINDOW alike AS (PARTITION BY state, kind)"
                ") JOIN message USING (run, seq) WHERE place <= ? "
                "ORDER BY state = 'skipped', count DESC, state, kind, place LIMIT ?",
                (run, PER_REASON, PER_REASON * MOST_REASONS),
            ).fetchall()
        with decoding(self.path):
            groups = [_reason(list(examples)) for _, examples in groupby(found, key=itemgetter(0, 1))]
        return groups[:MOST_REASONS]

    def results(self, run: int, states: Sequence[State] = ()) -> Iterator[RowResult]:
        """Every row of a run in sheet order, or those in some states, a page at a time."""
        wanted = tuple(states) or tuple(State)
        marks = ", ".join("?" for _ in wanted)
        after = 0
        while True:
            with plain_errors(self.path):
                page = self._connection.execute(
                    "SELECT row, cells, state, kind, reason, message_id, http_status, attempts, at, latency, seq, "  # noqa: S608 - only marks
                    "destination, body FROM status JOIN message USING (run, seq) "
                    f"WHERE run = ? AND seq > ? AND state IN ({marks}) ORDER BY seq LIMIT {PAGE}",
                    (run, after, *wanted),
                ).fetchall()
            if not page:
                return
            after = page[-1][10]
            for row in page:
                with decoding(self.path):
                    result = _result(*row)
                yield result

    def sent_by_time(self, run: int) -> tuple[int, list[tuple[float, int]]]:
        """When messages were sent; see `JournalStore.sent_by_time`."""
        counts = ", ".join(f"count(DISTINCT CAST(at / {span} AS INTEGER))" for span in SPANS)
        of_run = "FROM status WHERE run = ? AND state = 'sent' AND at IS NOT NULL"  # settled by hand: nobody knows when
        with plain_errors(self.path):
            query = f"SELECT coalesce(max(at) - min(at), 0), {counts} {of_run}"
            length, *found = self._connection.execute(query, (run,)).fetchone()
            span = choose_span(found, length)
            rows = self._connection.execute(
                f"SELECT CAST(at / ? AS INTEGER) * ? AS began, count(*) {of_run} GROUP BY began ORDER BY began",
                (float(span), float(span), run),
            ).fetchall()
        return span, rows


def _result(row: int, cells: str, state: str, *rest: Any) -> RowResult:  # noqa: ANN401 - as SQLite gives them
    kind, reason, message_id, http_status, attempts, at, latency, _, destination, body = rest
    for value in (kind, reason, destination):
        require(value, str)
    require(body, bytes, type(None))
    require(message_id, str, type(None))
    require(http_status, int, type(None))
    for value in (row, attempts):
        require(value, int)
    for value in (at, latency):
        require(value, float, int, type(None))
    return RowResult(row, decode_cells(cells), State(state), *rest)


def _reason(examples: list[tuple[str, str, str, int, int, int]]) -> ReasonCount:
    state, kind, reason, _, count, seq = examples[0]
    return ReasonCount(State(state), kind, reason, count, tuple(row for _, _, _, row, _, _ in examples), seq)


@dataclass(frozen=True, slots=True)
class WaitingStates:
    """Which rows a delivery takes.

    Attributes:
        states: the states of rows that wait.
        retry: rows in these states are delivered again.
        rows: the numbers of those; (): all.
    """

    states: tuple[State, ...] = (State.PENDING, State.SENDING)
    retry: tuple[State, ...] = ()
    rows: tuple[range, ...] = ()

    def condition(self) -> tuple[str, list[object]]:
        """An SQL condition and its values."""
        if not self.rows:
            states = (*self.states, *self.retry)
            return f"state IN ({', '.join('?' for _ in states)})", list(states)
        waiting, retried = (", ".join("?" for _ in states) for states in (self.states, self.retry))
        numbered = " OR ".join("row BETWEEN ? AND ?" for _ in self.rows)
        bounds = [bound for each in self.rows for bound in (each.start, each.stop - 1)]
        return (
            f"(state IN ({waiting}) OR (state IN ({retried}) AND ({numbered})))",
            [*self.states, *self.retry, *bounds],
        )


def read_waiting(
    connection: sqlite3.Connection, run: int, wanted: WaitingStates, after: int, count: int
) -> list[WaitingRow]:
    """The next rows of a run in some states, in sheet order, read beside a busy event loop.

    Args:
        connection: to the journal.
        run: the run's number.
        wanted: which rows to take.
        after: the place in the run after which to look.
        count: how many at most.

    Raises:
        sqlite3.Error: the journal cannot be read.
    """
    condition, values = wanted.condition()
    query = _WAITING_PAGE.format(wanted=condition)
    (page,) = connection.execute(query, (run, after, *values, count)).fetchone()
    return sorted(map(_waiting_row, page.splitlines())) if page else []


def _waiting_row(line: str) -> WaitingRow:
    seq, row, destination, body, state, attempts, absent = line.split(" ")
    return WaitingRow(
        seq=int(seq),
        row=int(row),
        destination=bytes.fromhex(destination).decode(),
        body=bytes.fromhex(body),
        cut_off=state == State.SENDING,
        attempts=int(attempts),
        doubted=state == State.IN_DOUBT,
        absent=absent == "1",
        failed=state == State.FAILED,
    )
