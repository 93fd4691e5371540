"""What a journal keeps of a plan's findings, and of what an operator should know before more is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from campaign.findings import Finding
    from campaign.journal.decisions import Acceptance, NextMessage, StatedQuota
    from campaign.journal.records import State


class FindingStore(Protocol):
    """The part of a `JournalStore` that keeps findings."""

    def record_findings(self, run: int, findings: Sequence[Finding]) -> None:
        """Record what was found when a run was planned."""
        ...

    def findings(self, run: int) -> tuple[Finding, ...]:
        """What was found when a run was planned; nothing once its personal data were deleted."""
        ...

    def accept(self, run: int, codes: Collection[str], by: str) -> None:
        """Record that findings of a run are accepted, by whom and when; one that is accepted already stays as it is."""
        ...

    def accepted(self, run: int) -> list[Acceptance]:
        """Which findings of a run were accepted."""
        ...

    def record_quota(self, server: str, requests: int, seconds: float) -> None:
        """Record the limit that a server states."""
        ...

    def stated_quota(self, server: str) -> StatedQuota | None:
        """The limit that a server stated last; None where it stated none."""
        ...

    def next_messages(self, run: int, states: Collection[State], most: int) -> list[NextMessage]:
        """The first messages of a run whose rows are in these states, in sheet order."""
        ...
