"""Values as a cell of a workbook can hold them: nothing raises, and nothing is lost without a mark."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from openpyxl.utils.datetime import to_excel

if TYPE_CHECKING:
    from campaign.sheets import CellValue

MOST_UNITS = 32_767
"""The longest text of a cell, in UTF-16 units (Microsoft, "Excel specifications and limits")."""

_LARGEST_NUMBER = 9.99999999999999e307  # the same
_FIRST_SURE_MONTH = (1900, 3)
# What XML 1.0 has no way to write (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MISREAD = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)|\r")
_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f_\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    r"""Show what a workbook cannot hold as `\x07` or `\ud83d`, and cut a text that is too long, with a mark."""
    return _cut(_NO_XML.sub(_named, text), len(text))


def spreadsheet_string(text: str) -> str:
    """Visible text as SpreadsheetML spells it (ECMA-376-1, 22.9.2.19).

    `_x0041_` would be read as an escaped "A", and a bare carriage return as a line feed.
    """
    if len(text) <= MOST_UNITS // 2 and not _SPECIAL.search(text):
        return text
    # The spelling is cut as well: openpyxl would do so without a mark.
    return _cut(_MISREAD.sub(_escaped, visible(text)), len(text))


def stored_number(value: CellValue) -> float | None:
    """A number, date or time as a cell stores it; None where only its text can stand there."""
    if isinstance(value, (bool, int, float)):
        return value if abs(value) <= _LARGEST_NUMBER else None
    if isinstance(value, (datetime, date, time, timedelta)) and _has_serial(value):
        serial: float = to_excel(value)  # type: ignore[no-untyped-call]
        return serial
    return None


def local_time(at: float) -> datetime:
    """A moment as this machine's clock shows it: workbooks know no time zones.

    Args:
        at: seconds since the epoch.
    """
    return datetime.fromtimestamp(at, UTC).astimezone().replace(tzinfo=None)


def zone(at: float) -> str:
    """The zone that holds at a moment, such as "UTC+07:00 (ICT)"."""
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
    """Whether Excel shows it as it is: it knows no zones, no time before zero, and a 29 February 1900."""
    if isinstance(value, timedelta):
        return value >= timedelta(0)
    if isinstance(value, (datetime, time)) and value.tzinfo is not None:
        return False
    return isinstance(value, time) or (value.year, value.month) >= _FIRST_SURE_MONTH
