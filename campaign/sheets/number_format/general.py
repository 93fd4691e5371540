"""The General format: up to eleven characters, then scientific notation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.sheets.number_format.decimals import Number, exact, quantum, rounded
from campaign.sheets.number_format.errors import NotUnderstoodError

if TYPE_CHECKING:
    from decimal import Decimal

WIDTH = 11
"""Characters General takes for a number without its sign, decimal point included (ECMA-376 part 1, 18.8.30)."""

_TOO_WIDE = 10**WIDTH


def general_text(value: Number) -> str:
    """A number as General shows it, sign included: `0.1 + 0.2` is 0.3, twelve digits are 1.23457E+11.

    What no cell can hold (infinity, 400 digits) is shown as Excel shows a result out of range: `#NUM!`.
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
        return "0.0001"  # what is left of 0.00009999999
    mantissa, _, power = f"{short:.5E}".partition("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{power[0]}{power[1:].zfill(2)}"
