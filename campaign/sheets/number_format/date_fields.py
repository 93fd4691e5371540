"""The fields of a date section: `d`, `mm`, `[h]`, `AM/PM` and what each shows of a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.sheets.number_format.errors import NotUnderstoodError, UnsupportedError
from campaign.sheets.number_format.names import ENGLISH
from campaign.sheets.number_format.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.sheets.number_format.names import Locale, Names
    from campaign.sheets.number_format.serial_date import Moment
    from campaign.sheets.number_format.tokens import Token

    Getter: TypeAlias = Callable[[Moment, int], object]
    """From a moment and the microseconds since day 0 to what is shown of it."""

MICROSECONDS_IN_SECOND = 1_000_000

_ELAPSED_UNITS = {"h": 3600, "m": 60, "s": 1}  # seconds in each
_AS_IS = frozenset({Kind.LITERAL, Kind.NUMERAL, Kind.COMMA, Kind.SLASH, Kind.POINT})
DATE_KINDS = frozenset({Kind.DATE, Kind.ELAPSED, Kind.AM_PM})
_CLOCK = frozenset({"h", "minute", "s"})
_BUDDHIST = 543  # years before the common era
_MOST_DECIMALS = 3


class Piece(NamedTuple):
    """A piece of a date section.

    Attributes:
        template: for the % operator; literals stand in it as they are.
        getter: what fills it; None for a literal.
        decimals: places of a second that it shows.
    """

    template: str
    getter: Getter | None = None
    decimals: int = 0


def pieces(tokens: Sequence[Token], locale: Locale) -> list[Piece]:
    """What a date section shows, piece by piece.

    Raises:
        NotUnderstoodError: something stands in it that cannot stand in a date.
    """
    minutes = _minutes(tokens)
    start = next(index for index, token in enumerate(tokens) if token.kind in DATE_KINDS)
    twelve_hours = any(token.kind is Kind.AM_PM for token in tokens)
    found: list[Piece] = []
    skip = False
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if skip:
            skip = False
        elif token.kind is Kind.POINT and following and following.kind is Kind.DIGITS and index > start:
            found.append(_decimals(following.text))
            skip = True
        elif token.kind is Kind.AM_PM:
            found.append(_half_of_day(token.text, locale))
        elif token.kind is Kind.ELAPSED:
            found.append(_elapsed(token.text))
        elif token.kind is Kind.DATE:
            letter = "minute" if index in minutes else token.text[0]
            found.append(_field("clock" if letter == "h" and twelve_hours else letter, len(token.text), locale))
        elif token.kind in _AS_IS:
            found.append(Piece(token.text.replace("%", "%%")))
        else:
            raise NotUnderstoodError(f"{token.text!r} cannot stand in a date")
    return found


def _minutes(tokens: Sequence[Token]) -> set[int]:
    """Where an `m` or `mm` is a minute: right after hours or seconds, or right before seconds.

    Raises:
        NotUnderstoodError: elapsed time stands behind a unit it would have to contain, as in `hh[mm]`.
    """
    minutes: set[int] = set()
    last, last_index, is_free = "", 0, False  # free: no minute has been told by this unit yet
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


def _decimals(zeros: str) -> Piece:
    if len(zeros) > _MOST_DECIMALS or set(zeros) != {"0"}:
        raise NotUnderstoodError(f"a second has up to three decimals, not {zeros!r}")
    unit = 10 ** (6 - len(zeros))
    return Piece(f".%0{len(zeros)}d", lambda when, _: when.microsecond // unit, len(zeros))


def _half_of_day(text: str, locale: Locale) -> Piece:
    first, _, second = text.partition("/")
    names = locale.names
    if text.lower() == "am/pm" or (first.lower() == "a" and names is not ENGLISH):
        first, second = names.halves
    return Piece("%s", lambda when, _: first if when.hour < 12 else second)


def _elapsed(text: str) -> Piece:
    unit = _ELAPSED_UNITS[text[0]] * MICROSECONDS_IN_SECOND
    return Piece(f"%0{len(text)}d", lambda _, since: since // unit)


_NUMBERS: dict[str, Getter] = {
    "d": lambda when, _: when.day,
    "m": lambda when, _: when.month,
    "h": lambda when, _: when.hour,
    "clock": lambda when, _: (when.hour + 11) % 12 + 1,
    "minute": lambda when, _: when.minute,
    "s": lambda when, _: when.second,
}


def _field(unit: str, length: int, locale: Locale) -> Piece:
    if unit in {"y", "b"}:
        return _year(length, _BUDDHIST if unit == "b" else 0)
    if unit == "e":
        if locale.counts_eras:
            raise UnsupportedError("the years of an era are not known")
        return Piece("%d", lambda when, _: when.year)
    if unit == "a" or (unit in {"d", "m"} and length > 2):
        return Piece("%s", _name(unit, length, locale.names))
    return Piece("%d" if length == 1 else "%02d", _NUMBERS[unit])


def _year(length: int, offset: int) -> Piece:
    if length > 2:
        return Piece("%04d", lambda when, _: when.year + offset)
    return Piece("%02d", lambda when, _: (when.year + offset) % 100)


def _name(unit: str, length: int, names: Names) -> Getter:
    if unit == "m":
        months = names.short_months if length == 3 else names.months
        if length == 5:
            months = tuple(name[0] for name in months)
        return lambda when, _: months[when.month - 1]
    weekdays = names.short_weekdays if length == 3 else names.weekdays
    return lambda when, _: weekdays[when.isoweekday() % 7]
