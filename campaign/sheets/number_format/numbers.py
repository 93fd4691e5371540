"""Format numbers: General, decimals, thousands, percent, currency and scientific notation."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, TypeAlias

from campaign.sheets.number_format.syntax import NotUnderstoodError, Role, SectionLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.sheets.number_format.syntax import LayoutPart


Number: TypeAlias = int | float

Render: TypeAlias = "Callable[[Number, str], str]"
"""Turns a number without its sign, and the minus sign or "", into text."""

# Excel's largest number is 9.99999999999999E+307. A format code of 255 characters can add 255 decimals, or multiply by
# a hundred 255 times.
_CELL_LIMIT = 10**308
_EXACT_LENGTH = 16
_WIDE = Context(prec=1200, rounding=ROUND_HALF_UP)
_FIFTEEN = Context(prec=15, rounding=ROUND_HALF_UP)
LARGEST_EXACT = 10**15
"""Whole numbers below this are displayed exactly."""


def exact(value: Number) -> Decimal:
    """Convert a number to the decimal that Excel displays: fifteen significant digits, 1.005 for the float 1.005.

    Raises:
        NotUnderstoodError: the number is too large for a cell.
    """
    if isinstance(value, int):
        if -LARGEST_EXACT < value < LARGEST_EXACT:
            return Decimal(value)
        if abs(value) >= _CELL_LIMIT:
            raise NotUnderstoodError("a cell cannot contain a number of more than 308 digits")
        return _FIFTEEN.create_decimal(value)
    text = repr(value)  # the shortest decimal; up to 16 characters it has 15 digits at most
    number = Decimal(text if len(text) <= _EXACT_LENGTH else f"{value:.15g}")
    if not number.is_finite():
        raise NotUnderstoodError(f"{value} is not a number that a cell can contain")
    return number


def rounded(number: Decimal, quantum: Decimal) -> Decimal:
    """Round to the places of `quantum` (0.01 for two), halves away from zero."""
    return _WIDE.quantize(number, quantum)


def quantum(places: int) -> Decimal:
    """Return the quantum of a number of decimal places, for `rounded`."""
    return Decimal(1).scaleb(-places)


def split(number: Decimal, places: int) -> tuple[str, str]:
    """Round to `places`; return the digits before and after the point, without leading and trailing zeros."""
    integer, _, fraction = format(rounded(number, quantum(places)), "f").partition(".")
    return integer.lstrip("0"), fraction.rstrip("0")


WIDTH = 11
"""Most characters of a number in General, without its sign (ECMA-376 part 1, 18.8.30)."""

_TOO_WIDE = 10**WIDTH


def general_text(value: Number) -> str:
    """Format a number as General: `0.1 + 0.2` is 0.3, twelve digits are 1.23457E+11.

    A number that a cell cannot contain (infinity, 400 digits) is `#NUM!`, as Excel displays a result out of range.
    """
    if isinstance(value, int):
        if -_TOO_WIDE < value < _TOO_WIDE:
            return str(value)
    else:
        text = repr(value)
        if len(text) > WIDTH:
            text = f"{value:.15g}"
        if len(text) <= WIDTH and "e" not in text and "n" not in text:
            return "0" if not value else text.removesuffix(".0")
    try:
        number = exact(value)
    except NotUnderstoodError:
        return "#NUM!"
    sign = "-" if number < 0 else ""
    return sign + _unsigned(abs(number))


def _unsigned(number: Decimal) -> str:
    exponent = number.adjusted()
    places = 9 - max(exponent, 0)
    if -5 < exponent < WIDTH or (exponent > -10 and number == rounded(number, quantum(9))):
        text = format(rounded(number, quantum(max(places, 0))), "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        if len(text) <= WIDTH:
            return text
    short = rounded(number, quantum(5).scaleb(exponent))
    if exponent == -5 and short.adjusted() == -4:
        return "0.0001"  # rounded from 0.00009999999
    mantissa, _, power = f"{short:.5E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{power[0]}{power[1:].zfill(2)}"


_MISSING = {"0": "0", "?": " ", "#": ""}
_SEPARATOR_OF_MISSING = {"0": ",", "?": " ", "#": ""}


def fill_right(digits: str, pattern: str, *, grouped: bool = False) -> list[str]:
    """Fill the placeholders of an integer from the right; the first one also takes surplus digits."""
    surplus = max(0, len(digits) - len(pattern))
    absent = max(0, len(pattern) - len(digits))
    shown = [_MISSING[place] for place in pattern[:absent]] + list(digits)
    if grouped:
        for index in range(len(shown) - 4, -1, -3):
            shown[index] += "," if index >= absent else _SEPARATOR_OF_MISSING[pattern[index]]
    return ["".join(shown[: surplus + 1]), *shown[surplus + 1 :]]


def fill_left(digits: str, pattern: str) -> list[str]:
    """Fill the placeholders after the point from the left."""
    return [*digits, *(_MISSING[place] for place in pattern[len(digits) :])]


def join_parts(parts: Sequence[LayoutPart], shown: dict[Role, list[str]]) -> str:
    """Join the parts, with the placeholders filled in."""
    queues = {role: iter(texts) for role, texts in shown.items()}
    pieces: list[str] = []
    for part in parts:
        queue = queues.get(part.role)
        if queue is None:
            pieces.append(part.text)
        else:
            pieces.extend(next(queue) for _ in part.text)
    return "".join(pieces)


_SIMPLE_INTEGER = re.compile(r"#*0*")
_SIMPLE_FRACTION = re.compile(r"0*#*")


def number_section(layout: SectionLayout) -> Render:
    """Compile a number section.

    Raises:
        NotUnderstoodError: an exponent has no digits on one side.
    """
    if layout.has_exponent:
        return _scientific(layout)
    return _contiguous(layout) if _is_simple(layout) else _scattered(layout)


def _is_simple(layout: SectionLayout) -> bool:
    """Return whether the digits are contiguous and `str.format` can format them, as in `"$"#,##0.00" USD"`."""
    roles = [part.role for part in layout.number]
    integer = layout.pattern(Role.INTEGER)
    return (
        roles[:1] == [Role.INTEGER]
        and roles[1:] in ([], [Role.POINT], [Role.POINT, Role.FRACTION])
        and _SIMPLE_INTEGER.fullmatch(integer) is not None
        and _SIMPLE_FRACTION.fullmatch(layout.pattern(Role.FRACTION)) is not None
        and not (layout.grouped and integer.count("0") > 1)
    )


def _contiguous(layout: SectionLayout) -> Render:
    """Compile contiguous digits. A fast path for the most common formats."""
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


def _whole_digits(layout: SectionLayout, fraction: str) -> Callable[[int], str]:
    zeros = layout.pattern(Role.INTEGER).count("0")
    template = "{:,d}" if layout.grouped else f"{{:0{zeros}d}}"
    after = "." + "0" * fraction.count("0") if fraction else ""
    show = (template + after).format
    return show if zeros else lambda number: show(number) if number else after


def _decimal_digits(layout: SectionLayout, fraction: str) -> Callable[[Decimal], str]:
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


def _scattered(layout: SectionLayout) -> Render:
    """Compile digits with literals between them (`000-00-0000`), and `?` placeholders."""
    integer, fraction = layout.pattern(Role.INTEGER), layout.pattern(Role.FRACTION)

    def render(value: Number, sign: str) -> str:
        before, after = split(exact(value).scaleb(layout.scale), len(fraction))
        shown = {
            Role.INTEGER: fill_right(before, integer, grouped=layout.grouped),
            Role.FRACTION: fill_left(after, fraction),
        }
        is_zero = bool(integer or fraction) and not (before or after)
        return ("" if is_zero else sign) + join_parts(layout.parts, shown)

    return render


def _scientific(layout: SectionLayout) -> Render:
    integer, fraction, power_pattern = (layout.pattern(role) for role in (Role.INTEGER, Role.FRACTION, Role.POWER))
    if not power_pattern or not (integer or fraction):
        raise NotUnderstoodError("E needs digits on both sides")

    def render(value: Number, sign: str) -> str:
        number = exact(value).scaleb(layout.scale)
        power = _power(number, len(integer), len(fraction))
        before, after = split(number.scaleb(-power), len(fraction))
        digits = fill_right(str(abs(power)), power_pattern)
        digits[0] = ("-" if power < 0 else layout.plus) + digits[0]
        # Zero fills every placeholder before the point: 000.0E+0 in the format ##0.0E+0.
        places = integer if number else "0" * len(integer)
        shown = {
            Role.INTEGER: fill_right(before, places, grouped=layout.grouped),
            Role.FRACTION: fill_left(after, fraction),
            Role.POWER: digits,
        }
        return sign + join_parts(layout.parts, shown)

    return render


def _power(number: Decimal, integers: int, places: int) -> int:
    """Return the exponent: a multiple of the number of digits before the point, 3 for `##0.0E+0`."""
    if not number:
        return 0
    step = max(integers, 1)
    shift = 1 if integers == 0 else 0
    power = number.adjusted() // step * step + shift
    mantissa = rounded(number.scaleb(-power), quantum(places))
    return power + step if mantissa >= Decimal(1).scaleb(integers) else power
