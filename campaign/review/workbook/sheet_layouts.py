"""The sheets Results and To fix: their columns and what each row contains."""

from __future__ import annotations

import re
import unicodedata
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openpyxl.utils import get_column_letter

from campaign.journal import State
from campaign.review.phrases import STATE_STYLES
from campaign.review.workbook.cells import TEXT, local_time, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openpyxl.cell import Cell

    from campaign import journal
    from campaign.journal import RowResult
    from campaign.review.workbook.cells import StyledCells

OWN_COLUMNS = ("Status", "Reason", "Message ID", "HTTP status", "Attempts", "Sent at", "Latency ms", "Source row")
REASON = "Reason"
FIX_TITLE = "To fix"
MOST_COLUMNS = 16_384
"""Columns of a sheet (Microsoft, "Excel specifications and limits")."""

LINE = 15
"""Points, for one line."""
MOST_LINES = 10
WIDEST = 60
"""The widest column, in widths of a digit."""
LETTER = 0.88
"""The average width of a letter, in widths of a digit."""

_ATTEMPTED = frozenset({State.SENT, State.FAILED, State.IN_DOUBT, State.SENDING})
_OWN_REASON = re.compile(rf"{REASON}( \(\d+\))?")
_LONGEST_HEADER = 255
_NARROWEST = 8
_FILTER_BUTTON = 3
_MARGIN = 2
_WIDE = frozenset("WF")


class ColumnFormat(NamedTuple):
    """A column's width, in widths of a digit, and the number format of its blank cells."""

    width: int
    number_format: str = "General"


class SheetLayout(Protocol):
    """One kind of sheet.

    Attributes:
        title: the sheet's name.
        headers: its headers.
        is_table: whether it is a real table, whose headers must differ.
    """

    title: str
    headers: list[str]
    is_table: bool

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths and number formats from the first rows."""
        ...

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each valid until the next is requested."""
        ...

    def height(self, result: RowResult) -> int | None:
        """The height of a row, in points; None for one line."""
        ...


class ResultsLayout:
    """Every row: the original columns, then its outcome."""

    title = "Results"
    is_table = True

    def __init__(self, headers: Sequence[str], cells: StyledCells) -> None:
        originals = headers[: MOST_COLUMNS - len(OWN_COLUMNS)]
        self.headers = distinct_headers([*originals, *OWN_COLUMNS])
        self._originals = len(originals)
        self._cells = cells

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths and number formats from the first rows."""
        return [ColumnFormat(width) for width in column_widths(self.headers, map(self._texts, sample))]

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each valid until the next is requested."""
        cells = self._cells
        yield from map(cells.original, result.cells[: self._originals])
        yield cells.state(result.state)
        yield cells.text(_on_one_line(result.reason))
        yield cells.text(result.message_id or "")
        yield result.http_status
        yield result.attempts
        yield cells.date_time(_attempted_at(result))
        yield cells.latency(_milliseconds(result))
        yield result.row

    def height(self, _result: RowResult) -> int | None:
        """Always one line."""
        return None

    def _texts(self, result: RowResult) -> list[str]:
        at, latency = _attempted_at(result), _milliseconds(result)
        return [
            *(cell.text for cell in result.cells[: self._originals]),
            STATE_STYLES[result.state].label,
            _on_one_line(result.reason),
            result.message_id or "",
            "",
            "",
            "" if at is None else f"{local_time(at):%Y-%m-%d %H:%M:%S}",
            "" if latency is None else f"{latency:,.1f}",
            "",
        ]


class ToFixLayout:
    """The rows to fix under the original headers, and why: itself a recipients file.

    Args:
        headers: the original headers.
        sheet: the sheet they were read from; the reasons of an earlier To fix sheet are replaced.
        cells: the workbook's cells.
    """

    title = FIX_TITLE
    is_table = False

    def __init__(self, headers: Sequence[str], sheet: str | None, cells: StyledCells) -> None:
        originals = list(headers[: MOST_COLUMNS - 1])
        if _has_old_reasons(originals, sheet):
            originals.pop()
        self.headers = [*originals, distinct_headers([*originals, REASON])[-1]]
        self._originals = len(originals)
        self._cells = cells

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths and number formats from the first rows."""
        count = self._originals
        texts = [[*(cell.text for cell in result.cells[:count]), _why(result)] for result in sample]
        formats = typing_formats(count, [result.cells for result in sample])
        widths = column_widths(self.headers, texts)
        return [*map(ColumnFormat, widths, formats), ColumnFormat(widths[-1])]

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each valid until the next is requested."""
        yield from map(self._cells.original, result.cells[: self._originals])
        yield self._cells.wrapped(_why(result))

    def height(self, result: RowResult) -> int | None:
        """The height that a reason of several lines needs, which not every spreadsheet program computes."""
        lines = sum(ceil(max(1.0, LETTER * display_width(line)) / WIDEST) for line in _why(result).split("\n"))
        return None if lines == 1 else LINE * min(lines, MOST_LINES)


def _has_old_reasons(headers: Sequence[str], sheet: str | None) -> bool:
    # In any other sheet, a column "Reason" is the operator's and may be part of the message.
    return bool(headers) and (sheet or "").startswith(FIX_TITLE) and _OWN_REASON.fullmatch(headers[-1]) is not None


def _on_one_line(reason: str) -> str:
    # LibreOffice draws further lines over the row below.
    return " | ".join(reason.splitlines())


def _why(result: RowResult) -> str:
    style = STATE_STYLES[result.state]
    return f"{style.label} (row {result.row} of the list): {result.reason or style.meaning}"


def _attempted_at(result: RowResult) -> float | None:
    return result.at if result.state in _ATTEMPTED else None


def _milliseconds(result: RowResult) -> float | None:
    return None if result.latency is None else round(result.latency * 1000, 1)


def distinct_headers(headers: Iterable[str]) -> list[str]:
    """Make headers unique: Excel repairs a table with a blank, very long or repeated header, ignoring case.

    Returns:
        The headers on one line; "Column C" for a blank one, "Name (2)" for the second "Name".
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
    """Column widths that fit headers and texts, up to `WIDEST`."""
    widths = [display_width(header) + _FILTER_BUTTON for header in headers]
    for row in rows:
        for position, text in enumerate(row[: len(widths)]):
            widths[position] = max(widths[position], display_width(text))
    return [min(max(width + _MARGIN, _NARROWEST), WIDEST) for width in widths]


def typing_formats(columns: int, rows: Iterable[Sequence[journal.RecordedCell]]) -> list[str]:
    """Number formats for the blank cells of each column: that of its first number, otherwise text."""
    formats = [""] * columns
    for row in rows:
        for position, cell in enumerate(row[:columns]):
            if cell.value is not None and not formats[position]:
                formats[position] = cell.number_format
    return [number_format or TEXT for number_format in formats]


def display_width(text: str) -> int:
    """The width of a text's longest line, in widths of a digit."""
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
