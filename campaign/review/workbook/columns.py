"""The columns of a sheet: their headers, and how they look, judging by the first rows."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from openpyxl.utils import get_column_letter

from campaign.review.workbook.cell_values import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from campaign.journal import RecordedCell

TEXT = "@"
"""The number format of cells in which all that is typed stays text, "0912" and "=1" included."""
WIDEST = 60
"""Widths of a digit, for the widest column."""

LETTER = 0.88
"""How wide letters are on the average, in widths of a digit."""

_LONGEST_HEADER = 255
_NARROWEST = 8
_FILTER_BUTTON = 3
_MARGIN = 2
_WIDE = frozenset("WF")


class ColumnLook(NamedTuple):
    """A column's width, in widths of a digit, and the number format of its blank cells."""

    width: int
    number_format: str = "General"


def distinct_headers(headers: Iterable[str]) -> list[str]:
    """Make headers differ: Excel repairs a table with two alike in whatever case, a blank or a very long one.

    Returns:
        The same, on one line; "Column C" for a blank one, "Name (2)" for the second "Name".
    """
    taken: set[str] = set()
    distinct = []
    for position, header in enumerate(headers, start=1):
        plain = " ".join(visible(header).split()) or f"Column {get_column_letter(position)}"
        name = _first_free(plain, taken)
        taken.add(name.casefold())
        distinct.append(name)
    return distinct


def column_widths(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[int]:
    """Widths that show headers and texts, as far as no column fills the screen."""
    widths = [display_width(header) + _FILTER_BUTTON for header in headers]
    for row in rows:
        for position, text in enumerate(row[: len(widths)]):
            widths[position] = max(widths[position], display_width(text))
    return [min(max(width + _MARGIN, _NARROWEST), WIDEST) for width in widths]


def typing_formats(columns: int, rows: Iterable[Sequence[RecordedCell]]) -> list[str]:
    """Number formats for what somebody may type into blank cells: as in the first number of the column, else text."""
    formats = [""] * columns
    for row in rows:
        for position, cell in enumerate(row[:columns]):
            if cell.value is not None and not formats[position]:
                formats[position] = cell.number_format
    return [number_format or TEXT for number_format in formats]


def display_width(text: str) -> int:
    """How wide a text is, in widths of a digit: by its longest line."""
    return max((sum(map(_character_width, line)) for line in text.splitlines()), default=0)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _first_free(plain: str, taken: set[str]) -> str:
    name = plain[:_LONGEST_HEADER]
    count = 1
    while name.casefold() in taken:
        count += 1
        mark = f" ({count})"
        name = plain[: _LONGEST_HEADER - len(mark)] + mark
    return name
