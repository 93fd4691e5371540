"""Writing the sheet Summary from top to bottom, in four columns."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment

from campaign.review.state_look import LOOKS
from campaign.review.workbook.columns import LETTER, display_width
from campaign.review.workbook.styled_cells import MOMENT, font, ground, style_header, write

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.journal import State

_WIDTHS = {"A": 22, "B": 13, "C": 26, "D": 60, "E": 3}
_LETTERS = "ABCD"
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
_IN_LINES = Alignment(vertical="top", wrap_text=True)
_INDENTED = Alignment(vertical="top", horizontal="left", wrap_text=True, indent=1)


class SummaryPage:
    """Writes the cells of the current row, and that into the sheet when it ends.

    Attributes:
        sheet: the sheet, a write-only one.
        row: the current row's number.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.row = 1
        self._cells: dict[str, Cell] = {}
        sheet.sheet_view.showGridLines = False
        for letter, width in _WIDTHS.items():
            sheet.column_dimensions[letter].width = width

    def title(self, title: str, subtitle: str) -> None:
        """The beginning of the page."""
        self.sentence(title, 18, bold=True)
        self.sentence(subtitle, 13)
        self.end_row()

    def sentence(self, text: str, size: int = _NORMAL, *, bold: bool = False) -> None:
        """A row with a sentence across all columns."""
        cell = self._put("A", text, _IN_LINES)
        cell.font = font(size=size, bold=bold)
        self.sheet.merged_cells.add(f"A{self.row}:D{self.row}")
        self._make_room(text, _ACROSS, size)
        self.end_row()

    def heading(self, *texts: str) -> None:
        """A row with the headers of a table."""
        alignments = (_TOP, _RIGHT, _INDENTED, _INDENTED)
        for letter, text, alignment in zip(_LETTERS, (*texts, "", "", "")[:4], alignments, strict=True):
            style_header(self._put(letter, text or None, alignment))
        self.end_row()

    def state(self, state: State) -> None:
        """A state's name, in its colours."""
        look = LOOKS[state]
        cell = self._put("A", look.label, _TOP)
        cell.fill, cell.font = ground(look.fill), font(colour=look.ink, bold=True)

    def number(self, letter: str, number: float, number_format: str = "#,##0") -> None:
        """A number."""
        self._put(letter, number, _TOP if letter == "B" else _INDENTED).number_format = number_format

    def moment(self, letter: str, moment: datetime) -> None:
        """A date and time."""
        self._put(letter, moment, _LEFT).number_format = MOMENT

    def text(self, letter: str, text: str) -> None:
        """A text, in several lines where it is long."""
        self._put(letter, text, _INDENTED)
        self._make_room(text, _WIDTHS[letter] - _INDENT)

    def fact(self, name: str, value: str | int | datetime) -> None:
        """A row with a name and what stands behind it."""
        self._put("A", name, _TOP)
        if isinstance(value, datetime):
            self.moment("B", value)
        else:
            self._put("B", value, _LEFT)
        self.sheet.merged_cells.add(f"B{self.row}:D{self.row}")
        self.end_row()

    def end_row(self) -> None:
        """Go to the next row."""
        self.sheet.append([self._cells.get(letter) for letter in _LETTERS])
        self._cells.clear()
        self.row += 1

    def _make_room(self, text: str, width: int, size: int = _NORMAL) -> None:
        """Make the row high enough: programs do so for some wrapped cells only, and for merged ones never."""
        room = width * _NORMAL / (size * LETTER)
        lines = sum(max(1, ceil(display_width(line) / room)) for line in text.splitlines())
        dimension = self.sheet.row_dimensions[self.row]
        dimension.height = max(dimension.height or 0, min(_LINE * lines * size / _NORMAL, _HIGHEST))

    def _put(self, letter: str, value: str | float | datetime | None, alignment: Alignment) -> Cell:
        cell: Cell = WriteOnlyCell(self.sheet)
        cell.alignment = alignment
        self._cells[letter] = cell
        return cell if value is None else write(cell, value)
