"""What a delivery is doing, measured and put on record about once a second, for other processes."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING

from campaign.errors import JournalError
from campaign.journal.activity import Activity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from campaign.delivery import Progress
    from campaign.delivery.ports import RateLimiter
    from campaign.journal import JournalStore
    from campaign.journal.activity import WaitsFor
    from campaign.runs.holds import Holds
    from campaign.schedule import Forecast, Schedule

INTERVAL = 1.0
"""Seconds between two records."""

NOTICEABLE = 1.0
"""Shortest wait for the server, in seconds, that is worth a word."""

LEAST = 1e-3
"""Seconds that a delivery takes at least, as far as its rate is concerned."""


class Meter:
    """Measures a delivery from now on."""

    def __init__(self, run: int, schedule: Schedule, rows: int, progress: Progress) -> None:
        """Start.

        Args:
            run: the run's number.
            schedule: when messages may be sent.
            rows: how many rows are delivered.
            progress: what has become of them.
        """
        self._run = run
        self._schedule = schedule
        self._rows = rows
        self._progress = progress
        self._began = time.monotonic()
        self.holds: Holds | None = None
        self.limiter: RateLimiter | None = None

    @property
    def waited(self) -> float:
        """Seconds waited for the schedule or at the gate."""
        return self.holds.waited if self.holds else 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the beginning, without such waits."""
        return max(0.0, time.monotonic() - self._began - self.waited)

    @property
    def rate(self) -> float:
        """Rows that reached a final state, for each of these seconds."""
        return self._progress.done / max(self.seconds, LEAST)

    def forecast(self) -> Forecast | None:
        """When the last row is done; None where that is unknown."""
        rate = self.rate
        if rate == 0:
            return None
        return self._schedule.forecast(time.time(), max(0, self._rows - self._progress.done) / rate)

    def late_end(self) -> str | None:
        """When the last row is done where that is after this window, on the schedule's clock; None where it is not."""
        forecast = self.forecast() if self._schedule.has_windows else None
        if forecast is None or forecast.windows == 1 or math.isinf(forecast.ends):
            return None
        return self._schedule.moment_text(forecast.ends)

    def activity(self) -> Activity:
        """What the delivery is doing now."""
        now, forecast = time.time(), self.forecast()
        waits_for, until = self._waits_for(now)
        left = None if forecast is None or math.isinf(forecast.ends) else max(0.0, forecast.ends - now)
        return Activity(self._run, now, self.rate, left, waits_for, until, self.waited)

    def _waits_for(self, now: float) -> tuple[WaitsFor | None, float | None]:
        if self._progress.wait is not None:
            return self._progress.wait
        wait = self.limiter.waiting_for if self.limiter else 0.0
        if wait < NOTICEABLE:
            return None, None
        return ("server" if self._progress.trouble else "limit"), now + wait


@contextlib.asynccontextmanager
async def recorded_activity(journal: JournalStore, session: int, meter: Meter) -> AsyncIterator[None]:
    """Record at once what a delivery is doing, then about every second, and a last time at its end."""
    ended = asyncio.Event()
    recording = asyncio.create_task(_record(journal, session, meter.activity, ended))
    try:
        yield
    finally:
        ended.set()
        await recording


async def _record(journal: JournalStore, session: int, activity: Callable[[], Activity], ended: asyncio.Event) -> None:
    while True:
        last = ended.is_set()
        with contextlib.suppress(JournalError):  # if it cannot be written at all, the next attempt says so
            await asyncio.to_thread(journal.record_activity, session, activity())
        if last:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), INTERVAL)
