"""How long a delivery took, by what is on record of it."""

from __future__ import annotations

from typing import NamedTuple


class RecordedSpan(NamedTuple):
    """A session as recorded; times in seconds since the epoch."""

    started: float
    ended: float | None
    took: float | None
    """Seconds by a monotonic clock; None where it was cut off."""
    active: float
    """When it last said what it was doing."""
    waited: float

    def ended_at(self, last: float) -> float:
        """When it ended: where it was cut off, after the last attempt on record at the earliest."""
        return max(self.started, last) if self.ended is None else self.ended

    def seconds(self, last: float) -> float:
        """How long it delivered, without its waits."""
        took = max(self.ended_at(last), self.active) - self.started if self.took is None else self.took
        return max(0.0, took - self.waited)
