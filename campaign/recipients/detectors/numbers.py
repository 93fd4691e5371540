"""Numbers that a spreadsheet program has changed, or shows as a message must not."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.sheets import CellValue

SCIENTIFIC = re.compile(r"-?\d(?:[.,]\d+)?E[+-]\d+")
DIGITS_KEPT = 15
"""Excel keeps fifteen digits of a number (Microsoft, “Excel specifications and limits”: number precision)."""


def ruin_of(value: CellValue, text: str, number_format: str, *, is_id: bool) -> str:
    """Return what is wrong with a number, "" if nothing is.

    Only numeric cells are looked at: a text is what somebody typed, and a text of digits can be an id.

    Args:
        value: the cell's value as stored.
        text: the cell as displayed.
        number_format: its number format code.
        is_id: whether the cell is part of a destination.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if SCIENTIFIC.fullmatch(text):
        # A measurement may be meant so; a whole number in the General format was only too long for its cell.
        meant = not is_id and (number_format != "General" or value != int(value))
        return "" if meant else "is in scientific notation"
    if len(text) > DIGITS_KEPT and text.isdecimal() and has_lost_digits(value):
        return f"has {len(text)} digits, of which Excel keeps {DIGITS_KEPT}"
    return ""


def has_lost_digits(number: float) -> bool:
    """Whether a number of 16 or more digits has only zeros after the fifteenth."""
    exact = Decimal(repr(number))
    return exact % Decimal(10) ** (exact.adjusted() - DIGITS_KEPT + 1) == 0
