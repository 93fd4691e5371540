"""Convert serial numbers to calendar dates and back, including Excel's nonexistent 29 February 1900."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.sheets.number_format.syntax import NotShownError, NotUnderstoodError

if TYPE_CHECKING:
    from campaign.sheets.number_format.numbers import Number

_SECOND = 1_000_000
MICROSECONDS_IN_DAY = 86_400 * _SECOND

DateLike: TypeAlias = datetime | date | time | timedelta

# Naive: the dates of a sheet have no time zone.
_EPOCH = datetime.fromisoformat("1899-12-30")
_EPOCH_1904 = datetime.fromisoformat("1904-01-01")
_DAY_ZERO = _EPOCH.toordinal()
_MARCH_1900 = datetime.fromisoformat("1900-03-01")
_DAYS_1904 = 1462  # from day 0 of the 1900 system to day 0 of the 1904 system
_PHANTOM = 60  # the serial number of 29 February 1900: Excel repeats the leap-year bug of Lotus 1-2-3
_MAX_DAYS = 10**11  # days; larger floats cannot represent microseconds
_LAST = 2_958_465  # 31 December 9999


class EarlyDate(NamedTuple):
    """A date before 1 March 1900, where Excel's calendar differs from the Gregorian one, or a duration.

    Has the fields of `datetime`. Day 0 is "0 January 1900".
    """

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    microsecond: int
    weekday_number: int

    def isoweekday(self) -> int:
        """Return 1 for Monday to 7 for Sunday, as Excel counts: its 1 January 1900 is a Sunday."""
        return self.weekday_number


CalendarTime: TypeAlias = datetime | EarlyDate


def microseconds_of_serial(value: Number) -> int:
    """Convert a serial number to microseconds since day 0.

    Raises:
        NotShownError: no date or duration in a cell is that large.
    """
    if not -_MAX_DAYS < value < _MAX_DAYS:
        raise NotShownError("no date or duration is that large")
    return round(value * MICROSECONDS_IN_DAY)


def calendar_time(since: int, *, date1904: bool) -> CalendarTime:
    """Return the date and time a number of microseconds after day 0.

    Raises:
        NotShownError: before day 0 or after the year 9999; Excel shows `########`.
    """
    days, rest = divmod(since, MICROSECONDS_IN_DAY)
    if date1904:
        days += _DAYS_1904
    if not 0 <= days <= _LAST:
        raise NotShownError("Excel shows no date before 1900 or after 9999")
    if days > _PHANTOM:
        return _EPOCH + timedelta(days, 0, rest)
    clock = _EPOCH + timedelta(0, 0, rest)
    month, day = (2, days - 31) if days > 31 else (1, days)
    weekday_number = (days + 5) % 7 + 1
    return EarlyDate(1900, month, day, clock.hour, clock.minute, clock.second, clock.microsecond, weekday_number)


def whole_day(serial: int, *, date1904: bool) -> datetime | None:
    """Return the date of a whole serial number; None before 1 March 1900 and after 9999. A fast path."""
    if date1904:
        serial += _DAYS_1904
    return datetime.fromordinal(serial + _DAY_ZERO) if _PHANTOM < serial <= _LAST else None


def microseconds_of_date(value: DateLike, *, date1904: bool) -> int:
    """Convert a date, time or duration to microseconds since day 0.

    A time zone is ignored. Serial number 60 is read as 28 February 1900, because Python has no 29 February 1900.
    """
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if isinstance(value, time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    since = value.replace(tzinfo=None) - (_EPOCH_1904 if date1904 else _EPOCH)
    if not date1904 and 0 < since.days <= _PHANTOM:
        since -= timedelta(days=1)
    return since // timedelta(microseconds=1)


def is_plain(value: datetime) -> bool:
    """Return whether the date has no time zone and is one on which Excel's calendar and the Gregorian one agree."""
    return value.tzinfo is None and value >= _MARCH_1900


def as_datetime(value: Number, *, date1904: bool) -> datetime:
    """Convert a serial number to a date, rounded to the second.

    Raises:
        NotUnderstoodError: there is no such date.
    """
    half = _SECOND // 2
    when = calendar_time((microseconds_of_serial(value) + half) // _SECOND * _SECOND, date1904=date1904)
    if isinstance(when, EarlyDate):
        raise NotUnderstoodError("a date before 1 March 1900")
    return when
