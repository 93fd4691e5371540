"""Reading the journal: runs, figures, reasons, results."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from campaign.journal.database import plain_errors
from campaign.journal.records import ReasonCount, Result, Run, RunFacts, State, Tally, decode_cells

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PAGE = 1000

MOST_REASONS = 50
"""Reasons given at the most: a summary with more of them is none."""


class JournalReader:
    """What can be read of a journal."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def last_run(self) -> Run | None:
        """The newest run; None where there is none."""
        with plain_errors(self.path):
            found = self._connection.execute("SELECT max(run) FROM run").fetchone()[0]
        return None if found is None else self.run(found)

    def run(self, number: int) -> Run | None:
        """A run by its number; None where there is no such run."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT facts, secret, planned, created_at, stop_reason FROM run WHERE run = ?", (number,)
            ).fetchone()
        if found is None:
            return None
        facts = json.loads(found[0])
        facts["headers"] = tuple(facts["headers"])
        return Run(number, RunFacts(**facts), found[1], bool(found[2]), found[3], found[4])

    def runs(self) -> list[Run]:
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
                "SELECT started_at, ended_at FROM session WHERE run = ? ORDER BY session", (run,)
            ).fetchall()
        spans = [(start, end if end is not None else max(start, last or start)) for start, end in sessions]
        return Tally(
            states={State(state): count for state, count in states},
            requests=requests,
            throttled=throttled,
            seconds=sum(max(0.0, end - start) for start, end in spans),
            started_at=spans[0][0] if spans else None,
            ended_at=spans[-1][1] if spans else None,
        )

    def reasons(self, run: int) -> list[ReasonCount]:
        """Why rows did not go out, the commonest first, and last those that were left out on purpose."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT state, kind, reason, row, count FROM ("
                "SELECT *, count(*) OVER alike AS count, row_number() OVER (alike ORDER BY seq) AS place FROM status "
                "WHERE run = ? AND state NOT IN ('sent', 'pending') WINDOW alike AS (PARTITION BY state, kind)"
                ") JOIN message USING (run, seq) WHERE place <= 5 "
                "ORDER BY state = 'skipped', count DESC, state, kind, place LIMIT ?",
                (run, 5 * MOST_REASONS),
            ).fetchall()
        groups = [_reason(list(examples)) for _, examples in groupby(found, key=itemgetter(0, 1))]
        return groups[:MOST_REASONS]

    def results(self, run: int, states: Sequence[State] = ()) -> Iterator[Result]:
        """Every row of a run in sheet order, or those in some states, a page at a time."""
        wanted = tuple(states) or tuple(State)
        marks = ", ".join("?" for _ in wanted)
        after = 0
        while True:
            with plain_errors(self.path):
                page = self._connection.execute(
                    "SELECT seq, row, cells, state, kind, reason, message_id, http_status, attempts, at, latency "  # noqa: S608 - only marks
                    "FROM status JOIN message USING (run, seq) "
                    f"WHERE run = ? AND seq > ? AND state IN ({marks}) ORDER BY seq LIMIT {PAGE}",
                    (run, after, *wanted),
                ).fetchall()
            if not page:
                return
            after = page[-1][0]
            for _, row, cells, state, *rest in page:
                yield Result(row, decode_cells(cells), State(state), *rest)

    def sent_per_minute(self, run: int) -> tuple[int, list[tuple[float, int]]]:
        """When messages were sent, in up to 240 spans of equal length.

        Returns:
            The length of a span in minutes; and for every span with a message in it, its beginning (seconds since the
            epoch) and how many were sent in it.
        """
        spans = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 10080)
        counts = ", ".join(f"count(DISTINCT CAST(at / {60 * span} AS INTEGER))" for span in spans)
        of_run = "FROM status WHERE run = ? AND state = 'sent'"
        with plain_errors(self.path):
            found = self._connection.execute(f"SELECT {counts} {of_run}", (run,)).fetchone()
            span = next((span for span, count in zip(spans, found, strict=True) if count <= 240), spans[-1])
            rows = self._connection.execute(
                f"SELECT CAST(at / ? AS INTEGER) * ? AS began, count(*) {of_run} GROUP BY began ORDER BY began",
                (60 * span, 60 * span, run),
            ).fetchall()
        return span, rows


def _reason(examples: list[tuple[str, str, str, int, int]]) -> ReasonCount:
    state, kind, reason, _, count = examples[0]
    return ReasonCount(State(state), kind, reason, count, tuple(row for _, _, _, row, _ in examples))
