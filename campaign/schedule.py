"""When messages may be sent: from a moment on, within a window of the day, on some days of the week.

Pure functions of instants, which are seconds since the epoch. What counts is the clock in the schedule's time zone: a
window is open while that clock shows a time within it. Where the clock is put forward, times that it leaves out do not
come; where it is put back, times that it shows twice count twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = 86_400
"""Seconds of a day whose clock is not changed."""

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))

MOST_CHANGES = 64
"""Moments at which the clock or the day changes, looked at in search of one at which sending opens or closes: that is
three weeks of three moments a day, and every schedule that opens at all does so within two."""

MOST_WINDOWS = 1000
"""Windows over which the end of a delivery is predicted."""


class Window(NamedTuple):
    """A part of the day, in seconds since midnight: from `opens` until just before `closes`.

    Where `closes` is not after `opens` it is a time of the next day, and the window belongs to the day it opens.
    """

    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{_clock_text(self.opens)}-{_clock_text(self.closes)}"


class Forecast(NamedTuple):
    """When a delivery begins and ends. Times in seconds since the epoch.

    Attributes:
        begins: when the first message may leave.
        closes: when the window closes in which it begins; infinite where none does.
        ends: when the last message has left; infinite where that is beyond `MOST_WINDOWS` windows.
        windows: how many windows it takes.
    """

    begins: float
    closes: float
    ends: float
    windows: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When messages may be sent.

    Attributes:
        not_before: the earliest moment; without an offset it is one of the time zone.
        window: the part of the day; None: all of it.
        days: the days of the week, 0 being Monday; of a window over midnight, those on which it opens.
        time_zone: the IANA name of the time zone; None: that of this machine.
    """

    not_before: datetime | None = None
    window: Window | None = None
    days: frozenset[int] = EVERY_DAY
    time_zone: str | None = None

    @property
    def has_windows(self) -> bool:
        """Whether there are times at which sending pauses."""
        return self.window not in (None, (0, DAY)) or not self.every_day

    @property
    def needs_zone(self) -> bool:
        """Whether it says times of day without saying of which time zone."""
        naive = self.not_before is not None and self.not_before.tzinfo is None
        return self.time_zone is None and (self.has_windows or naive)

    @property
    def every_day(self) -> bool:
        """Whether it is about every day of the week."""
        return self.days == EVERY_DAY

    def begins(self) -> float:
        """The earliest instant; minus infinity where there is none."""
        if self.not_before is None:
            return -math.inf
        moment = self.not_before
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone())).timestamp()

    def is_open(self, at: float) -> bool:
        """Whether messages may be sent at an instant."""
        return at >= self.begins() and self._in_window(at)

    def opening(self, at: float) -> float:
        """The first instant from `at` on at which messages may be sent."""
        at = max(at, self.begins())
        return at if self._in_window(at) else self._next_change(at)

    def closing(self, at: float) -> float:
        """Until when messages may be sent that may be sent at `at`; infinite where no window closes."""
        return self._next_change(at)

    def forecast(self, now: float, seconds: float) -> Forecast:
        """When a delivery ends that takes so many seconds of sending.

        Args:
            now: when it is ready to begin.
            seconds: how long it takes without a pause.
        """
        begins = at = self.opening(now)
        first_closes = closes = self.closing(at)
        for windows in range(1, MOST_WINDOWS + 1):
            if at + seconds <= closes:
                return Forecast(begins, first_closes, at + seconds, windows)
            seconds -= closes - at
            at = self.opening(closes)
            closes = self.closing(at)
        return Forecast(begins, first_closes, math.inf, MOST_WINDOWS)

    def moment_text(self, at: float) -> str:
        """An instant on the schedule's clock: "Fri 2026-11-27 09:00"."""
        wall = self._wall(at)
        return f"{DAY_NAMES[wall.weekday()].title()} {wall:%Y-%m-%d %H:%M}{f':{wall:%S}' if wall.second else ''}"

    def as_json(self) -> dict[str, str | None]:
        """The schedule as a campaign file says it; `from_json` reads it."""
        return {
            "not_before": self.not_before.isoformat() if self.not_before else None,
            "window": str(self.window) if self.window else None,
            "days": days_text(self.days),
            "time_zone": self.time_zone,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, str | None]) -> Schedule:
        """The schedule of `as_json`.

        Raises:
            ValueError: it is not one.
        """
        not_before, window, days = stored.get("not_before"), stored.get("window"), stored.get("days")
        return cls(
            not_before=datetime.fromisoformat(not_before) if not_before else None,
            window=parse_window(window) if window else None,
            days=parse_days(days) if days else EVERY_DAY,
            time_zone=stored.get("time_zone"),
        )

    def _zone(self) -> ZoneInfo | None:
        return ZoneInfo(self.time_zone) if self.time_zone else None

    def _wall(self, at: float) -> datetime:
        """What the clock shows; without a zone it is the machine's."""
        return datetime.fromtimestamp(at, self._zone())

    def _in_window(self, at: float) -> bool:
        if not self.has_windows:
            return True
        wall = self._wall(at)
        second = wall.hour * 3600 + wall.minute * 60 + wall.second
        today, yesterday = wall.weekday() in self.days, (wall.weekday() - 1) % 7 in self.days
        if self.window is None:
            return today
        opens, closes = self.window
        if opens < closes:
            return today and opens <= second < closes
        return (today and second >= opens) or (yesterday and second < closes)

    def _next_change(self, at: float) -> float:
        """The first instant after `at` at which a window opens or closes; infinite where none does."""
        if not self.has_windows:
            return math.inf
        before = self._in_window(at)
        for _ in range(MOST_CHANGES):
            at = self._next_candidate(at)
            if self._in_window(at) != before:
                return at
        return math.inf

    def _next_candidate(self, at: float) -> float:
        """The next instant at which the clock shows midnight or a window's time, or is changed."""
        offset = self._offset(at)
        local = math.floor(at) + offset
        midnight = local - local % DAY
        times: set[int] = {0, *(self.window or ())}
        candidate: int = min(day + each for day in (midnight, midnight + DAY) for each in times if day + each > local)
        candidate -= offset
        if self._offset(candidate) == offset:
            return candidate
        first, last = math.floor(at), candidate  # between them the clock is changed
        while last - first > 1:
            middle = (first + last) // 2
            first, last = (middle, last) if self._offset(middle) == offset else (first, middle)
        return last

    def _offset(self, at: float) -> int:
        """Seconds by which the clock is ahead of UTC."""
        at = math.floor(at)
        return round(self._wall(at).replace(tzinfo=UTC).timestamp() - at)


