"""Format dates, times and elapsed time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.sheets.number_format.locales import ENGLISH
from campaign.sheets.number_format.serial_date import (
    MICROSECONDS_IN_DAY,
    calendar_time,
    is_plain,
    microseconds_of_date,
    microseconds_of_serial,
    whole_day,
)
from campaign.sheets.number_format.syntax import Kind, NotShownError, NotUnderstoodError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.sheets.number_format.locales import Locale, LocaleNames
    from campaign.sheets.number_format.numbers import Number
    from campaign.sheets.number_format.serial_date import CalendarTime, DateLike
    from campaign.sheets.number_format.syntax import Token

    Getter: TypeAlias = Callable[[CalendarTime, int], object]
    """Gets a field from a calendar time and the microseconds since day 0."""


MICROSECONDS_IN_SECOND = 1_000_000

_ELAPSED_UNITS = {"h": 3600, "m": 60, "s": 1}  # seconds in each
_AS_IS = frozenset({Kind.LITERAL, Kind.NUMERAL, Kind.COMMA, Kind.SLASH, Kind.POINT})
DATE_KINDS = frozenset({Kind.DATE, Kind.ELAPSED, Kind.AM_PM})
_CLOCK = frozenset({"h", "minute", "s"})
_BUDDHIST = 543  # years before the common era
_MAX_DECIMALS = 3


class DateField(NamedTuple):
    """A field or a literal of a date section.

    Attributes:
        template: for the % operator; the text of a literal.
        getter: gets the value for the template; None for a literal.
        decimals: decimals of a second that it displays.
    """

    template: str
    getter: Getter | None = None
    decimals: int = 0


def date_fields(tokens: Sequence[Token], locale: Locale) -> list[DateField]:
    """Parse a date section into fields and literals.

    Raises:
        NotUnderstoodError: a token of it cannot be part of a date.
    """
    minutes = _minutes(tokens)
    start = next(index for index, token in enumerate(tokens) if token.kind in DATE_KINDS)
    twelve_hours = any(token.kind is Kind.AM_PM for token in tokens)
    found: list[DateField] = []
    skip = False
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if skip:
            skip = False
        elif token.kind is Kind.POINT and following and following.kind is Kind.DIGITS and index > start:
            found.append(_decimals(following.text))
            skip = True
        elif token.kind is Kind.AM_PM:
            found.append(_am_pm(token.text, locale))
        elif token.kind is Kind.ELAPSED:
            found.append(_elapsed(token.text))
        elif token.kind is Kind.DATE:
            letter = "minute" if index in minutes else token.text[0]
            found.append(_field("clock" if letter == "h" and twelve_hours else letter, len(token.text), locale))
        elif token.kind in _AS_IS:
            found.append(DateField(token.text.replace("%", "%%")))
        else:
            raise NotUnderstoodError(f"{token.text!r} cannot be part of a date")
    return found


def _minutes(tokens: Sequence[Token]) -> set[int]:
    """Return the indexes of `m` or `mm` tokens that are minutes: those after hours or seconds, or before seconds.

    Raises:
        NotUnderstoodError: elapsed time comes after another unit of time, as in `hh[mm]`.
    """
    minutes: set[int] = set()
    last, last_index, is_free = "", 0, False  # free: this unit has not made another token a minute
    for index, token in enumerate(tokens):
        if token.kind not in {Kind.DATE, Kind.ELAPSED}:
            continue
        unit = token.text[0]
        if token.kind is Kind.ELAPSED and last in _CLOCK:
            raise NotUnderstoodError("elapsed time must come before the other units of time")
        if unit == "m" and (token.kind is Kind.ELAPSED or (last in {"h", "s"} and is_free and len(token.text) < 3)):
            minutes.add(index)
            unit = "minute"
        elif unit == "m" and len(token.text) > 2:
            unit = "month"
        elif unit == "s" and last == "m":
            minutes.add(last_index)
            last = "minute"
        is_free = not (unit == "s" and last == "minute")
        last, last_index = unit, index
    return minutes


def _decimals(zeros: str) -> DateField:
    if len(zeros) > _MAX_DECIMALS or set(zeros) != {"0"}:
        raise NotUnderstoodError(f"a second has up to three decimals, not {zeros!r}")
    unit = 10 ** (6 - len(zeros))
    return DateField(f".%0{len(zeros)}d", lambda when, _: when.microsecond // unit, len(zeros))


def _am_pm(text: str, locale: Locale) -> DateField:
    first, _, second = text.partition("/")
    names = locale.names
    if text.lower() == "am/pm" or (first.lower() == "a" and names is not ENGLISH):
        first, second = names.am_pm
    return DateField("%s", lambda when, _: first if when.hour < 12 else second)


def _elapsed(text: str) -> DateField:
    unit = _ELAPSED_UNITS[text[0]] * MICROSECONDS_IN_SECOND
    return DateField(f"%0{len(text)}d", lambda _, since: since // unit)


_NUMBERS: dict[str, Getter] = {
    "d": lambda when, _: when.day,
    "m": lambda when, _: when.month,
    "h": lambda when, _: when.hour,
    "clock": lambda when, _: (when.hour + 11) % 12 + 1,
    "minute": lambda when, _: when.minute,
    "s": lambda when, _: when.second,
}


def _field(unit: str, length: int, locale: Locale) -> DateField:
    if unit in {"y", "b"}:
        return _year(length, _BUDDHIST if unit == "b" else 0)
    if unit == "e":
        if locale.counts_eras:
            raise UnsupportedError("the years of an era are not known")
        return DateField("%d", lambda when, _: when.year)
    if unit == "a" or (unit in {"d", "m"} and length > 2):
        return DateField("%s", _name(unit, length, locale.names))
    return DateField("%d" if length == 1 else "%02d", _NUMBERS[unit])


def _year(length: int, offset: int) -> DateField:
    if length > 2:
        return DateField("%04d", lambda when, _: when.year + offset)
    return DateField("%02d", lambda when, _: (when.year + offset) % 100)


def _name(unit: str, length: int, names: LocaleNames) -> Getter:
    if unit == "m":
        months = names.short_months if length == 3 else names.months
        if length == 5:
            months = tuple(name[0] for name in months)
        return lambda when, _: months[when.month - 1]
    weekdays = names.short_weekdays if length == 3 else names.weekdays
    return lambda when, _: weekdays[when.isoweekday() % 7]


# A serial number is a binary fraction of a day, so half a second may be some microseconds short.
_SLACK = 5


class DateSection:
    """A section for dates, times or durations.

    Excel rounds to the last displayed decimal of a second, then truncates: 16:59:59.7 is 17:00 in `hh:mm`.

    Raises:
        NotUnderstoodError: the section also has digits, percent signs or text, or names in an unknown language.
    """

    def __init__(self, tokens: Sequence[Token], locale: Locale, *, date1904: bool) -> None:
        fields: list[DateField] = date_fields(tokens, locale)
        self._template = "".join(field.template for field in fields)
        self._getters = tuple(field.getter for field in fields if field.getter)
        decimals = max((field.decimals for field in fields), default=0)
        self._unit: int = MICROSECONDS_IN_SECOND // 10**decimals
        self._date1904 = date1904
        kinds = {token.kind for token in tokens}
        self._is_elapsed = Kind.ELAPSED in kinds

    def number(self, value: Number, sign: str = "") -> str:
        """Format a serial number that is not negative.

        Raises:
            NotShownError: Excel would show `########`.
        """
        if isinstance(value, int) and not self._is_elapsed and (day := whole_day(value, date1904=self._date1904)):
            return f"{sign}{self._template % tuple([getter(day, 0) for getter in self._getters])}"
        return sign + self._since(microseconds_of_serial(value))

    def negative(self, value: Number, sign: str) -> str:
        """Format a negative serial number, given without its sign; only the 1904 system has them.

        Raises:
            NotShownError: Excel would show `########`.
        """
        if not self._date1904:
            raise NotShownError("Excel shows no negative date or time")
        return self.number(value, sign)

    def date(self, value: DateLike) -> str:
        """Format a date, time or duration.

        Raises:
            NotShownError: Excel would show `########`.
        """
        if isinstance(value, datetime) and not self._is_elapsed and is_plain(value):
            return self._datetime(value)
        since = microseconds_of_date(value, date1904=self._date1904)
        if since < 0:
            return self.negative(-since / MICROSECONDS_IN_DAY, "-")
        return self._since(since)

    def _datetime(self, value: datetime) -> str:
        if value.microsecond:
            try:
                value += timedelta(microseconds=self._rounded(value.microsecond) - value.microsecond)
            except OverflowError as error:
                raise NotShownError("Excel shows no date after 9999") from error
        return self._template % tuple([getter(value, 0) for getter in self._getters])

    def _since(self, since: int) -> str:
        since = self._rounded(since)
        when = calendar_time(since, date1904=self._date1904)
        return self._template % tuple([getter(when, since) for getter in self._getters])

    def _rounded(self, since: int) -> int:
        return (since + self._unit // 2 + _SLACK) // self._unit * self._unit
