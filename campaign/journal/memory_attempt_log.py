"""The record that delivery writes to, in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from campaign.journal.doubts import NO_ROW
from campaign.journal.memory_second_chances import MemoryAttempt
from campaign.journal.records import ABSENT, Outcome, Reservation, State, WaitingRow, storable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.journal.activity import Activity
    from campaign.journal.memory_second_chances import MemoryRun


class MemoryAttemptLog:
    """Records one run's attempts in memory; implements `delivery.ports.AttemptLog`."""

    failed = False

    def __init__(
        self,
        run: MemoryRun,
        wanted: Callable[[int, State], bool],
        check: Callable[[], None],
        record_activity: Callable[[int, Activity], None],
    ) -> None:
        self.record_activity = record_activity
        self._run = run
        self._check = check
        self._wanted = wanted

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def begin(self, seq: int, at: float, what: str = "send") -> int:
        """Record an attempt and return its number; an undo leaves its row as it is."""
        if what == "send":
            return self._begin(seq, at)
        self._check()
        return self._number(MemoryAttempt(seq, at, what=what))

    def reserve(self, rows: Sequence[int], at: float) -> list[Reservation]:
        """Record the first attempts of rows that are about to be sent."""
        durable = asyncio.get_running_loop().create_future()
        durable.set_result(None)
        return [Reservation(seq, self._begin(seq, at), durable) for seq in rows]

    async def begin_reserved(self, reservation: Reservation) -> None:
        """A reserved attempt is on record already."""

    def withdraw(self, reservation: Reservation) -> None:
        """Take back a reserved attempt that was not made."""
        self.retract(reservation.seq, reservation.attempt, State.PENDING)

    def retract(self, seq: int, attempt: int, state: State) -> None:
        """Take back an attempt that was begun and whose request was not made."""
        row = self._run.rows[seq]
        del self._run.attempts[attempt]
        row.attempts -= 1
        row.at, row.outcome = None, row.outcome._replace(state=state)

    def record_outcome(self, seq: int, attempt: int, result: str, outcome: Outcome) -> None:
        """Record the result of an attempt and the row's state from now on."""
        self._end(seq, self._run.attempts[attempt], result, outcome)

    def record_read_back(self, seq: int, began_at: float, result: str, outcome: Outcome) -> None:
        """Record a read-back and the row's state from now on."""
        attempt = self._run.attempts[next(self._run.attempt_numbers)] = MemoryAttempt(seq, began_at, what="read-back")
        self._end(seq, attempt, result, outcome)

    def record_undo(self, seq: int, attempt: int, began_at: float, result: str, outcome: Outcome) -> None:  # noqa: ARG002 - it is on record
        """Record the result of an undo, and what it settles, if its outcome has a kind."""
        made, row = self._run.attempts[attempt], self._run.rows[seq]
        made.ended_at, made.result = outcome.at, result
        if outcome.kind:
            kind, reason = storable(outcome.kind), storable(outcome.reason)
            row.outcome = row.outcome._replace(state=outcome.state, kind=kind, reason=reason)

    def record_look_up(self, began_at: float, result: str, outcome: Outcome) -> None:
        """Record a look-up, which is no single row's."""
        told = (outcome.http_status, storable(outcome.reason))
        attempt = MemoryAttempt(NO_ROW, began_at, outcome.at, result, "look-up", *told)
        self._run.attempts[next(self._run.attempt_numbers)] = attempt

    async def waiting(self, after: int, most: int) -> list[WaitingRow]:
        """The next rows that are pending, were cut off, or are to be retried, in sheet order."""
        found = []
        for seq in range(after + 1, len(self._run.rows) + 1):
            row = self._run.rows[seq]
            state, planned = row.outcome.state, row.planned
            if self._wanted(planned.number, state) and planned.body is not None:
                cut_off, doubted = state is State.SENDING, state is State.IN_DOUBT
                place = (seq, planned.number, planned.destination, planned.body)
                absent, failed = row.outcome.kind == ABSENT, state is State.FAILED
                found.append(WaitingRow(*place, cut_off, row.attempts, doubted, absent, failed))
            if len(found) == most:
                break
        return found

    def _begin(self, seq: int, at: float) -> int:
        self._check()
        row = self._run.rows[seq]
        row.attempts += 1
        row.at, row.outcome = at, row.outcome._replace(state=State.SENDING)
        return self._number(MemoryAttempt(seq, at))

    def _number(self, attempt: MemoryAttempt) -> int:
        number = next(self._run.attempt_numbers)
        self._run.attempts[number] = attempt
        return number

    def _end(self, seq: int, attempt: MemoryAttempt, result: str, outcome: Outcome) -> None:
        row = self._run.rows[seq]
        attempt.ended_at, attempt.result, attempt.http_status = outcome.at, result, outcome.http_status
        attempt.detail = storable(outcome.reason)
        message_id = None if outcome.message_id is None else storable(outcome.message_id)
        row.at = outcome.at
        row.outcome = outcome._replace(
            kind=storable(outcome.kind), reason=storable(outcome.reason), message_id=message_id
        )
