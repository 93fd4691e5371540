"""What a journal tells of its runs to whoever looks on while they are planned and delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.activity import Activity, Coverage, Holder, SessionRecord
    from campaign.journal.orders import Orders


class StatusStore(Protocol):
    """The part of a `JournalStore` from which `campaign status` reads."""

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what a delivery does at the moment, in place of what it did earlier; in a commit of its own.

        While rows are sent, `DeliveryLog.record_activity` does it with their commits.
        """
        ...

    def activity(self) -> Activity | None:
        """What the delivery under way did when that was last recorded; None where there is none, or no record."""
        ...

    def holder(self) -> Holder | None:
        """The process that holds the journal; None where none does, or the one on record has died."""
        ...

    def orders(self) -> Orders | None:
        """How deliveries are left to workers; None where this journal is for one process at a time."""
        ...

    def sessions(self, run: int) -> list[SessionRecord]:
        """The deliveries of a run, oldest first."""
        ...

    def coverage(self, runs: Sequence[int]) -> Coverage | None:
        """How much of the latest list has its messages; None where there are no runs.

        The latest list is that of the last run, unless that was planned from a sheet To fix, which is a part of an
        earlier list. Two rows are the same where their messages are, or where one was planned from the other's line
        of a sheet To fix.

        Args:
            runs: the runs that count.
        """
        ...
