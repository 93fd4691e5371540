"""What a journal in memory keeps for second chances; `sqlite.second_chances` is its counterpart."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import TYPE_CHECKING

from campaign.journal.cells import decode_cells, encode_cells
from campaign.journal.decisions import (
    ABANDONED,
    DELIVERED,
    SETTLED,
    Acceptance,
    Decision,
    EarlierRow,
    NextMessage,
    StatedQuota,
)
from campaign.journal.records import State, storable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from campaign.findings import Finding
    from campaign.journal.records import Outcome, PlannedRow, RunRecord


@dataclass
class MemoryRow:
    """A planned row and where it is now."""

    planned: PlannedRow
    outcome: Outcome
    at: float | None = None
    attempts: int = 0
    looked: tuple[int, float] | None = None
    """Attempts so far, and when it was first looked for since; None: never, or not absent."""


@dataclass
class MemoryAttempt:
    """An attempt, a read-back, or a look-up, which is no single row's."""

    seq: int
    started_at: float
    ended_at: float | None = None
    result: str | None = None
    what: str = "send"
    http_status: int | None = None
    detail: str = ""


@dataclass
class MemoryRun:
    """A run, its rows and its attempts, by number."""

    record: RunRecord
    rows: dict[int, MemoryRow] = field(default_factory=dict)
    attempts: dict[int, MemoryAttempt] = field(default_factory=dict)
    attempt_numbers: count[int] = field(default_factory=lambda: count(1))
    findings: tuple[Finding, ...] = ()
    accepted: dict[str, Acceptance] = field(default_factory=dict)

    def last_event(self) -> float:
        """When the last attempt on record began or ended; 0.0 where there is none."""
        return max((each.ended_at or each.started_at for each in self.attempts.values()), default=0.0)


