"""The rows of a plan, and what it amounts to."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from campaign.findings import Occurrences
from campaign.journal.records import ReasonCount, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from campaign.journal.records import PlannedRow


class PlanCounts:
    """What a plan amounts to; grows while it is read."""

    def __init__(self) -> None:
        self.states: Counter[State] = Counter()
        self._left_out: dict[str, Occurrences] = {}
        self._reasons: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"PlanCounts(rows={self.rows}, pending={self.pending}, invalid={self.invalid}, skipped={self.skipped})"

    def add(self, row: PlannedRow) -> None:
        """Count a row."""
        self.states[row.state] += 1
        if row.state is State.SKIPPED:
            if row.kind not in self._left_out:
                self._left_out[row.kind], self._reasons[row.kind] = Occurrences(), row.reason
            self._left_out[row.kind].add(row.number)

    @property
    def left_out(self) -> tuple[ReasonCount, ...]:
        """Why rows are left out on purpose, the most common reason first."""
        found = [
            ReasonCount(State.SKIPPED, kind, self._reasons[kind], each.count, tuple(each.rows))
            for kind, each in self._left_out.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.count, each.kind)))

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.states.values())

    @property
    def pending(self) -> int:
        """Rows that can be sent."""
        return self.states[State.PENDING]

    @property
    def invalid(self) -> int:
        """Rows that cannot be sent as they are."""
        return self.states[State.INVALID]

    @property
    def skipped(self) -> int:
        """Rows that are left out on purpose."""
        return self.states[State.SKIPPED]


class Counted(Protocol):
    """A plan, as far as its rows need it."""

    @property
    def counts(self) -> PlanCounts:
        """What it amounts to."""
        ...


class PlannedRows:
    """The rows of a plan, read again from the file by each loop and each index; `list` keeps them."""

    def __init__(self, read: Callable[[], Iterator[PlannedRow]], plan: Counted, *states: State) -> None:
        self._read = read
        self._plan = plan
        self._states = states

    def __iter__(self) -> Iterator[PlannedRow]:
        return (row for row in self._read() if not self._states or row.state in self._states)

    def __len__(self) -> int:
        counts = self._plan.counts
        return sum(counts.states[state] for state in self._states) if self._states else counts.rows

    def __getitem__(self, index: int) -> PlannedRow:
        found = (
            next(islice(self, index if index >= 0 else len(self) + index, None), None) if -len(self) <= index else None
        )
        if found is None:
            raise IndexError(f"there is no row {index}")
        return found

    def __repr__(self) -> str:
        return f"<{len(self)} planned rows of {self._plan!r}>"
