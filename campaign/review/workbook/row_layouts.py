"""What stands in the rows of the sheets Results and To fix."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Protocol

from campaign.journal import State
from campaign.review.state_look import LOOKS
from campaign.review.workbook.cell_values import local_time
from campaign.review.workbook.columns import (
    LETTER,
    WIDEST,
    ColumnLook,
    column_widths,
    display_width,
    distinct_headers,
    typing_formats,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openpyxl.cell import Cell

    from campaign.journal import RowResult
    from campaign.review.workbook.styled_cells import StyledCells

OWN_COLUMNS = ("Status", "Reason", "Message ID", "HTTP status", "Attempts", "Sent at", "Latency ms", "Source row")
REASON = "Reason"
FIX_TITLE = "To fix"
MOST_COLUMNS = 16_384
"""Columns of a sheet (Microsoft, "Excel specifications and limits")."""

LINE = 15
"""Points."""
MOST_LINES = 10
_ATTEMPTED = frozenset({State.SENT, State.FAILED, State.IN_DOUBT, State.SENDING})
_OWN_REASON = re.compile(rf"{REASON}( \(\d+\))?")


class Layout(Protocol):
    """One kind of sheet.

    Attributes:
        title: the sheet's name.
        headers: its headers.
        is_table: whether it is a real table, whose headers must differ.
    """

    title: str
    headers: list[str]
    is_table: bool

    def looks(self, sample: Sequence[RowResult]) -> list[ColumnLook]:
        """How the columns look, judging by the first rows."""
        ...

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each good until the next is asked for."""
        ...

    def height(self, result: RowResult) -> int | None:
        """The height of a row, in points; None for that of one line."""
        ...


class ResultsLayout:
    """Every row: the original columns, then what became of it."""

    title = "Results"
    is_table = True

    def __init__(self, headers: Sequence[str], cells: StyledCells) -> None:
        originals = headers[: MOST_COLUMNS - len(OWN_COLUMNS)]
        self.headers = distinct_headers([*originals, *OWN_COLUMNS])
        self._originals = len(originals)
        self._cells = cells

    def looks(self, sample: Sequence[RowResult]) -> list[ColumnLook]:
        """How the columns look, judging by the first rows."""
        return [ColumnLook(width) for width in column_widths(self.headers, map(self._texts, sample))]

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each good until the next is asked for."""
        cells = self._cells
        yield from map(cells.original, result.cells[: self._originals])
        yield cells.state(result.state)
        yield cells.text(_on_one_line(result.reason))
        yield cells.text(result.message_id or "")
        yield result.http_status
        yield result.attempts
        yield cells.moment(_attempted_at(result))
        yield cells.latency(_milliseconds(result))
        yield result.row

    def height(self, _result: RowResult) -> int | None:
        """That of one line."""
        return None

    def _texts(self, result: RowResult) -> list[str]:
        at, latency = _attempted_at(result), _milliseconds(result)
        return [
            *(cell.text for cell in result.cells[: self._originals]),
            LOOKS[result.state].label,
            _on_one_line(result.reason),
            result.message_id or "",
            "",
            "",
            "" if at is None else f"{local_time(at):%Y-%m-%d %H:%M:%S}",
            "" if latency is None else f"{latency:,.1f}",
            "",
        ]


class FixLayout:
    """The rows that somebody has to look at, under the original headers, and why: itself a recipients file.

    Args:
        headers: the original ones.
        sheet: where they were read; a To fix sheet brings a column of reasons of its own, whose place ours takes.
        cells: the workbook's.
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

    def looks(self, sample: Sequence[RowResult]) -> list[ColumnLook]:
        """How the columns look, judging by the first rows."""
        count = self._originals
        texts = [[*(cell.text for cell in result.cells[:count]), _why(result)] for result in sample]
        formats = typing_formats(count, [result.cells for result in sample])
        widths = column_widths(self.headers, texts)
        return [*map(ColumnLook, widths, formats), ColumnLook(widths[-1])]

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each good until the next is asked for."""
        yield from map(self._cells.original, result.cells[: self._originals])
        yield self._cells.wrapped(_why(result))

    def height(self, result: RowResult) -> int | None:
        """Room for a reason in several lines, which not every spreadsheet program makes by itself."""
        lines = sum(ceil(max(1.0, LETTER * display_width(line)) / WIDEST) for line in _why(result).split("\n"))
        return None if lines == 1 else LINE * min(lines, MOST_LINES)


def _has_old_reasons(headers: Sequence[str], sheet: str | None) -> bool:
    # A column "Reason" of any other sheet is the operator's own, and may well be part of the message.
    return bool(headers) and (sheet or "").startswith(FIX_TITLE) and _OWN_REASON.fullmatch(headers[-1]) is not None


def _on_one_line(reason: str) -> str:
    # LibreOffice draws further lines over the row below.
    return " | ".join(reason.splitlines())


def _why(result: RowResult) -> str:
    look = LOOKS[result.state]
    return f"{look.label} (row {result.row} of the list): {result.reason or look.meaning}"


def _attempted_at(result: RowResult) -> float | None:
    return result.at if result.state in _ATTEMPTED else None


def _milliseconds(result: RowResult) -> float | None:
    return None if result.latency is None else round(result.latency * 1000, 1)