class MemorySecondChances:
    """The part of a journal in memory that keeps people from getting a message twice by a second chance."""

    def __init__(self) -> None:
        self._runs: dict[int, MemoryRun] = {}
        self._decisions: list[tuple[int, Decision]] = []
        self._stop_requested: str | None = None
        self._workbooks: dict[bytes, int] = {}
        self._quotas: dict[str, StatedQuota] = {}

    @contextlib.contextmanager
    def delivered_messages(self, runs: Sequence[int]) -> Iterator[Callable[[bytes], EarlierRow | None]]:
        """Looks up messages by digest; see `JournalStore.delivered_messages`."""
        found: dict[bytes | None, EarlierRow] = {}
        for number, row in self._delivered(runs):
            found.setdefault(row.planned.digest, earlier_row(number, row))
        yield found.get

    @contextlib.contextmanager
    def delivered_rows(self, runs: Sequence[int]) -> Iterator[Callable[[tuple[int, int]], EarlierRow | None]]:
        """Looks up rows of first lists, by run and row; see `JournalStore.delivered_rows`."""
        found: dict[tuple[int, int], EarlierRow] = {}
        for number, row in self._delivered(runs):
            found.setdefault(row.planned.origin or (number, row.planned.number), earlier_row(number, row))
        yield found.get

    def _delivered(self, runs: Sequence[int]) -> Iterator[tuple[int, MemoryRow]]:
        for state in DELIVERED:
            for number in runs:
                yield from ((number, row) for row in self._runs[number].rows.values() if row.outcome.state is state)

    def row_states(self, run: int, rows: Sequence[range]) -> list[tuple[int, State]]:
        """The numbers of these rows that a run has, and their states; see `JournalStore.row_states`."""
        return [(row.planned.number, row.outcome.state) for row in self._numbered(run, rows)]

    def leave_unsent(self, run: int, reason: str) -> int:
        """Skip every pending row of a run, which ends it; see `JournalStore.leave_unsent`."""
        self._runs[run].record = replace(self._runs[run].record, stop_reason=None)
        pending = [row for row in self._runs[run].rows.values() if row.outcome.state is State.PENDING]
        for row in pending:
            row.outcome = row.outcome._replace(state=State.SKIPPED, kind=ABANDONED, reason=storable(reason))
        return len(pending)

    def settle(self, run: int, rows: Sequence[range], state: State, reason: str) -> None:
        """Put these rows into a state, as far as they are in doubt."""
        for row in self._numbered(run, rows):
            if row.outcome.state is State.IN_DOUBT:
                row.outcome = row.outcome._replace(state=state, kind=SETTLED, reason=storable(reason))

    def forget(self, run: int) -> None:
        """Delete a run's personal data; see `JournalStore.forget`."""
        found = self._runs[run]
        found.record = replace(found.record, stop_reason=None)
        self._workbooks = {digest: number for digest, number in self._workbooks.items() if number != run}
        found.findings = ()
        for attempt in found.attempts.values():
            attempt.detail = ""
        blank = encode_cells([""] * len(found.record.manifest.headers), (), ())
        for row in found.rows.values():
            row.planned = row.planned._replace(
                destination="", payload=None, problems=(), reason="", texts=(), body=None, cells=blank
            )
            if row.outcome.kind not in (ABANDONED, SETTLED):
                row.outcome = row.outcome._replace(kind="", reason="", message_id=None)

    def record_decision(self, run: int, what: str, by: str, detail: str = "") -> None:
        """Record what an operator decided, and when."""
        self._decisions.append((run, Decision(what, storable(by), time.time(), storable(detail))))

    def decisions(self, run: int) -> list[Decision]:
        """What operators decided about a run, oldest first."""
        return [decision for number, decision in self._decisions if number == run]

    def request_stop(self, by: str) -> None:
        """Ask the holder of the journal to stop."""
        self._stop_requested = self._stop_requested or storable(by)

    def stop_requested(self) -> str | None:
        """Who asked for a stop; None where no one did."""
        return self._stop_requested

    def acknowledge_stop(self) -> None:
        """Remove the request."""
        self._stop_requested = None

    def record_workbook(self, run: int, digest: bytes) -> None:
        """Record the digest of a workbook that is written."""
        self._workbooks[digest] = run

    def wrote_workbook(self, digest: bytes) -> bool:
        """Whether a file with this digest is a workbook as this journal's campaign wrote it."""
        return digest in self._workbooks

    def record_findings(self, run: int, findings: Sequence[Finding]) -> None:
        """Record what was found when a run was planned."""
        self._runs[run].findings = tuple(findings)

    def findings(self, run: int) -> tuple[Finding, ...]:
        """What was found when a run was planned."""
        return self._runs[run].findings

    def accept(self, run: int, codes: Collection[str], by: str) -> None:
        """Record that findings of a run are accepted, by whom and when."""
        for code in codes:
            self._runs[run].accepted.setdefault(code, Acceptance(code, storable(by), time.time()))

    def accepted(self, run: int) -> list[Acceptance]:
        """Which findings of a run were accepted."""
        return sorted(self._runs[run].accepted.values())

    def record_quota(self, server: str, requests: int, seconds: float) -> None:
        """Record the limit that a server states."""
        self._quotas[server] = StatedQuota(requests, seconds, time.time())

    def stated_quota(self, server: str) -> StatedQuota | None:
        """The limit that a server stated last."""
        return self._quotas.get(server)

    def next_messages(self, run: int, states: Collection[State], most: int) -> list[NextMessage]:
        """The first messages of a run whose rows are in these states."""
        rows = (row for row in self._runs[run].rows.values() if row.outcome.state in states)
        return [
            NextMessage(row.number, row.destination, row.body, decode_cells(row.cells))
            for row in islice((each.planned for each in rows if each.planned.body is not None), most)
            if row.body is not None
        ]

    def _numbered(self, run: int, rows: Sequence[range]) -> list[MemoryRow]:
        return [row for row in self._runs[run].rows.values() if any(row.planned.number in each for each in rows)]


def earlier_row(run: int, row: MemoryRow) -> EarlierRow:
    """A row that was delivered, as later runs see it."""
    return EarlierRow(run, row.planned.number, row.outcome.state, row.at)
