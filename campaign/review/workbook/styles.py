"""The styles of the results workbook, each made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties

from campaign.recipients.cell_text import CellText
from campaign.review.state_look import LOOKS
from campaign.review.workbook.column_looks import TEXT

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

MOMENT = "yyyy-mm-dd hh:mm:ss"

_HEADER_GROUND = "1F3864"
_LONGEST_FORMAT = 255
"""Characters of a number format (Microsoft, "Excel specifications and limits")."""


class Styles:
    """The numbers that styles have in a workbook, for cells that are written without openpyxl.

    Attributes:
        plain: a whole number.
        text: text that stays text when somebody edits it.
        wrapped: the same in several lines.
        header: a header.
        latency: milliseconds.
        moment: a date and time.
        states: each state's ground and ink.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._formats: dict[str, int | None] = {}
        self.plain = self._cell("General").style_id
        self.text = self._text_cell().style_id
        self.latency = self._cell("#,##0.0").style_id
        self.moment = self._cell(MOMENT).style_id
        self.wrapped = self._text_cell(wrapped=True).style_id
        header = self._text_cell()
        style_header(header)
        self.header = header.style_id
        self.states = {}
        for state, look in LOOKS.items():
            cell = self._text_cell()
            cell.font, cell.fill = font(colour=look.ink), ground(look.fill)
            self.states[state] = cell.style_id

    def shown_as(self, number_format: str) -> int | None:
        """The style that shows a number in a format; None where it is none, or one that Excel may refuse."""
        try:
            return self._formats[number_format]
        except KeyError:
            style = self._cell(number_format).style_id if _is_sound(number_format) else None
            self._formats[number_format] = style
            return style

    def _cell(self, number_format: str) -> Cell:
        cell: Cell = WriteOnlyCell(self._sheet)
        cell.number_format = number_format
        cell.alignment = Alignment(vertical="top")
        return cell

    def _text_cell(self, *, wrapped: bool = False) -> Cell:
        cell = self._cell(TEXT)
        # Indented, as it would else touch the number on its left.
        cell.alignment = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=wrapped)
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


def print_across(sheet: Worksheet) -> None:
    """Print a sheet sideways, all its columns on one page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = int(sheet.PAPERSIZE_A4)
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _is_sound(number_format: str) -> bool:
    if not 0 < len(number_format) <= _LONGEST_FORMAT:
        return False
    shown = CellText()
    shown.display(1, number_format)
    return number_format not in shown.not_understood
