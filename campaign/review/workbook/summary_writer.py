"""Writing a sheet of four columns from top to bottom: titles, large figures, tables, facts."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment
from openpyxl.worksheet.hyperlink import Hyperlink

from campaign.review.phrases import style_of
from campaign.review.workbook.cells import DATE_TIME, font, ground, style_header, write
from campaign.review.workbook.sheet_layouts import LETTER, display_width

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.journal import State
    from campaign.review.phrases import StateStyle

_WIDTHS = {"A": 22, "B": 20, "C": 26, "D": 56, "E": 3}
_LETTERS = "ABCD"
_LARGE = 20
_LINK = "0563C1"
_ACROSS = sum(_WIDTHS[letter] for letter in _LETTERS)
_NORMAL = 11
_LINE = 15.5
"""Points, for a line of the normal size."""
_HIGHEST = 409
"""Points (Microsoft, "Excel specifications and limits")."""
_INDENT = 2
_TOP = Alignment(vertical="top")
_LEFT = Alignment(vertical="top", horizontal="left")
_RIGHT = Alignment(vertical="top", horizontal="right")
_LEFT_IN_LINES = Alignment(vertical="top", horizontal="left", wrap_text=True)
_IN_LINES = Alignment(vertical="top", wrap_text=True)
_INDENTED = Alignment(vertical="top", horizontal="left", wrap_text=True, indent=1)


class SummaryWriter:
    """Writes the sheet row by row: cells into the current row, then the row into the sheet.

    Attributes:
        sheet: the sheet, empty at first.
        row: the current row's number.
        under_way: whether a delivery is at work on the run.
    """

    def __init__(self, sheet: Worksheet, *, under_way: bool = False) -> None:
        self.sheet = sheet
        self.under_way = under_way
        self.row = 1
        self._cells: dict[str, Cell] = {}
        sheet.sheet_view.showGridLines = False
        for letter, width in _WIDTHS.items():
            sheet.column_dimensions[letter].width = width

    def title(self, title: str, subtitle: str) -> None:
        """Write the title and the subtitle."""
        self.sentence(title, 18, bold=True)
        self.sentence(subtitle, 13)
        self.end_row()

    def sentence(self, text: str, size: int = _NORMAL, *, bold: bool = False) -> None:
        """Write a row with a sentence across all columns."""
        cell = self._put("A", text, _IN_LINES)
        cell.font = font(size=size, bold=bold)
        self.sheet.merged_cells.add(f"A{self.row}:D{self.row}")
        self._make_room(text, _ACROSS, size)
        self.end_row()

    def heading(self, *texts: str) -> None:
        """Write a row with the headers of a table."""
        alignments = (_TOP, _RIGHT, _INDENTED, _INDENTED)
        for letter, text, alignment in zip(_LETTERS, (*texts, "", "", "")[:4], alignments, strict=True):
            style_header(self._put(letter, text or None, alignment))
        self.end_row()

    def style(self, state: State) -> StateStyle:
        """How a state is shown."""
        return style_of(state, under_way=self.under_way)

    def state(self, state: State) -> None:
        """Put a state's label, in its colours, into column A."""
        style = self.style(state)
        cell = self._put("A", style.label, _TOP)
        cell.fill, cell.font = ground(style.fill), font(colour=style.ink, bold=True)

    def figure(self, letter: str, number: int, colour: str) -> None:
        """Put a large number into a column."""
        cell = self._put(letter, number, _LEFT)
        cell.number_format, cell.font = "#,##0", font(size=_LARGE, bold=True, colour=colour)
        self.sheet.row_dimensions[self.row].height = 1.4 * _LARGE

    def caption(self, letter: str, text: str, colour: str) -> None:
        """Put what a large number means below it."""
        self._put(letter, text, _LEFT).font = font(colour=colour, bold=True)

    def label(self, text: str) -> None:
        """Put a name into column A."""
        self._put("A", text, _TOP)

    def number(self, letter: str, number: float, number_format: str = "#,##0") -> None:
        """Put a number into a column."""
        self._put(letter, number, _TOP if letter == "B" else _INDENTED).number_format = number_format

    def date_time(self, letter: str, value: datetime) -> None:
        """Put a date and time into a column."""
        self._put(letter, value, _LEFT).number_format = DATE_TIME

    def text(self, letter: str, text: str) -> None:
        """Put a text into a column; a long one wraps."""
        self._put(letter, text, _INDENTED)
        self._make_room(text, _WIDTHS[letter] - _INDENT)

    def fact(self, name: str, value: str | int | datetime) -> None:
        """Write a row with a name and its value."""
        self._put("A", name, _TOP)
        if isinstance(value, datetime):
            self.date_time("B", value)
        elif isinstance(value, str):
            self._put("B", value, _LEFT_IN_LINES)
            self._make_room(value, sum(_WIDTHS[letter] for letter in "BCD") - _INDENT)
        else:
            self._put("B", value, _LEFT)
        self.sheet.merged_cells.add(f"B{self.row}:D{self.row}")
        self.end_row()

    def link(self, letter: str, place: str) -> None:
        """Make a cell of the row above a link to a place in the workbook."""
        cell = self.sheet[f"{letter}{self.row - 1}"]
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=place)
        cell.font = font(colour=_LINK, underline=True)

    def end_row(self) -> None:
        """Write the current row and begin the next."""
        self.sheet.append([self._cells.get(letter) for letter in _LETTERS])
        self._cells.clear()
        self.row += 1

    def _make_room(self, text: str, width: int, size: int = _NORMAL) -> None:
        """Make the row high enough, which programs do for some wrapped cells only, and never for merged ones."""
        room = width * _NORMAL / (size * LETTER)
        lines = sum(max(1, ceil(display_width(line) / room)) for line in text.splitlines())
        dimension = self.sheet.row_dimensions[self.row]
        dimension.height = max(dimension.height or 0, min(_LINE * lines * size / _NORMAL, _HIGHEST))

    def _put(self, letter: str, value: str | float | datetime | None, alignment: Alignment) -> Cell:
        cell: Cell = WriteOnlyCell(self.sheet)
        cell.alignment = alignment
        self._cells[letter] = cell
        return cell if value is None else write(cell, value)
