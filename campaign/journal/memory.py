"""A journal in memory: for notebooks and for tests of code that uses campaign. It survives nothing but its object."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from campaign.delivery.ports import SystemClock
from campaign.errors import JournalBusyError, Problem
from campaign.journal.active_deliveries import end_deliveries
from campaign.journal.activity import Holder
from campaign.journal.attempts import RecordedAttempt
from campaign.journal.cells import decode_cells
from campaign.journal.deletions import NOT_DELETED
from campaign.journal.memory_attempt_log import MemoryAttemptLog
from campaign.journal.memory_second_chances import MemoryRow, MemoryRun
from campaign.journal.memory_selection import MemorySelection
from campaign.journal.memory_status import MemorySession
from campaign.journal.records import (
    CUT_OFF_REASON,
    Outcome,
    PlannedRow,
    ReasonCount,
    RowResult,
    RunManifest,
    RunRecord,
    State,
    Tally,
    storable,
)
from campaign.journal.spans import spread
from campaign.journal.store import MOST_REASONS, PER_REASON

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from campaign.delivery.ports import Clock
    from campaign.journal.active_deliveries import ActiveDelivery


class MemoryJournal(MemorySelection):
    """A campaign's journal in this process's memory; implements `JournalStore`."""

    where = name = label = "memory"
    notes: Sequence[Problem] = ()
    displaced: Problem | None = None

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self._clock = clock or SystemClock()
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
        self.acknowledge_stop()  # a request that an earlier holder did not live to see
        self._holder = Holder(platform.node(), os.getpid(), self._clock.epoch())
        try:
            yield
        finally:
            self._holder = None
            self._lock.release()

    def accept_place(self) -> None:
        """It has no place."""

    def recover(self, run: int) -> None:
        """Treat every row that seems to wait as cut off while sending; see `JournalStore.recover`."""
        retried = {
            state for each in self._sessions if each.run == run and each.ended_at is None for state in each.retry
        }
        for row in self._runs[run].rows.values():
            if row.outcome.state in {State.PENDING, *retried}:
                row.outcome = row.outcome._replace(state=State.SENDING)

    def server_change(self, run: int) -> None:
        """None: it has no server."""

    def attempt_log(
        self,
        run: int,
        retry: Collection[State] = (),
        session: int | None = None,
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> MemoryAttemptLog:
        """The record that delivery writes to; see `JournalStore.attempt_log`."""

        def wanted(number: int, state: State) -> bool:
            return state in waiting or (state in retry and (not rows or any(number in each for each in rows)))

        def check() -> None:
            if session is not None:
                self.check_session(session)

        return MemoryAttemptLog(self._runs[run], wanted, check, self.record_activity)

    def begin_run(self, manifest: RunManifest) -> RunRecord:
        """Start planning a new run."""
        number = max(self._runs, default=0) + 1
        record = RunRecord(
            number, manifest, secrets.token_bytes(32), planned=False, created_at=self._clock.epoch(), stop_reason=None
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

    def begin_session(self, run: int, retry: Collection[State] = (), *, sends: bool = True, by: str = "") -> int:
        """Record that this process delivers a run from now on, and that earlier sessions have ended."""
        for session in self._sessions:
            if session.ended_at is None:
                session.ended_at = max(session.started_at, self._runs[session.run].last_event())
        if sends:
            self._change(run, stop_reason=None)
        started = self._clock.epoch(), self._clock.now()
        self._sessions.append(MemorySession(run, platform.node(), os.getpid(), *started, tuple(retry), storable(by)))
        return len(self._sessions)

    def check_session(self, session: int) -> None:
        """Check that no other session has begun since; see `JournalStore.check_session`."""
        if self._sessions[session - 1].ended_at is not None:
            raise JournalBusyError(Problem(self.where, "another delivery is at work on it", "this one sends no more"))

    def end_session(self, session: int, stop_reason: str | None) -> None:
        """Record that a delivery has ended, and why where it ended early."""
        self.check_session(session)
        ended = self._sessions[session - 1]
        ended.ended_at, ended.seconds = self._clock.epoch(), self._clock.now() - ended.began
        self._change(ended.run, stop_reason=None if stop_reason is None else storable(stop_reason))

    def mark_cut_off_in_doubt(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for servers without a read-back."""
        for row in self._runs[run].rows.values():
            if row.outcome.state is State.SENDING:
                row.outcome = row.outcome._replace(state=State.IN_DOUBT, kind="cut off", reason=CUT_OFF_REASON)

    may_lack = False
    limits = None

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
        return Tally(
            states=Counter(row.outcome.state for row in found.rows.values()),
            requests=len(found.attempts),
            throttled=sum(attempt.result == "not_taken" for attempt in found.attempts.values()),
            seconds=self.delivering(run),
            started_at=sessions[0].started_at if sessions else None,
            ended_at=sessions[-1].ended_at if sessions else None,
            unended=bool(sessions) and sessions[-1].ended_at is None,
        )

    def reasons(self, run: int) -> list[ReasonCount]:
        """Why rows were not sent, or not deleted; see `JournalStore.reasons`."""
        groups: dict[tuple[State, str], list[tuple[int, MemoryRow]]] = {}
        for seq, row in self._runs[run].rows.items():
            state, kind = row.outcome.state, row.outcome.kind
            if state not in (State.SENT, State.PENDING) or (state is State.SENT and kind.startswith(NOT_DELETED)):
                groups.setdefault((row.outcome.state, row.outcome.kind), []).append((seq, row))
        ordered = sorted(groups.items(), key=lambda each: (each[0][0] is State.SKIPPED, -len(each[1]), each[0]))
        found = []
        for (state, kind), rows in ordered[:MOST_REASONS]:
            examples = tuple(row.planned.number for _, row in rows[:PER_REASON])
            seq, first = rows[0]
            found.append(ReasonCount(state, kind, first.outcome.reason, len(rows), examples, seq))
        return found

    def results(self, run: int, states: Sequence[State] = ()) -> Iterator[RowResult]:
        """Every row of a run in sheet order, or those in some states."""
        for seq, row in list(self._runs[run].rows.items()):
            planned, outcome = row.planned, row.outcome
            if not states or outcome.state in states:
                cells = decode_cells(planned.cells)
                yield RowResult(
                    planned.number,
                    cells,
                    *outcome[:5],
                    attempts=row.attempts,
                    at=row.at,
                    latency=outcome.latency,
                    seq=seq,
                    destination=planned.destination,
                    body=planned.body,
                )

    def attempts(self, run: int) -> Iterator[RecordedAttempt]:
        """Every request of a run in the order of its rows; see `AttemptStore.attempts`."""
        for _, each in sorted(self._runs[run].attempts.items(), key=lambda item: (item[1].seq, item[0])):
            told = (each.result, each.http_status, each.detail)
            yield RecordedAttempt(each.seq, each.what, each.started_at, each.ended_at, *told)

    def sent_by_time(self, run: int) -> tuple[int, list[tuple[float, int]]]:
        """When messages were sent; see `JournalStore.sent_by_time`."""
        rows = self._runs[run].rows.values()
        times = [row.at for row in rows if row.outcome.state is State.SENT and row.at is not None]
        seconds = Counter(at // 1 for at in times)
        return spread(sorted(seconds.items()), max(times, default=0.0) - min(times, default=0.0))

    def _change(self, run: int, **changes: object) -> None:
        found = self._runs[run]
        found.record = replace(found.record, **changes)  # type: ignore[arg-type] # names and types are this module's
