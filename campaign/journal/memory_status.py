"""What a journal in memory tells of its runs; `sqlite.status` is its counterpart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.journal.activity import Activity, Coverage, Holder, SessionRecord, runs_of_one_key
from campaign.journal.decisions import ALREADY_IN_DOUBT, ALREADY_SENT, named_earlier_row
from campaign.journal.digests import digest_of
from campaign.journal.gate import NOT_SENT, FirstRows
from campaign.journal.memory_doubts import MemoryDoubts
from campaign.journal.records import State, storable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.memory_second_chances import MemoryRow, MemoryRun

RANKS = {State.SENT: 2, State.IN_DOUBT: 1}
"""What is known of a row's message: 2: it was sent, 1: it may have been, 0: it was not."""


@dataclass
class MemorySession:
    """A delivery. Times in seconds, `began` and `seconds` by the monotonic clock."""

    run: int
    host: str
    process: int
    started_at: float
    began: float
    retry: tuple[State, ...] = ()
    by: str = ""
    ended_at: float | None = None
    seconds: float | None = None


class MemoryStatus(MemoryDoubts):
    """The part of a journal in memory that tells how its runs are: `campaign status` and a gate read it."""

    def __init__(self) -> None:
        super().__init__()
        self._sessions: list[MemorySession] = []
        self._activities: dict[int, Activity] = {}
        self._holder: Holder | None = None

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what a delivery does at the moment; see `JournalStore.record_activity`."""
        last = self._activities.get(session)
        if last is None or activity.at >= last.at:
            self._activities[session] = activity._replace(stopping=storable(activity.stopping))

    def activity(self) -> Activity | None:
        """What the delivery under way did when that was last recorded; see `JournalStore.activity`."""
        under_way = [number for number in self._activities if self._sessions[number - 1].ended_at is None]
        return self._activities[max(under_way)] if under_way else None

    def holder(self) -> Holder | None:
        """The holder of the journal; see `JournalStore.holder`."""
        return self._holder

    def orders(self) -> None:
        """One process at a time delivers from memory."""

    def sessions(self, run: int) -> list[SessionRecord]:
        """The deliveries of a run, oldest first."""
        return [
            SessionRecord(number, each.host, each.process, each.started_at, each.ended_at, each.by)
            for number, each in enumerate(self._sessions, start=1)
            if each.run == run
        ]

    def first_rows(self, run: int, count: int) -> FirstRows:
        """The first rows of a run, and their states; see `GateStore.first_rows`."""
        rows = sorted(self._runs[run].rows.items())
        first = [(seq, row.outcome.state) for seq, row in rows if row.outcome.state not in NOT_SENT][:count]
        return FirstRows(first[-1][0] if first else 0, Counter(state for _, state in first))

    def delivering(self, run: int) -> float:
        """For how many seconds a run was delivered, without waits for a window or at a gate."""
        last = self._runs[run].last_event()
        found = [(each, self._activities.get(number)) for number, each in enumerate(self._sessions, start=1)]
        return sum(_seconds(each, activity, last) for each, activity in found if each.run == run)

    def coverage(self, runs: Sequence[int]) -> Coverage | None:
        """How much of the latest list has its messages; see `JournalStore.coverage`."""
        if not runs:
            return None
        lists = [number for number in runs if not _is_to_fix(self._runs[number])]
        run = max(lists or runs)
        by_identity: dict[bytes, int] = {}
        by_row: dict[int, int] = {}
        deleted = set[tuple[int, int]]()
        keyed = runs_of_one_key({number: self._runs[number].record.manifest for number in runs}, run)
        for number in runs:
            for row in self._runs[number].rows.values():
                if row.outcome.state is State.DELETED:
                    deleted.add((number, row.planned.number))
                rank = RANKS.get(row.outcome.state, 0)
                key, origin = row.planned.key if number in keyed else None, row.planned.origin
                identity = key or row.planned.digest
                if identity is not None:
                    by_identity[identity] = max(rank, by_identity.get(identity, 0))
                if origin is not None and origin[0] == run:
                    by_row[origin[1]] = max(rank, by_row.get(origin[1], 0))
        ranks = [_rank(row, by_identity, by_row, deleted) for row in self._runs[run].rows.values()]
        return Coverage(run, len(ranks), ranks.count(2), ranks.count(1))


def _seconds(session: MemorySession, activity: Activity | None, last: float) -> float:
    """How long a session delivered; where it was cut off, until the last attempt or sign of life."""
    active, waited = (activity.at, activity.waited) if activity else (0.0, 0.0)
    took = session.seconds
    if took is None:
        took = max(session.ended_at or max(session.started_at, last), active) - session.started_at
    return max(0.0, took - waited)


def _is_to_fix(run: MemoryRun) -> bool:
    return any(row.planned.origin is not None for row in run.rows.values())


def _rank(row: MemoryRow, by_identity: dict[bytes, int], by_row: dict[int, int], deleted: set[tuple[int, int]]) -> int:
    digest = row.planned.digest
    if row.outcome.kind in (ALREADY_SENT, ALREADY_IN_DOUBT):  # what became of it is on record with the earlier row
        if row.outcome.kind == ALREADY_SENT and named_earlier_row(row.outcome.reason) not in deleted:
            return RANKS[State.SENT]
        digest = digest_of(row.planned.body)
    known = [by_identity.get(each, 0) for each in (digest, row.planned.key) if each is not None]
    return max(RANKS.get(row.outcome.state, 0), *known, by_row.get(row.planned.number, 0))
