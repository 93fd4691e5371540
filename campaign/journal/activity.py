"""What a journal tells of a delivery that is under way, and of the first rows of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Mapping

WaitsFor: TypeAlias = Literal["window", "limit", "server", "gate"]
"""What a delivery can wait for: its schedule, the server's stated limit, a server in trouble, its gate."""


class Activity(NamedTuple):
    """What a delivery is doing. Times in seconds since the epoch.

    Attributes:
        run: the run that it delivers.
        at: when this was recorded; a delivery records it about every second.
        rate: rows that reached a final state, for each second of this session without its `waited`.
        eta_seconds: seconds until the last row is done, waits for the schedule included; None where that is unknown.
        waiting_for: what it waits for; None where messages are being sent.
        until: until when it waits; None where that is unknown, or it does not wait.
        waited: seconds that this session has waited for its schedule or for an answer at its gate: they are no part of
            the time that the delivery takes.
    """

    run: int
    at: float
    rate: float = 0.0
    eta_seconds: float | None = None
    waiting_for: WaitsFor | None = None
    until: float | None = None
    waited: float = 0.0


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


NOT_SENT = (State.INVALID, State.SKIPPED)
"""States of rows that nothing is sent for."""


class ActivityStore(Protocol):
    """The part of a `JournalStore` that a delivery tells about itself, and that it needs for its gate."""

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what a session is doing, in place of what it did before; nothing where the session has ended.

        It need not survive a power cut. May be called from any thread.

        Raises:
            JournalWriteError: the journal cannot be written at the moment.
        """
        ...

    def activity(self) -> Activity | None:
        """What the session that has not ended is doing; None where there is none, or it has recorded nothing yet.

        Its process may have died since: `Activity.at` says how old this is.
        """
        ...

    def first_rows(self, run: int, count: int) -> FirstRows:
        """The first rows of a run, at most `count`, and their states."""
        ...
