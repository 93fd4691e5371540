"""The XML of the cells of large sheets, by kind: written as text, which takes a tenth of the time that objects take.

A cell is made without its reference, which the row adds: `<c r="B2"` and what is made here. Texts are inline strings,
so that no text is a formula. Styles are openpyxl's, and are known by their numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.cell import Cell
from openpyxl.styles import Alignment
from openpyxl.utils.datetime import to_excel

from campaign.review.phrases import STATE_STYLES, style_of
from campaign.review.workbook.cells import (
    DATE_TIME,
    TEXT,
    font,
    ground,
    is_sound,
    local_time,
    spreadsheet_string,
    stored_number,
    style_header,
)

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from campaign import journal

NEWLINES = ("\n", "\r")


class CellXml:
    """Makes the XML of cells in the styles of one workbook."""

    def __init__(self, sheet: Worksheet, *, under_way: bool = False) -> None:
        """Register the styles; `sheet` is any sheet of the workbook; `under_way`: a delivery is at work on the run."""
        self._sheet = sheet
        self._text = self._style(_text_cell(sheet))
        self._wrapped = self._style(_text_cell(sheet, wrapped=True))
        self._plain = self._number_style("General")
        self._latency = self._number_style("#,##0.0")
        self._date_time = self._number_style(DATE_TIME)
        self._by_format: dict[str, int | None] = {}
        self._states = {state: self._state(state, under_way=under_way) for state in STATE_STYLES}

    def text(self, text: str) -> str | None:
        """Text that remains text when it is edited; None for empty text."""
        return _string(self._text, text) if text else None

    def wrapped(self, text: str) -> str | None:
        """Text that wraps; None for empty text."""
        return _string(self._wrapped, text) if text else None

    def header(self, text: str) -> str:
        """A header."""
        cell = _text_cell(self._sheet, wrapped="\n" in text)
        style_header(cell)
        return _string(self._style(cell), text)

    def state(self, state: journal.State) -> str:
        """A state's label, in its colours."""
        return self._states[state]

    def number(self, number: float | None) -> str | None:
        """A number; None for none."""
        return None if number is None else f' s="{self._plain}"><v>{number!r}</v></c>'

    def latency(self, milliseconds: float | None) -> str | None:
        """A latency; None for none."""
        return None if milliseconds is None else f' s="{self._latency}"><v>{milliseconds!r}</v></c>'

    def date_time(self, at: float | None) -> str | None:
        """A local date and time; None for none.

        Args:
            at: seconds since the epoch.
        """
        if at is None:
            return None
        return f' s="{self._date_time}"><v>{to_excel(local_time(at))!r}</v></c>'  # type: ignore[no-untyped-call]

    def original(self, cell: journal.RecordedCell) -> str | None:
        """A cell of the recipients file as displayed there: numbers and dates as such, anything else as text."""
        number = None if cell.value is None else stored_number(cell.value)
        style = None if number is None else self._shown_as(cell.number_format)
        return self.text(cell.text) if style is None or number is None else f' s="{style}"><v>{+number!r}</v></c>'

    def _shown_as(self, number_format: str) -> int | None:
        """The style of a number format; None where the format is empty or Excel may reject it."""
        if number_format not in self._by_format:
            sound = is_sound(number_format)
            self._by_format[number_format] = self._number_style(number_format) if sound else None
        return self._by_format[number_format]

    def _number_style(self, number_format: str) -> int:
        cell = Cell(self._sheet, row=1, column=1)
        cell.number_format = number_format
        cell.alignment = Alignment(vertical="top")
        return self._style(cell)

    def _state(self, state: journal.State, *, under_way: bool) -> str:
        style = style_of(state, under_way=under_way)
        cell = _text_cell(self._sheet)
        cell.font, cell.fill = font(colour=style.ink), ground(style.fill)
        return _string(self._style(cell), style.label)

    def _style(self, cell: Cell) -> int:
        return int(cell.style_id)


def _text_cell(sheet: Worksheet, *, wrapped: bool = False) -> Cell:
    cell = Cell(sheet, row=1, column=1)
    cell.number_format = TEXT
    # Indented, as the text would otherwise touch the number on its left.
    cell.alignment = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=wrapped)
    return cell


def _string(style: int, text: str) -> str:
    written = spreadsheet_string(text)
    if "&" in written or "<" in written or ">" in written:
        written = written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    space = "" if written == written.strip() else ' xml:space="preserve"'
    return f' s="{style}" t="inlineStr"><is><t{space}>{written}</t></is></c>'
