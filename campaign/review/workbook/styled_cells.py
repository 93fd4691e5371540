"""The cells of the results workbook: values that no program mistakes, in the styles that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill

from campaign.review.state_look import LOOKS
from campaign.review.workbook.cell_values import local_time, spreadsheet_string, stored_number
from campaign.review.workbook.columns import TEXT
from campaign.sheets.number_format import CellText

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from openpyxl.worksheet.worksheet import Worksheet

    from campaign import journal

MOMENT = "yyyy-mm-dd hh:mm:ss"

_HEADER_GROUND = "1F3864"
_LONGEST_FORMAT = 255
"""Characters of a number format (Microsoft, "Excel specifications and limits")."""


class StyledCell(Cell):
    """A cell that knows its style: openpyxl else looks it up for each value, and spells the cell's place for an error.

    Its style is to be complete before its first value is written.
    """

    __slots__ = ("_known_style_id",)

    def __init__(self, sheet: Worksheet) -> None:
        super().__init__(sheet, row=1, column=1)
        self._known_style_id: int | None = None

    def __repr__(self) -> str:
        return "<StyledCell>"

    @property
    def has_style(self) -> bool:
        """It has one."""
        return True

    @property
    def style_id(self) -> int:
        """The number of its style in the workbook."""
        if self._known_style_id is None:
            self._known_style_id = int(super().style_id)
        return self._known_style_id


class StyledCells:
    """One cell of each style, filled anew for each value: to style a million cells takes twice as long.

    A cell is good until the next of its style is asked for, so rows have to be appended as generators: a write-only
    sheet writes each cell before it takes the next.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._by_format: dict[str, Cell | None] = {}
        self._text = self._text_cell()
        self._wrapped = self._text_cell(wrapped=True)
        self._latency = self._cell("#,##0.0")
        self._moment = self._cell(MOMENT)
        self._states = {state: self._text_cell() for state in LOOKS}
        for state, look in LOOKS.items():
            cell = self._states[state]
            cell.font, cell.fill = font(colour=look.ink), ground(look.fill)

    def headers(self, headers: Iterable[str]) -> list[Cell]:
        """Headers; each is a cell of its own."""
        cells = []
        for header in headers:
            cell = write(self._text_cell(wrapped="\n" in header), header)
            style_header(cell)
            cells.append(cell)
        return cells

    def text(self, text: str) -> Cell | None:
        """Text that stays text when somebody edits it; None for none."""
        return write(self._text, text) if text else None

    def wrapped(self, text: str) -> Cell:
        """The same in several lines."""
        return write(self._wrapped, text)

    def state(self, state: journal.State) -> Cell:
        """A state's name, in its colours."""
        return write(self._states[state], LOOKS[state].label)

    def latency(self, milliseconds: float | None) -> Cell | None:
        """A length of time."""
        return None if milliseconds is None else write(self._latency, milliseconds)

    def moment(self, at: float | None) -> Cell | None:
        """A date and time of this machine's time zone.

        Args:
            at: seconds since the epoch.
        """
        return None if at is None else write(self._moment, local_time(at))

    def original(self, cell: journal.Cell) -> Cell | None:
        """A cell of the recipients file as that showed it: numbers as numbers, dates as dates, all else as text."""
        number = None if cell.value is None else stored_number(cell.value)
        shown = None if number is None else self._shown_as(cell.number_format)
        return self.text(cell.text) if shown is None or number is None else write(shown, number)

    def _shown_as(self, number_format: str) -> Cell | None:
        """The cell that shows a number in a format; None where it is none, or one that Excel may refuse."""
        if number_format not in self._by_format:
            self._by_format[number_format] = self._cell(number_format) if _is_sound(number_format) else None
        return self._by_format[number_format]

    def _cell(self, number_format: str) -> Cell:
        cell = StyledCell(self._sheet)
        cell.number_format = number_format
        cell.alignment = Alignment(vertical="top")
        return cell

    def _text_cell(self, *, wrapped: bool = False) -> Cell:
        cell = self._cell(TEXT)
        # Indented, as it would else touch the number on its left.
        cell.alignment = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=wrapped)
        return cell


def write(cell: Cell, value: str | float | datetime) -> Cell:
    """Write into a cell what is to stand there as it is; returns the cell."""
    if isinstance(value, str):
        cell.value = spreadsheet_string(value)
        cell.data_type = "s"  # openpyxl takes "=1" for a formula and "#N/A" for an error
    else:
        cell.value = value
    return cell


def style_header(cell: Cell) -> None:
    """Make a cell look like a header. LibreOffice draws no table styles, so headers bring their own."""
    cell.font, cell.fill = font(colour="FFFFFF", bold=True), ground(_HEADER_GROUND)


def font(*, colour: str | None = None, size: int = 11, bold: bool = False) -> Font:
    """The workbook's font; a font that names no face gets a different one from each program."""
    return Font(name="Calibri", family=2, size=size, bold=bold, color=colour)


def ground(colour: str) -> PatternFill:
    """A plain ground."""
    return PatternFill("solid", fgColor=colour)


def _is_sound(number_format: str) -> bool:
    if not 0 < len(number_format) <= _LONGEST_FORMAT:
        return False
    shown = CellText()
    shown.display(1, number_format)
    return number_format not in shown.not_understood
