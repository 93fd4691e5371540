"""A journal in memory: for notebooks and for tests of code that uses campaign. It survives nothing but its object."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from campaign.errors import JournalBusyError, Problem
from campaign.journal.memory_second_chances import MemoryAttempt, MemoryRow, MemoryRun, MemorySecondChances
from campaign.journal.records import (
    ABSENT,
    CUT_OFF_REASON,
    Outcome,
    PlannedRow,
    ReasonCount,
    Reservation,
    RowResult,
    RunManifest,
    RunRecord,
    State,
    Tally,
    WaitingRow,
    decode_cells,
    storable,
)
from campaign.journal.store import MOST_REASONS, MOST_SPANS, PER_REASON, SPANS, end_deliveries

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from campaign.journal.store import ActiveDelivery


@dataclass
class _Session:
    run: int
    started_at: float
    ended_at: float | None = None


class MemoryJournal(MemorySecondChances):
    """A campaign's journal in this process's memory; implements `JournalStore`."""

    where = "memory"

    def __init__(self) -> None:
        super().__init__()
        self._sessions: list[_Session] = []
        self._lock = threading.Lock()
        self.deliveries: list[ActiveDelivery] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await end_deliveries(self)

    def reopened(self) -> AbstractContextManager[MemoryJournal]:
        """This journal: it is never closed."""
        return contextlib.nullcontext(self)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the journal for planning or delivery; see `JournalStore.exclusive`."""
        if not self._lock.acquire(blocking=False):
            raise JournalBusyError(Problem(self.where, "is being worked on by this process", "wait for it"))
        self.acknowledge_stop()  # a wish that an earlier holder did not live to see
        try:
            yield
        finally:
            self._lock.release()

    def attempt_log(
        self,
        run: int,
        retry: Collection[State] = (),
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> MemoryAttemptLog:
        """The record that delivery writes to; see `JournalStore.attempt_log`."""

        def wanted(number: int, state: State) -> bool:
            return state in waiting or (state in retry and (not rows or any(number in each for each in rows)))

        return MemoryAttemptLog(self._runs[run], wanted)

    def begin_run(self, manifest: RunManifest) -> RunRecord:
        """Start planning a new run."""
        number = max(self._runs, default=0) + 1
        record = RunRecord(
            number, manifest, secrets.token_bytes(32), planned=False, created_at=time.time(), stop_reason=None
        )
        self._runs[number] = MemoryRun(record)
        return record

    def add(self, run: int, first_seq: int, batch: Sequence[PlannedRow]) -> None:
        """Store a batch of a plan; `first_seq` is the place of its first row in the run."""
        for seq, planned in enumerate(batch, start=first_seq):
            outcome = Outcome(planned.state, storable(planned.kind), storable(planned.reason))
            self._runs[run].rows[seq] = MemoryRow(planned, outcome)

    def seal(self, run: int) -> None:
        """Declare a plan complete and confirmed: from now on it may be delivered."""
        self._change(run, planned=True)

    def discard(self, run: int) -> None:
        """Delete a plan of which nothing was sent."""
        del self._runs[run]

    def begin_session(self, run: int) -> int:
        """Record that this process delivers a run from now on, and that earlier sessions have ended."""
        for session in self._sessions:
            if session.ended_at is None:
                session.ended_at = max(session.started_at, self._runs[session.run].last_event())
        self._change(run, stop_reason=None)
        self._sessions.append(_Session(run, time.time()))
        return len(self._sessions)

    def end_session(self, session: int, stop_reason: str | None) -> None:
        """Record that a delivery has ended, and why where it ended early."""
        ended = self._sessions[session - 1]
        ended.ended_at = time.time()
        self._change(ended.run, stop_reason=None if stop_reason is None else storable(stop_reason))

    def mark_cut_off_in_doubt(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for servers without a read-back."""
        for row in self._runs[run].rows.values():
            if row.outcome.state is State.SENDING:
                row.outcome = row.outcome._replace(state=State.IN_DOUBT, kind="cut off", reason=CUT_OFF_REASON)

    def last_run(self) -> RunRecord | None:
        """The newest run; None where there is none."""
        return self.run(max(self._runs, default=0))

    def run(self, number: int) -> RunRecord | None:
        """A run by its number; None where there is no such run."""
        found = self._runs.get(number)
        return found.record if found else None

    def runs(self) -> list[RunRecord]:
        """Every run on record, oldest first."""
        return [run.record for run in self._runs.values()]

    def tally(self, run: int) -> Tally:
        """The figures of a run."""
        found = self._runs[run]
        sessions = [session for session in self._sessions if session.run == run]
        spans = [(each.started_at, each.ended_at or max(each.started_at, found.last_event())) for each in sessions]
        return Tally(
            states=Counter(row.outcome.state for row in found.rows.values()),
            requests=len(found.attempts),
            throttled=sum(attempt.result == "not_taken" for attempt in found.attempts.values()),
            seconds=sum(max(0.0, end - start) for start, end in spans),
            started_at=sessions[0].started_at if sessions else None,
            ended_at=sessions[-1].ended_at if sessions else None,
        )

    def reasons(self, run: int) -> list[ReasonCount]:
        """Why rows were not sent, the most common reason first, and last those skipped on purpose."""
        groups: dict[tuple[State, str], list[MemoryRow]] = {}
        for row in self._runs[run].rows.values():
            if row.outcome.state not in (State.SENT, State.PENDING):
                groups.setdefault((row.outcome.state, row.outcome.kind), []).append(row)
        ordered = sorted(groups.items(), key=lambda each: (each[0][0] is State.SKIPPED, -len(each[1]), each[0]))
        found = []
        for (state, kind), rows in ordered[:MOST_REASONS]:
            examples = tuple(row.planned.number for row in rows[:PER_REASON])
            found.append(ReasonCount(state, kind, rows[0].outcome.reason, len(rows), examples))
        return found

    def results(self, run: int, states: Sequence[State] = ()) -> Iterator[RowResult]:
        """Every row of a run in sheet order, or those in some states."""
        for row in list(self._runs[run].rows.values()):
            number, outcome = row.planned.number, row.outcome
            if not states or outcome.state in states:
                cells = decode_cells(row.planned.cells)
                yield RowResult(number, cells, *outcome[:5], row.attempts, row.at, outcome.latency)

    def sent_per_minute(self, run: int) -> tuple[int, list[tuple[float, int]]]:
        """When messages were sent; see `JournalStore.sent_per_minute`."""
        times = [row.at or 0.0 for row in self._runs[run].rows.values() if row.outcome.state is State.SENT]
        for span in SPANS:
            counts = Counter(float(at // (60 * span) * 60 * span) for at in times)
            if len(counts) <= MOST_SPANS:
                break
        return span, sorted(counts.items())

    def _change(self, run: int, **changes: object) -> None:
        found = self._runs[run]
        found.record = replace(found.record, **changes)  # type: ignore[arg-type] # names and types are this module's


class MemoryAttemptLog:
    """Records one run's attempts in memory; implements `delivery.ports.AttemptLog`."""

    failed = False

    def __init__(self, run: MemoryRun, wanted: Callable[[int, State], bool]) -> None:
        self._run = run
        self._wanted = wanted

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def begin(self, seq: int, at: float) -> int:
        """Record an attempt and return its number."""
        return self._begin(seq, at)

    def reserve(self, rows: Sequence[int], at: float) -> list[Reservation]:
        """Record the first attempts of rows that are about to be sent."""
        durable = asyncio.get_running_loop().create_future()
        durable.set_result(None)
        return [Reservation(seq, self._begin(seq, at), durable) for seq in rows]

    async def begin_reserved(self, reservation: Reservation) -> None:
        """A reserved attempt is on record already."""

    def withdraw(self, reservation: Reservation) -> None:
        """Take back a reserved attempt that was not made."""
        row = self._run.rows[reservation.seq]
        del self._run.attempts[reservation.attempt]
        row.attempts -= 1
        row.at, row.outcome = None, row.outcome._replace(state=State.PENDING)

    def record_outcome(self, seq: int, attempt: int, result: str, outcome: Outcome) -> None:
        """Record the result of an attempt and the row's state from now on."""
        self._end(seq, self._run.attempts[attempt], result, outcome)

    def record_read_back(self, seq: int, began_at: float, result: str, outcome: Outcome) -> None:
        """Record a read-back and the row's state from now on."""
        attempt = self._run.attempts[next(self._run.attempt_numbers)] = MemoryAttempt(seq, began_at)
        self._end(seq, attempt, result, outcome)

    async def waiting(self, after: int, most: int) -> list[WaitingRow]:
        """The next rows that are pending, were cut off, or are to be retried, in sheet order."""
        found = []
        for seq in range(after + 1, len(self._run.rows) + 1):
            row = self._run.rows[seq]
            state, planned = row.outcome.state, row.planned
            if self._wanted(planned.number, state) and planned.body is not None:
                cut_off, doubted = state is State.SENDING, state is State.IN_DOUBT
                place = (seq, planned.number, planned.destination, planned.body)
                absent = row.outcome.kind == ABSENT
                found.append(WaitingRow(*place, cut_off, row.attempts, doubted, absent))
            if len(found) == most:
                break
        return found

    def _begin(self, seq: int, at: float) -> int:
        row, number = self._run.rows[seq], next(self._run.attempt_numbers)
        self._run.attempts[number] = MemoryAttempt(seq, at)
        row.attempts += 1
        row.at, row.outcome = at, row.outcome._replace(state=State.SENDING)
        return number

    def _end(self, seq: int, attempt: MemoryAttempt, result: str, outcome: Outcome) -> None:
        row = self._run.rows[seq]
        attempt.ended_at, attempt.result = outcome.at, result
        message_id = None if outcome.message_id is None else storable(outcome.message_id)
        row.at = outcome.at
        row.outcome = outcome._replace(
            kind=storable(outcome.kind), reason=storable(outcome.reason), message_id=message_id
        )
