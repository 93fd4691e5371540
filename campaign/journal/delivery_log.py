"""The record that a delivery writes to while it sends: its attempts, and what it does besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from campaign.delivery.ports import AttemptLog

if TYPE_CHECKING:
    from campaign.journal.activity import Activity


class DeliveryLog(AttemptLog, Protocol):
    """The record of one run's attempts, and of what its delivery does besides."""

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what the delivery does, with the next commit or soon, without waiting for it. Never fails."""
        ...
