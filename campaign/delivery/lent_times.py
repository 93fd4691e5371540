"""The times at which a worker's requests may leave, as they were lent to it: a slice after the other."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.delivery.budget import SLICE

if TYPE_CHECKING:
    from campaign.delivery.budget import Slice

GRACE = 0.02
"""Seconds after which a time that was not used lapses; a timer may be so late. At a fast pace the newest are kept for
longer: one less than come in so many seconds, because they make no greater burst."""

LONGEST_GRACE = 2 * SLICE
"""Seconds after which every time lapses, also one of a server's window: that is spread, but only its number matters.
Shorter than `budget.SETTLE`, after which the next window is probed."""


@dataclass(slots=True)
class _Times:
    """Times at equal intervals."""

    begins_at: float
    step: float
    count: int
    limited: bool

    def until(self, moment: float) -> int:
        """How many there are before a moment."""
        if moment <= self.begins_at:
            return 0
        return min(self.count, math.ceil((moment - self.begins_at) / self.step))


class LentTimes:
    """Times in their order. They are never made one by one: at a fast pace most of them lapse."""

    def __init__(self) -> None:
        self._slices: deque[_Times] = deque()

    def __len__(self) -> int:
        """How many there are, also of those that will lapse."""
        return sum(each.count for each in self._slices)

    @property
    def last(self) -> float | None:
        """The last one; None where there is none."""
        if not self._slices:
            return None
        last = self._slices[-1]
        return last.begins_at + (last.count - 1) * last.step

    def add(self, lent: Slice) -> None:
        """Add those of a slice."""
        if lent.amount:
            self._slices.append(_Times(lent.begins_at, lent.step, lent.amount, lent.limited or lent.probe))

    def first(self, now: float) -> float | None:
        """The first that has not lapsed; None where there is none."""
        if not self._slices:
            return None
        if self._slices[0].begins_at < now - GRACE:
            self._lapse(now)
        return self._slices[0].begins_at if self._slices else None

    def pop(self) -> None:
        """Use the first."""
        self._drop(1)

    def clear(self) -> None:
        """Let all lapse."""
        self._slices.clear()

    def _lapse(self, now: float) -> None:
        much_too_late = self._count_until(now - LONGEST_GRACE)
        if self._slices[0].limited:
            self._drop(much_too_late)
            return
        kept = max(0, math.floor(GRACE / self._slices[0].step) - 1)
        late = self._count_until(now - GRACE)
        self._drop(max(much_too_late, min(late, self._count_until(now) - kept)))

    def _count_until(self, moment: float) -> int:
        return sum(each.until(moment) for each in self._slices)

    def _drop(self, count: int) -> None:
        while count > 0:
            first = self._slices[0]
            dropped = min(count, first.count)
            count -= dropped
            first.count -= dropped
            first.begins_at += dropped * first.step
            if not first.count:
                self._slices.popleft()
