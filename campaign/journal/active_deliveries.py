"""The deliveries that are under way through a journal object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from campaign.journal.store import JournalStore


class ActiveDelivery(Protocol):
    """A delivery under way, as far as a journal needs it."""

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not ended yet."""
        ...

    def stop(self, reason: str) -> None:
        """Let rows in flight end, and begin no other."""
        ...

    async def ended(self) -> None:
        """Wait until it has ended."""
        ...


async def end_deliveries(journal: JournalStore) -> None:
    """Stop the deliveries that are under way through a journal object, and wait for them."""
    for delivery in list(journal.deliveries):
        delivery.stop("the journal was closed")
        await delivery.ended()
