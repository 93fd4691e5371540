"""The journal: every run, every message and what became of it. The one source of truth."""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from campaign.journal.database import connect, create, plain_errors, transaction
from campaign.journal.records import (
    ReasonCount,
    Result,
    Run,
    RunFacts,
    State,
    Tally,
    decode_cells,
    storable,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from campaign.journal.records import PlannedMessage

PAGE = 1000

MOST_REASONS = 50
"""Reasons given at the most: a summary with more of them is none."""


class Journal:
    """One campaign's journal. Made by `open` and `open_or_create`; closed by `with`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open a journal that is there.

        Raises:
            JournalError: it is damaged, from a newer version, or cannot be read.
        """
        return cls(path, connect(path))

    @classmethod
    def open_or_create(cls, path: Path) -> Journal:
        """Open a journal, or make a new one.

        Raises:
            JournalError: it is damaged, from a newer version, or the folder cannot be written.
        """
        return cls(path, connect(path) if path.exists() else create(path))

    def __enter__(self) -> Self:
        """Use for a while."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._connection.close()

    # Runs

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

    def begin_run(self, facts: RunFacts) -> Run:
        """Start planning a new run."""
        last = self.last_run()
        run = last.number + 1 if last else 1
        secret, now = secrets.token_bytes(32), time.time()
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "INSERT INTO run (run, facts, secret, created_at) VALUES (?, ?, ?, ?)",
                (run, json.dumps(asdict(facts)), secret, now),
            )
        return Run(run, facts, secret, planned=False, created_at=now, stop_reason=None)

    def add(self, run: int, first_seq: int, batch: Sequence[PlannedMessage]) -> None:
        """Write a batch of a plan."""
        messages = [
            (run, seq, each.row, each.destination, each.body, each.cells)
            for seq, each in enumerate(batch, start=first_seq)
        ]
        statuses = [
            (run, seq, each.state, storable(each.kind), storable(each.reason))
            for seq, each in enumerate(batch, start=first_seq)
        ]
        with plain_errors(self.path), transaction(self._connection):
            self._connection.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", messages)
            self._connection.executemany(
                "INSERT INTO status (run, seq, state, kind, reason) VALUES (?, ?, ?, ?, ?)", statuses
            )

    def seal(self, run: int) -> None:
        """Declare a plan whole and agreed to: from now on it may be delivered."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("UPDATE run SET planned = 1 WHERE run = ?", (run,))

    def discard(self, run: int) -> None:
        """Take back a plan of which nothing was sent."""
        with plain_errors(self.path), transaction(self._connection):
            for table in ("message", "status", "run"):
                self._connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - our own names

    # Delivery's beginning and end; what lies between is the Recorder's

    def begin_session(self, run: int) -> int:
        """Put on record that this process delivers a run from now on, and that those before it do so no more."""
        with plain_errors(self.path), transaction(self._connection):
            # A session that was cut off lasted at least until the last attempt on record.
            self._connection.execute(
                "UPDATE session SET ended_at = max(started_at, coalesce((SELECT max(coalesce(ended_at, started_at)) "
                "FROM attempt WHERE attempt.run = session.run), 0)) WHERE ended_at IS NULL"
            )
            self._connection.execute("UPDATE run SET stop_reason = NULL WHERE run = ?", (run,))
            cursor = self._connection.execute(
                "INSERT INTO session (run, host, process, started_at) VALUES (?, ?, ?, ?)",
                (run, platform.node(), os.getpid(), time.time()),
            )
        return int(cursor.lastrowid or 0)

    def end_session(self, session: int, stop_reason: str | None) -> None:
        """Put on record that the delivery has ended, and why, where it ended early."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("UPDATE session SET ended_at = ? WHERE session = ?", (time.time(), session))
            self._connection.execute(
                "UPDATE run SET stop_reason = ? WHERE run = (SELECT run FROM session WHERE session = ?)",
                (stop_reason, session),
            )

    def doubt_cut_off(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for channels that cannot be asked."""
        reason = "cut off while sending: the server may have taken the message"
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "UPDATE status SET state = ?, kind = 'cut off', reason = ? WHERE run = ? AND state = ?",
                (State.IN_DOUBT, reason, run, State.SENDING),
            )

    def retry(self, run: int, states: Iterable[State]) -> None:
        """Send rows in these states once more, on the operator's word."""
        marks = [(State.PENDING, run, state) for state in states]
        with plain_errors(self.path), transaction(self._connection):
            self._connection.executemany("UPDATE status SET state = ? WHERE run = ? AND state = ?", marks)

    # Review

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
        """Why rows did not go out, the commonest first."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT state, kind, reason, row, count FROM ("
                "SELECT *, count(*) OVER alike AS count, row_number() OVER (alike ORDER BY seq) AS place FROM status "
                "WHERE run = ? AND state NOT IN ('sent', 'pending') WINDOW alike AS (PARTITION BY state, kind)"
                ") JOIN message USING (run, seq) WHERE place <= 5 ORDER BY count DESC, state, kind, place",
                (run,),
            ).fetchall()
        return [_reason(list(examples)) for _, examples in groupby(found, key=itemgetter(0, 1))]

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
