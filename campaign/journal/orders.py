"""How deliveries are left to workers: what a journal in a database can do, and one in a file cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.cluster import LeaseTimes, Order, OrderState, Watched, WorkerRecord


class Orders(Protocol):
    """A journal's way of leaving deliveries to workers."""

    def workers(self) -> Sequence[WorkerRecord]:
        """The workers that are at work in this database and take this campaign's runs."""
        ...

    def times(self) -> LeaseTimes:
        """The lease of this database."""
        ...

    def place(self, run: int, order: Order) -> int:
        """Leave a run that is planned to the workers; the caller holds the journal. All or nothing.

        Returns:
            The number of its session.
        """
        ...

    def state(self, run: int) -> OrderState:
        """How far the workers are."""
        ...

    def pass_gate(self, run: int) -> None:
        """Let the rows behind the gate be sent too."""
        ...

    def stop(self, reason: str, *, run: int | None = None) -> bool:
        """Ask all workers to stop the campaign's run; returns whether one is open."""
        ...

    def under_way(self, run: int) -> Watched | None:
        """What a run was left to the workers with; None where none is at work on it, or a process watches it."""
        ...

    def begin_watch(self, run: int, watcher: str) -> bool:
        """Put on record that this process watches a run; returns whether it does, and no other one."""
        ...

    def beat(self, run: int, watcher: str) -> bool:
        """Say every few seconds that it goes on; returns whether no other one watches in its place."""
        ...

    def end_watch(self, run: int, watcher: str) -> None:
        """Put on record that this process watches no more."""
        ...

    def unwatched(self, run: int) -> str:
        """For what a run waits for a process that watches, where there is none: "lists" or "gate"; "" for nothing."""
        ...

    def let_begin(self, run: int, until: float) -> None:
        """Let rows begin until a moment on the database's clock: the lists were read, and their rows skipped."""
        ...

    def retried(self, run: int) -> set[int]:
        """Places of rows that failed or are in doubt after the run was left to the workers."""
        ...
