"""The cells of the results workbook: values that a workbook can contain, in reusable styled cells."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.datetime import to_excel

from campaign.review.phrases import STATE_STYLES
from campaign.sheets.number_format import CellText

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpyxl.worksheet.worksheet import Worksheet

    from campaign import journal
    from campaign.sheets import CellValue

TEXT = "@"
"""The number format of cells in which everything that is typed remains text, "0912" and "=1" included."""
DATE_TIME = "yyyy-mm-dd hh:mm:ss"
MOST_UNITS = 32_767
"""The longest text of a cell, in UTF-16 units (Microsoft, "Excel specifications and limits")."""

_LONGEST_FORMAT = 255
"""Characters of a number format (same source)."""
_LARGEST_NUMBER = 9.99999999999999e307  # same source
_HEADER_GROUND = "1F3864"
_FIRST_SURE_MONTH = (1900, 3)
# Characters that XML 1.0 cannot represent (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MISREAD = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|\r")
_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f_\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    r"""Escape what a workbook cannot contain as `\x07` or `\ud83d`, and cut a text that is too long, with a mark."""
    return _cut(_NO_XML.sub(_named, text), len(text))


def spreadsheet_string(text: str) -> str:
    """Encode visible text as SpreadsheetML does (ECMA-376-1, 22.9.2.19).

    `_x0041_` would be read as an escaped "A", and a bare carriage return as a line feed.
    """
    if len(text) <= MOST_UNITS // 2 and not _SPECIAL.search(text):
        return text
    # The encoded text may be longer; openpyxl would cut it without a mark.
    return _cut(_MISREAD.sub(_escaped, visible(text)), len(text))


def stored_number(value: CellValue) -> float | None:
    """Convert a number, date or time to the number that a cell stores; None where the cell can only show its text."""
    if isinstance(value, (bool, int, float)):
        return value if abs(value) <= _LARGEST_NUMBER else None
    if isinstance(value, (datetime, date, time, timedelta)) and _has_serial(value):
        serial: float = to_excel(value)  # type: ignore[no-untyped-call]
        return serial
    return None


def local_time(at: float) -> datetime:
    """Convert a timestamp to a naive local time, as workbooks have no time zones.

    Args:
        at: seconds since the epoch.
    """
    return datetime.fromtimestamp(at, UTC).astimezone().replace(tzinfo=None)


def time_zone(at: float) -> str:
    """Name the local time zone at a timestamp, such as "UTC+07:00 (ICT)"."""
    there = datetime.fromtimestamp(at, UTC).astimezone()
    return f"UTC{there.isoformat()[-6:]} ({there:%Z})"


def _named(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _escaped(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"


def _cut(text: str, characters: int) -> str:
    if len(text) <= MOST_UNITS // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_UNITS:
        return text
    mark = f"… [cut, {characters:,} characters in all]"
    # "ignore": the cut may go through the middle of a character.
    return units[: 2 * (MOST_UNITS - len(mark))].decode("utf-16-le", "ignore") + mark


def _has_serial(value: date | time | timedelta) -> bool:
    """Whether Excel shows it unchanged: it has no time zones, no negative times, and a 29 February 1900."""
    if isinstance(value, timedelta):
        return value >= timedelta(0)
    if isinstance(value, (datetime, time)) and value.tzinfo is not None:
        return False
    return isinstance(value, time) or (value.year, value.month) >= _FIRST_SURE_MONTH


class StyledCell(Cell):
    """A cell with a cached style id, which openpyxl otherwise looks up for each value.

    Set the style completely before writing the first value.
    """

    __slots__ = ("_known_style_id",)

    def __init__(self, sheet: Worksheet) -> None:
        super().__init__(sheet, row=1, column=1)
        self._known_style_id: int | None = None

    def __repr__(self) -> str:
        return "<StyledCell>"

    @property
    def has_style(self) -> bool:
        """Always true."""
        return True

    @property
    def style_id(self) -> int:
        """The index of its style in the workbook."""
        if self._known_style_id is None:
            self._known_style_id = int(super().style_id)
        return self._known_style_id


class StyledCells:
    """One cell of each style, reused for each value: creating and styling a cell per value takes twice as long.

    A cell is valid until the next one of its style is requested, so append rows as generators: a write-only sheet
    writes each cell before it requests the next.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._by_format: dict[str, Cell | None] = {}
        self._text = self._text_cell()
        self._wrapped = self._text_cell(wrapped=True)
        self._latency = self._cell("#,##0.0")
        self._date_time = self._cell(DATE_TIME)
        self._states = {state: self._text_cell() for state in STATE_STYLES}
        for state, style in STATE_STYLES.items():
            cell = self._states[state]
            cell.font, cell.fill = font(colour=style.ink), ground(style.fill)

    def headers(self, headers: Iterable[str]) -> list[Cell]:
        """Make header cells; each is a separate cell."""
        cells = []
        for header in headers:
            cell = write(self._text_cell(wrapped="\n" in header), header)
            style_header(cell)
            cells.append(cell)
        return cells

    def text(self, text: str) -> Cell | None:
        """Text that remains text when it is edited; None for empty text."""
        return write(self._text, text) if text else None

    def wrapped(self, text: str) -> Cell:
        """Text that wraps."""
        return write(self._wrapped, text)

    def state(self, state: journal.State) -> Cell:
        """A state's label, in its colours."""
        return write(self._states[state], STATE_STYLES[state].label)

    def latency(self, milliseconds: float | None) -> Cell | None:
        """A latency; None for none."""
        return None if milliseconds is None else write(self._latency, milliseconds)

    def date_time(self, at: float | None) -> Cell | None:
        """A local date and time; None for none.

        Args:
            at: seconds since the epoch.
        """
        return None if at is None else write(self._date_time, local_time(at))

    def original(self, cell: journal.RecordedCell) -> Cell | None:
        """A cell of the recipients file as displayed there: numbers and dates as such, anything else as text."""
        number = None if cell.value is None else stored_number(cell.value)
        shown = None if number is None else self._shown_as(cell.number_format)
        return self.text(cell.text) if shown is None or number is None else write(shown, number)

    def _shown_as(self, number_format: str) -> Cell | None:
        """The cell for a number format; None where the format is empty or Excel may reject it."""
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
        # Indented, as the text would otherwise touch the number on its left.
        cell.alignment = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=wrapped)
        return cell


def write(cell: Cell, value: str | float | datetime) -> Cell:
    """Set a cell's value without interpreting text as a formula or an error; returns the cell."""
    if isinstance(value, str):
        cell.value = spreadsheet_string(value)
        cell.data_type = "s"  # openpyxl takes "=1" for a formula and "#N/A" for an error
    else:
        cell.value = value
    return cell


def style_header(cell: Cell) -> None:
    """Style a header cell explicitly, as LibreOffice draws no table styles."""
    cell.font, cell.fill = font(colour="FFFFFF", bold=True), ground(_HEADER_GROUND)


def font(*, colour: str | None = None, size: int = 11, bold: bool = False) -> Font:
    """The workbook's font, with its face, as each program replaces a missing one differently."""
    return Font(name="Calibri", family=2, size=size, bold=bold, color=colour)


def ground(colour: str) -> PatternFill:
    """A solid background."""
    return PatternFill("solid", fgColor=colour)


def _is_sound(number_format: str) -> bool:
    if not 0 < len(number_format) <= _LONGEST_FORMAT:
        return False
    shown = CellText()
    shown.display(1, number_format)
    return number_format not in shown.not_understood
