"""The rows in doubt of a journal in memory; `sqlite.doubts` is its counterpart."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from campaign.journal.doubts import DoubtfulRow, SentRow
from campaign.journal.memory_second_chances import MemorySecondChances
from campaign.journal.records import State, storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.doubts import Settlement
    from campaign.journal.memory_second_chances import MemoryRow, MemoryRun


class MemoryDoubts(MemorySecondChances):
    """The part of a journal in memory that a look-up of rows in doubt reads and writes."""

    def doubtful_rows(self, run: int, after: int, most: int) -> list[DoubtfulRow]:
        """Rows in doubt in sheet order; see `DoubtStore.doubtful_rows`."""
        rows = self._runs[run].rows
        busy = {row.planned.destination for row in rows.values() if row.outcome.state is State.SENDING}
        began = _began(self._runs[run])
        found = [
            _doubtful(seq, row, began.get(seq, row.at or self._runs[run].record.created_at))
            for seq, row in rows.items()
            if seq > after
            and row.outcome.state is State.IN_DOUBT
            and row.planned.body is not None
            and row.planned.destination not in busy
        ]
        return found[:most]

    def sent_rows(self, run: int, destinations: Sequence[str], since: float, sample: int) -> list[SentRow]:
        """Rows that were sent to some conversations, and the latest of this run's; see `DoubtStore.sent_rows`."""
        wanted = frozenset(destinations)
        sent = [
            (number, row)
            for number, each in self._runs.items()
            for row in each.rows.values()
            if row.outcome.state is State.SENT and row.planned.body is not None and row.at is not None
        ]
        others = [
            row
            for number, row in sent
            if number == run
            and row.planned.destination not in wanted
            and row.outcome.latency is not None
            and not row.outcome.kind
            and (row.at or 0.0) >= since
        ]
        others.sort(key=lambda row: row.at or 0.0, reverse=True)
        there = [
            row
            for _, row in sent
            if row.planned.destination in wanted and ((row.at or 0.0) >= since or row.outcome.message_id is not None)
        ]
        return [_sent(row) for row in [*there, *others[:sample]]]

    def settle_doubts(self, run: int, settlements: Sequence[Settlement], session: int | None = None) -> None:
        """Record what a look-up says of rows in doubt; see `DoubtStore.settle_doubts`."""
        if session is not None:
            self.check_session(session)
        for each in settlements:
            row = self._runs[run].rows[each.seq]
            if row.outcome.state is not State.IN_DOUBT or row.attempts != each.attempts:
                continue
            row.outcome = row.outcome._replace(
                state=each.state,
                kind=row.outcome.kind if each.kind is None else each.kind,
                reason=storable(each.reason),
                message_id=row.outcome.message_id if each.message_id is None else storable(each.message_id),
            )
            row.looked = None if each.looked_at is None else (each.attempts, each.looked_at)

    @abstractmethod
    def check_session(self, session: int) -> None:
        """Check that a session has not ended; see `JournalStore.check_session`."""


def _began(run: MemoryRun) -> dict[int, float]:
    """When the earliest attempt without a conclusive outcome began, by row."""
    began: dict[int, float] = {}
    for attempt in run.attempts.values():
        if attempt.what == "send" and attempt.result in (None, "unclear"):
            began[attempt.seq] = min(attempt.started_at, began.get(attempt.seq, attempt.started_at))
    return began


def _doubtful(seq: int, row: MemoryRow, began: float) -> DoubtfulRow:
    planned, attempts = row.planned, row.attempts
    looked_at = row.looked[1] if row.looked is not None and row.looked[0] == attempts else None
    body = planned.body or b""
    return DoubtfulRow(seq, planned.number, planned.destination, body, attempts, began, looked_at, row.outcome.reason)


def _sent(row: MemoryRow) -> SentRow:
    return SentRow(
        row.planned.body or b"", row.outcome.message_id, row.at or 0.0, row.outcome.latency, not row.outcome.kind
    )
