"""Sections for numbers: padding, thousands, decimals, percent, currency, literal text, scientific notation."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from campaign.sheets.number_format.decimals import LARGEST_EXACT, exact, quantum, rounded, split
from campaign.sheets.number_format.errors import NotUnderstoodError
from campaign.sheets.number_format.filling import fill_left, fill_right, join
from campaign.sheets.number_format.layout import Layout, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.sheets.number_format.decimals import Number

    Render: TypeAlias = Callable[[Number, str], str]
    """From a number without its sign, and the minus sign where one is due, to the text."""

_SIMPLE_INTEGER = re.compile(r"#*0*")
_SIMPLE_FRACTION = re.compile(r"0*#*")


def number_section(layout: Layout) -> Render:
    """How a laid-out section shows a number.

    Raises:
        NotUnderstoodError: an exponent without digits on both sides.
    """
    if layout.has_exponent:
        return _scientific(layout)
    return _contiguous(layout) if _is_simple(layout) else _scattered(layout)


def _is_simple(layout: Layout) -> bool:
    """Whether the digits stand together and Python's own formatting can write them, as in `"$"#,##0.00" USD"`."""
    roles = [part.role for part in layout.number]
    integer = layout.pattern(Role.INTEGER)
    return (
        roles[:1] == [Role.INTEGER]
        and roles[1:] in ([], [Role.POINT], [Role.POINT, Role.FRACTION])
        and _SIMPLE_INTEGER.fullmatch(integer) is not None
        and _SIMPLE_FRACTION.fullmatch(layout.pattern(Role.FRACTION)) is not None
        and not (layout.grouped and integer.count("0") > 1)
    )


def _contiguous(layout: Layout) -> Render:
    """The fast way, for the formats nearly all cells have."""
    prefix, suffix = layout.around
    fraction = layout.pattern(Role.FRACTION)
    if layout.pattern(Role.POINT) and not fraction:
        suffix = f".{suffix}"
    show_whole, show_decimal = _whole_digits(layout, fraction), _decimal_digits(layout, fraction)
    scale, step = layout.scale, quantum(len(fraction))
    factor = 10**scale if scale >= 0 else 0

    def render(value: Number, sign: str) -> str:
        number: Decimal | int
        if factor and isinstance(value, int) and value < LARGEST_EXACT:
            number = value * factor
            text = show_whole(number)
        else:
            number = rounded(exact(value).scaleb(scale) if scale else exact(value), step)
            text = show_decimal(number)
        return f"{sign if number else ''}{prefix}{text}{suffix}"

    return render


def _whole_digits(layout: Layout, fraction: str) -> Callable[[int], str]:
    zeros = layout.pattern(Role.INTEGER).count("0")
    template = "{:,d}" if layout.grouped else f"{{:0{zeros}d}}"
    after = "." + "0" * fraction.count("0") if fraction else ""
    show = (template + after).format
    return show if zeros else lambda number: show(number) if number else after


def _decimal_digits(layout: Layout, fraction: str) -> Callable[[Decimal], str]:
    zeros = layout.pattern(Role.INTEGER).count("0")
    places, optional = len(fraction), fraction.count("#")
    width = max(zeros, 1) + places + bool(places)
    show = (f"{{:,.{places}f}}" if layout.grouped else f"{{:0{width}.{places}f}}").format
    if zeros and not optional:
        return show

    def shorten(number: Decimal) -> str:
        text = show(number)
        kept = len(text) - optional
        start = 0 if zeros or number >= 1 else 1
        return text[start:kept] + text[kept:].rstrip("0")

    return shorten


def _scattered(layout: Layout) -> Render:
    """The general way, for digits with literals among them (`000-00-0000`) and for `?`."""
    integer, fraction = layout.pattern(Role.INTEGER), layout.pattern(Role.FRACTION)

    def render(value: Number, sign: str) -> str:
        before, after = split(exact(value).scaleb(layout.scale), len(fraction))
        shown = {
            Role.INTEGER: fill_right(before, integer, grouped=layout.grouped),
            Role.FRACTION: fill_left(after, fraction),
        }
        is_zero = bool(integer or fraction) and not (before or after)
        return ("" if is_zero else sign) + join(layout.parts, shown)

    return render


def _scientific(layout: Layout) -> Render:
    integer, fraction, power_pattern = (layout.pattern(role) for role in (Role.INTEGER, Role.FRACTION, Role.POWER))
    if not power_pattern or not (integer or fraction):
        raise NotUnderstoodError("E needs digits on both sides")

    def render(value: Number, sign: str) -> str:
        number = exact(value).scaleb(layout.scale)
        power = _power(number, len(integer), len(fraction))
        before, after = split(number.scaleb(-power), len(fraction))
        digits = fill_right(str(abs(power)), power_pattern)
        digits[0] = ("-" if power < 0 else layout.plus) + digits[0]
        # Zero fills every place before the point: 000.0E+0 in the format ##0.0E+0.
        places = integer if number else "0" * len(integer)
        shown = {
            Role.INTEGER: fill_right(before, places, grouped=layout.grouped),
            Role.FRACTION: fill_left(after, fraction),
            Role.POWER: digits,
        }
        return sign + join(layout.parts, shown)

    return render


def _power(number: Decimal, integers: int, places: int) -> int:
    """The power of ten: a multiple of the number of digits before the point (`##0.0E+0` counts in thousands)."""
    if not number:
        return 0
    step = max(integers, 1)
    shift = 1 if integers == 0 else 0
    power = number.adjusted() // step * step + shift
    mantissa = rounded(number.scaleb(-power), quantum(places))
    return power + step if mantissa >= Decimal(1).scaleb(integers) else power
