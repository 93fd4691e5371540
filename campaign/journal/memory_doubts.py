"""The rows in doubt of a journal in memory; `sqlite.doubts` is its counterpart."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from typing import TYPE_CHECKING

from campaign.journal.doubts import FOUND, DoubtfulRow, SentRow, nearest
from campaign.journal.memory_second_chances import MemorySecondChances
from campaign.journal.records import State, storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.journal.doubts import Settlement, Span
    from campaign.journal.memory_second_chances import MemoryAttempt, MemoryRow, MemoryRun


class MemoryDoubts(MemorySecondChances):
    """The part of a journal in memory that a look-up of rows in doubt reads and writes."""

    def has_doubts(self, run: int) -> bool:
        """Whether any row of a run is in doubt."""
        return any(row.outcome.state is State.IN_DOUBT for row in self._runs[run].rows.values())

    def doubtful_rows(self, run: int, after: int, most: int, timeout: float) -> list[DoubtfulRow]:
        """Rows in doubt in sheet order; see `DoubtStore.doubtful_rows`."""
        rows = self._runs[run].rows
        busy = {row.planned.destination for row in rows.values() if row.outcome.state is State.SENDING}
        lost = _lost(self._runs[run])
        found = [
            _doubtful(seq, row, lost.get(seq, []), self._runs[run].record.created_at, timeout)
            for seq, row in rows.items()
            if seq > after
            and row.outcome.state is State.IN_DOUBT
            and row.planned.body is not None
            and row.planned.destination not in busy
        ]
        return found[:most]

    def sent_rows(self, destinations: Sequence[str], since: float) -> list[SentRow]:
        """Rows that were sent to some conversations; see `DoubtStore.sent_rows`."""
        wanted = frozenset(destinations)
        return [
            row
            for destination, row in self._sent(*self._runs)
            if destination in wanted and (row.at >= since or row.message_id is not None)
        ]

    def rows_around(self, run: int, spans: Sequence[Span]) -> list[SentRow]:
        """Rows whose messages the server has; see `DoubtStore.rows_around`."""
        found: list[SentRow] = []
        for kind in ("", FOUND):
            rows = [row for _, row in self._sent(run) if row.kind == kind]
            rows.sort(key=lambda row: row.at)
            places = nearest(spans, [row.at - (row.latency or 0.0) for row in rows], [row.at for row in rows])
            found += [rows[place] for place in places]
        return sorted(found, key=lambda row: row.seq)

    def _sent(self, *runs: int) -> Iterator[tuple[str, SentRow]]:
        """The rows that count as sent, and their conversations."""
        for number in runs:
            for seq, row in self._runs[number].rows.items():
                planned, (_, kind, _, message_id, _, _, latency) = row.planned, row.outcome
                if row.outcome.state is State.SENT and planned.body is not None and row.at is not None:
                    sent = SentRow(number, seq, planned.body, message_id, row.at, latency, kind)
                    yield planned.destination, sent

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


def _lost(run: MemoryRun) -> dict[int, list[MemoryAttempt]]:
    """The attempts without a conclusive outcome, by row."""
    lost: dict[int, list[MemoryAttempt]] = defaultdict(list)
    for attempt in run.attempts.values():
        if attempt.what == "send" and attempt.result in (None, "unclear"):
            lost[attempt.seq].append(attempt)
    return lost


def _doubtful(
    seq: int, row: MemoryRow, lost: Sequence[MemoryAttempt], created_at: float, timeout: float
) -> DoubtfulRow:
    planned, attempts, else_at = row.planned, row.attempts, row.at or created_at
    return DoubtfulRow(
        seq,
        planned.number,
        planned.destination,
        planned.body or b"",
        attempts,
        len(lost),
        min((each.started_at for each in lost), default=else_at),
        max((each.started_at for each in lost), default=else_at),
        max((each.ended_at or each.started_at + timeout for each in lost), default=None),
        row.looked[1] if row.looked is not None and row.looked[0] == attempts else None,
        row.outcome.reason,
    )
