"""Moments as this machine's clock shows them: workbooks know no time zones."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from time import localtime

_DAYS_TO_1970 = 25_569
"""From the day that a workbook counts from to the day that Unix counts from."""
_QUARTER = 900
"""Seconds: clocks are put forward and back at full quarters of an hour."""


def local_time(at: float) -> datetime:
    """A moment, without its zone.

    Args:
        at: seconds since the epoch.
    """
    return datetime.fromtimestamp(at, UTC).astimezone().replace(tzinfo=None)


def serial(at: float) -> float:
    """A moment as a workbook counts it: in days, whole and fractional.

    Args:
        at: seconds since the epoch.
    """
    return (at + _offset(at // _QUARTER)) / 86_400 + _DAYS_TO_1970


def zone(at: float) -> str:
    """The zone that holds at a moment, such as "UTC+07:00 (ICT)"."""
    there = datetime.fromtimestamp(at, UTC).astimezone()
    return f"UTC{there.isoformat()[-6:]} ({there:%Z})"


@lru_cache(maxsize=64)
def _offset(quarter: float) -> int:
    return localtime(quarter * _QUARTER).tm_gmtoff
