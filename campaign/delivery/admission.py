"""Admission: whether messages may still leave, by the schedule, within one round of a delivery."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SET_BACK = 1.0
"""Seconds by which the machine's clock may be set back without a new look at the schedule."""


class Admission:
    """Lets messages leave until a window closes.

    Attributes:
        closes: whether it is over at some time.
        left_behind: whether a row was left for a later round, because it came too late for this one.
    """

    def __init__(self, closes: float = math.inf, epoch: Callable[[], float] = time.time) -> None:
        """Open until an instant.

        Args:
            closes: when it is over, in seconds since the epoch; infinite: never.
            epoch: tells the time, in seconds since the epoch.
        """
        self._closes = closes
        self._epoch = epoch
        self._opened = epoch()
        self.closes = closes < math.inf
        self.left_behind = False

    def is_open(self) -> bool:
        """Whether a message may leave now."""
        return not self.closes or self._opened - SET_BACK <= self._epoch() < self._closes

    @property
    def remaining(self) -> float:
        """Seconds until it is over; infinite where that is never."""
        return max(0.0, self._closes - self._epoch())
