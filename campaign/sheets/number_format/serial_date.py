"""Excel's days: serial numbers to calendar dates and back, with the 29 February 1900 that never was."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.sheets.number_format.syntax import NotShownError, NotUnderstoodError

if TYPE_CHECKING:
    from campaign.sheets.number_format.numbers import Number

_SECOND = 1_000_000
MICROSECONDS_IN_DAY = 86_400 * _SECOND

DateLike: TypeAlias = datetime | date | time | timedelta

# Without a time zone: a sheet's dates know none.
_EPOCH = datetime.fromisoformat("1899-12-30")
_EPOCH_1904 = datetime.fromisoformat("1904-01-01")
_DAY_ZERO = _EPOCH.toordinal()
_MARCH_1900 = datetime.fromisoformat("1900-03-01")
_DAYS_1904 = 1462  # from day 0 of the 1900 system to day 0 of the 1904 system
_PHANTOM = 60  # the serial number of 29 February 1900: Excel keeps a leap day that Lotus 1-2-3 had by mistake
_LONGEST = 10**11  # days; beyond it microseconds are lost in the number
_LAST = 2_958_465  # 31 December 9999


class EarlyMoment(NamedTuple):
    """A moment before 1 March 1900, where Excel's calendar is not the world's, or a length of time.

    Shows the fields of `datetime`. Day 0 is "0 January 1900".
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
        """1 is Monday, 7 Sunday, as Excel has it: its 1 January 1900 is a Sunday."""
        return self.weekday_number


Moment: TypeAlias = datetime | EarlyMoment


def microseconds(value: Number) -> int:
    """A serial number as microseconds since day 0.

    Raises:
        NotShownError: the number is no length of time that a cell can hold.
    """
    if not -_LONGEST < value < _LONGEST:
        raise NotShownError("no date and no duration is that far away")
    return round(value * MICROSECONDS_IN_DAY)


def moment(since: int, *, date1904: bool) -> Moment:
    """The calendar date and time so many microseconds after day 0.

    Raises:
        NotShownError: before day 0 or after the year 9999, where Excel shows `########`.
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
    return EarlyMoment(1900, month, day, clock.hour, clock.minute, clock.second, clock.microsecond, weekday_number)


def whole_day(serial: int, *, date1904: bool) -> datetime | None:
    """The fast way for a serial number without a time; None where Excel's calendar is not the world's."""
    if date1904:
        serial += _DAYS_1904
    return datetime.fromordinal(serial + _DAY_ZERO) if _PHANTOM < serial <= _LAST else None


def microseconds_of(value: DateLike, *, date1904: bool) -> int:
    """A date, time or duration as microseconds since day 0: the serial number it was read from, without rounding.

    A date and time with a zone is taken as its clock shows it. 29 February 1900 cannot be a Python date, so what reads
    a sheet cannot hand it over: serial number 60 comes as 28 February.
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
    """Whether the date has no zone and is one that Excel's calendar and the world's agree on."""
    return value.tzinfo is None and value >= _MARCH_1900


def as_datetime(value: Number, *, date1904: bool) -> datetime:
    """The date of a serial number, to the second.

    Raises:
        NotUnderstoodError: there is no such date.
    """
    half = _SECOND // 2
    when = moment((microseconds(value) + half) // _SECOND * _SECOND, date1904=date1904)
    if isinstance(when, EarlyMoment):
        raise NotUnderstoodError("a date before 1 March 1900")
    return when
