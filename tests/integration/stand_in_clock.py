"""A clock for schedules, in place of the machine's: a wait takes no time, and load does not matter."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from campaign.delivery.ports import SystemClock
from campaign.runs import holds

if TYPE_CHECKING:
    import pytest


class StandInClock(SystemClock):
    """The clock of a schedule: it shows a given time when it is first looked at, however long that took to come."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, first: datetime, *, skips: bool) -> None:
        """Take the clock's place for the delivery of this process.

        Args:
            monkeypatch: puts the machine's clock back.
            first: what it shows at first.
            skips: whether it skips the time that is slept, instead of waiting.
        """
        self._first, self._ahead, self._skips = first.timestamp(), 0.0, skips
        self.looked = False
        self.sleeps: list[float] = []
        monkeypatch.setattr(holds, "SystemClock", lambda: self)

    def now(self) -> float:
        return super().now() + self._ahead

    def epoch(self) -> float:
        if not self.looked:
            self.looked, self._ahead = True, self._first - super().epoch()
        return super().epoch() + self._ahead

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(self.epoch())
        if self._skips:
            self._ahead += seconds
        else:
            await super().sleep(seconds)


def today_at(hour: int) -> datetime:
    return datetime.now().astimezone().replace(hour=hour, minute=0, second=0, microsecond=0)