ANY_TIME = Schedule()


def parse_window(text: str) -> Window:
    """Read "08:00-20:00"; minutes may be left out, seconds may be added.

    Raises:
        ValueError: it is not a part of the day.
    """
    parts = [_seconds_of_day(part) for part in text.replace("–", "-").split("-")]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or parts[0] == DAY:
        raise ValueError(f"“{text}” is not a part of the day; write it as “08:00-20:00”")
    if parts[0] == parts[1]:
        raise ValueError(f"“{text}” opens and closes at the same time; the whole day is “00:00-24:00”")
    return Window(parts[0], parts[1])


def parse_days(text: str) -> frozenset[int]:
    """Read "mon-sat" or "mon, wed, fri"; a range may go over Sunday.

    Raises:
        ValueError: one of them is not a day of the week.
    """
    found: set[int] = set()
    for part in text.replace("–", "-").split(","):
        first, *rest = (_day(name, text) for name in part.split("-"))
        if len(rest) > 1:
            raise ValueError(f"“{text}” does not name days; write them as “mon-sat” or “mon, wed, fri”")
        last = rest[0] if rest else first
        found.update((first + each) % 7 for each in range((last - first) % 7 + 1))
    return frozenset(found)


def days_text(days: frozenset[int]) -> str:
    """Days as `parse_days` reads them: "mon-wed, sat"."""
    ranges: list[list[int]] = []
    for day in sorted(days):
        if ranges and ranges[-1][-1] == day - 1:
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return ", ".join("-".join(dict.fromkeys((DAY_NAMES[each[0]], DAY_NAMES[each[-1]]))) for each in ranges)


def _day(name: str, text: str) -> int:
    word = name.strip().lower()
    if len(word) >= 3 and any(full.startswith(word) for full in _FULL_NAMES):
        return DAY_NAMES.index(word[:3])
    raise ValueError(f"“{text}” does not name days; write them as “mon-sat” or “mon, wed, fri”")


_FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _seconds_of_day(text: str) -> int | None:
    """Seconds since midnight of "8", "08:00" or "08:00:30"; None for anything else. 24:00 is the end of the day."""
    parts = text.strip().split(":")
    if len(parts) > 3 or not all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts):
        return None
    hours, minutes, seconds = (*map(int, parts), 0, 0)[:3]
    second = hours * 3600 + minutes * 60 + seconds
    return second if minutes < 60 and seconds < 60 and second <= DAY else None


def _clock_text(second: int) -> str:
    minutes, seconds = divmod(second, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
