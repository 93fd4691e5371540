"""What a journal tells of the first rows of a run: of what became of them, which a gate looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_SENT = (State.INVALID, State.SKIPPED)
"""States of rows that nothing is sent for."""


class FirstRows(NamedTuple):
    """The first rows of a run, in sheet order, without those that nothing is sent for.

    Attributes:
        last: the place in the run of the last of them; 0 where there is none.
        states: how many of them are in each state.
    """

    last: int
    states: Mapping[State, int]

    def count(self, *states: State) -> int:
        """How many of them are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)


class GateStore(Protocol):
    """The part of a `JournalStore` that a delivery needs for its gate."""

    def first_rows(self, run: int, count: int) -> FirstRows:
        """The first rows of a run, at most `count`, and their states."""
        ...
