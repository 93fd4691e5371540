"""Numbers as Excel shows them: fifteen significant decimal digits, halves rounded away from zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeAlias

from campaign.sheets.number_format.errors import NotUnderstoodError

Number: TypeAlias = int | float

# Excel's largest number is 9.99999999999999E+307. A format code of 255 characters may add 255 decimals, or multiply by
# a hundred 255 times.
_LARGEST = 10**308
_SHORT = 16
_WIDE = Context(prec=1200, rounding=ROUND_HALF_UP)
_FIFTEEN = Context(prec=15, rounding=ROUND_HALF_UP)
LARGEST_EXACT = 10**15
"""Whole numbers below this are shown to the last digit."""


def exact(value: Number) -> Decimal:
    """The number that Excel shows digits of: 1.005 is 1.005, not the binary fraction just below it.

    Raises:
        NotUnderstoodError: the number is beyond what a cell can hold.
    """
    if isinstance(value, int):
        if -LARGEST_EXACT < value < LARGEST_EXACT:
            return Decimal(value)
        if abs(value) >= _LARGEST:
            raise NotUnderstoodError("no cell holds a number of more than 308 digits")
        return _FIFTEEN.create_decimal(value)
    text = repr(value)  # the shortest spelling; up to 16 characters it has 15 digits at most
    number = Decimal(text if len(text) <= _SHORT else f"{value:.15g}")
    if not number.is_finite():
        raise NotUnderstoodError(f"{value} is not a number that a cell can hold")
    return number


def rounded(number: Decimal, quantum: Decimal) -> Decimal:
    """The number to the places of `quantum` (0.01 for two), halves away from zero."""
    return _WIDE.quantize(number, quantum)


def quantum(places: int) -> Decimal:
    """What `rounded` takes for so many decimal places."""
    return Decimal(1).scaleb(-places)


def split(number: Decimal, places: int) -> tuple[str, str]:
    """The digits before and after the point of a number rounded to `places`, without needless zeros on either side."""
    integer, _, fraction = format(rounded(number, quantum(places)), "f").partition(".")
    return integer.lstrip("0"), fraction.rstrip("0")
