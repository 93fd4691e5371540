"""Values and styles of the results workbook: what a workbook can contain, and how it is shown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from openpyxl.styles import Font, PatternFill
from openpyxl.utils.datetime import to_excel

from campaign.sheets.number_format import CellText

if TYPE_CHECKING:
    from openpyxl.cell import Cell

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


def font(*, colour: str | None = None, size: int = 11, bold: bool = False, underline: bool = False) -> Font:
    """The workbook's font, with its face, as each program replaces a missing one differently."""
    line: Literal["single"] | None = "single" if underline else None
    return Font(name="Calibri", family=2, size=size, bold=bold, color=colour, underline=line)


def ground(colour: str) -> PatternFill:
    """A solid background."""
    return PatternFill("solid", fgColor=colour)


def is_sound(number_format: str) -> bool:
    """Whether Excel accepts a number format, as far as is known here."""
    if not 0 < len(number_format) <= _LONGEST_FORMAT:
        return False
    shown = CellText()
    shown.display(1, number_format)
    return number_format not in shown.not_understood
