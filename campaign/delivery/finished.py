"""What all rounds of one delivery have done so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.journal.records import State


@dataclass(slots=True)
class Finished:
    """The rows that have reached a final state in all rounds of one delivery so far.

    Attributes:
        count: how many there were.
        unsent: places in the run of those that failed or are in doubt, which are not sent once more on a request that
            was made before; None where nothing was requested.
    """

    count: int = 0
    unsent: set[int] | None = None

    def add(self, seq: int, state: State) -> None:
        """Count a row that has reached a final state."""
        self.count += 1
        if self.unsent is not None and state != "sent":
            self.unsent.add(seq)
