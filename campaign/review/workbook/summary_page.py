"""Writing the sheet Summary from top to bottom, in four columns."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING

from openpyxl.styles import Alignment

from campaign.review.state_look import LOOKS
from campaign.review.workbook.column_looks import display_width
from campaign.review.workbook.storable_text import spreadsheet_string
from campaign.review.workbook.styles import MOMENT, font, ground, print_across, style_header

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.journal import State

_WIDTHS = {"A": 22, "B": 13, "C": 26, "D": 60, "E": 3}
_ACROSS = sum(_WIDTHS[letter] for letter in "ABCD")
_NORMAL = 11
_LINE = 15.5
"""Points, for a line of the normal size."""
_LETTER = 0.88
"""How wide letters are on the average, in widths of a digit."""
_HIGHEST = 409
"""Points (Microsoft, "Excel specifications and limits")."""
_INDENT = 2
_TOP = Alignment(vertical="top")
_LEFT = Alignment(vertical="top", horizontal="left")
_RIGHT = Alignment(vertical="top", horizontal="right")
_IN_LINES = Alignment(vertical="top", wrap_text=True)
_INDENTED = Alignment(vertical="top", horizontal="left", wrap_text=True, indent=1)


class SummaryPage:
    """Writes into the current row.

    Attributes:
        sheet: the sheet.
        row: the current row's number.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.row = 1
        sheet.title = "Summary"
        sheet.sheet_view.showGridLines = False
        print_across(sheet)
        for letter, width in _WIDTHS.items():
            sheet.column_dimensions[letter].width = width

    def title(self, title: str, subtitle: str) -> None:
        """The beginning of the page."""
        self.sentence(title, 18, bold=True)
        self.sentence(subtitle, 13)
        self.gap()

    def sentence(self, text: str, size: int = _NORMAL, *, bold: bool = False) -> None:
        """A row with a sentence across all columns."""
        cell = self._put("A", text)
        cell.font = font(size=size, bold=bold)
        cell.alignment = _IN_LINES
        self.sheet.merge_cells(f"A{self.row}:D{self.row}")
        self._make_room(text, _ACROSS, size)
        self.row += 1

    def heading(self, *texts: str) -> None:
        """A row with the headers of a table."""
        for letter, text in zip("ABCD", (*texts, "", "", "")[:4], strict=True):
            cell = self._put(letter, text)
            style_header(cell)
        self.sheet[f"B{self.row}"].alignment = _RIGHT
        for letter in "CD":
            self.sheet[f"{letter}{self.row}"].alignment = _INDENTED
        self.row += 1

    def state(self, state: State) -> None:
        """A state's name, in its colours."""
        look = LOOKS[state]
        cell = self._put("A", look.label)
        cell.fill, cell.font = ground(look.fill), font(colour=look.ink, bold=True)
        cell.alignment = _TOP

    def number(self, letter: str, number: float, number_format: str = "#,##0") -> None:
        """A number."""
        cell = self._put(letter, number)
        cell.number_format = number_format
        cell.alignment = _TOP if letter == "B" else _INDENTED

    def moment(self, letter: str, moment: datetime) -> None:
        """A date and time."""
        cell = self._put(letter, moment)
        cell.number_format = MOMENT
        cell.alignment = _LEFT

    def text(self, letter: str, text: str) -> None:
        """A text, in several lines where it is long."""
        self._put(letter, text).alignment = _INDENTED
        self._make_room(text, _WIDTHS[letter] - _INDENT)

    def fact(self, name: str, value: str | int | datetime) -> None:
        """A row with a name and what stands behind it."""
        self._put("A", name).alignment = _TOP
        cell = self._put("B", value)
        if isinstance(value, datetime):
            cell.number_format = MOMENT
        cell.alignment = _LEFT
        self.sheet.merge_cells(f"B{self.row}:D{self.row}")
        self.row += 1

    def gap(self) -> None:
        """A blank row."""
        self.row += 1

    def _make_room(self, text: str, width: int, size: int = _NORMAL) -> None:
        """Make the row high enough: programs do so for some wrapped cells only, and for merged ones never."""
        room = width * _NORMAL / (size * _LETTER)
        lines = sum(max(1, ceil(display_width(line) / room)) for line in text.splitlines())
        dimension = self.sheet.row_dimensions[self.row]
        dimension.height = max(dimension.height or 0, min(_LINE * lines * size / _NORMAL, _HIGHEST))

    def _put(self, letter: str, value: str | float | datetime) -> Cell:
        cell: Cell = self.sheet[f"{letter}{self.row}"]
        if not isinstance(value, str):
            cell.value = value
        elif value:
            cell.value = spreadsheet_string(value)
            cell.data_type = "s"  # text is text, also where it begins with "="
        return cell
