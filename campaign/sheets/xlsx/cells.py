"""Turn stored cells into typed values and displayed text, and stored rows into rows."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openpyxl.styles.numbers import is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from campaign.errors import Problem
from campaign.sheets.number_format import NOT_SHOWN
from campaign.sheets.table import CellValue, Column, Row
from campaign.sheets.xlsx.sheet_xml import UNCALCULATED
from campaign.sheets.xlsx.strings_and_styles import GENERAL, unescape
from campaign.sheets.xlsx.xml_stream import is_true

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from campaign.sheets.limits import Extent
    from campaign.sheets.table import CellValue
    from campaign.sheets.xlsx.sheet_xml import RawRow


_REMEMBERED_CELLS = 1 << 14
_LONGEST_NUMBER = 64
_LONGEST_SHOWN = 40
_TEXT_TYPES = frozenset({"s", "str", "inlineStr"})


class Display(Protocol):
    """What turns a value into the text that a spreadsheet program shows."""

    def display(self, value: CellValue, number_format: str) -> str:
        """Show a value under a number format."""
        ...


class Cell(NamedTuple):
    """A cell as it is used: typed value, displayed text, what is wrong with it ("" if nothing is), what to do."""

    value: CellValue
    text: str
    wrong: str = ""
    remedy: str = ""


class CellReader:
    """Turns stored cells into cells. Numbers and dates repeat a lot within a sheet, so some are remembered."""

    def __init__(self, strings: Sequence[str], formats: Mapping[str, str], display: Display, *, date1904: bool) -> None:
        """Prepare for one workbook.

        Args:
            strings: its shared strings.
            formats: number format codes by style; what is absent is General.
            display: shows values under these codes.
            date1904: whether its dates count from 1904 instead of 1900.
        """
        self._strings = strings
        self._formats = formats
        self._display = display
        self._epoch = CALENDAR_MAC_1904 if date1904 else CALENDAR_WINDOWS_1900
        self._remembered = lru_cache(_REMEMBERED_CELLS)(self._read)
        self._alters_text: dict[str, bool] = {}

    def plain_text(self, kind: str, style: str, stored: str) -> str | None:
        """Give the text of a cell that is shown as it stands, as nearly every text is; None for any other cell.

        This is the short way for most cells of most sheets; `read` comes to the same result.
        """
        if kind not in _TEXT_TYPES:
            return None
        code = self._formats.get(style, GENERAL)
        if code != GENERAL and self._alters(code):
            return None
        try:
            return self._strings[_position(stored)] if kind == "s" else unescape(stored)
        except (ValueError, IndexError):
            return None

    def format_of(self, style: str) -> str:
        """Give the number format code of a style."""
        return self._formats.get(style, GENERAL)

    def read(self, kind: str, style: str, stored: str) -> Cell:
        """Read one cell by its type, style and stored text."""
        if kind in _TEXT_TYPES or len(stored) > _LONGEST_NUMBER:
            return self._read(kind, style, stored)
        return self._remembered(kind, style, stored)

    def _read(self, kind: str, style: str, stored: str) -> Cell:
        if kind == UNCALCULATED:
            remedy = "open the workbook in a spreadsheet program and save it"
            return Cell(None, "", "holds a formula whose result was never calculated", remedy)
        if kind == "e":
            return Cell(stored, stored, f"holds the error {stored[:_LONGEST_SHOWN]}", "put it right in the sheet")
        code = self.format_of(style)
        try:
            if kind == "n":
                return self._number(_number(stored), code)
            value = self._value(kind, stored)
        except (ValueError, OverflowError, IndexError):
            what = f"is damaged: its type is “{kind[:20]}” and it holds “{stored[:_LONGEST_SHOWN]}”"
            return Cell(None, "", what, "type the cell again in a spreadsheet program")
        return self._shown(value, value, code)

    def _number(self, number: float, code: str) -> Cell:
        value: CellValue = number
        if number >= 0 and _is_date(code):
            # A number that is no date (after 9999, say) stays one.
            with suppress(ValueError, OverflowError):
                value = from_excel(number, self._epoch, timedelta=is_timedelta_format(code))
        return self._shown(value, number, code)

    def _shown(self, value: CellValue, stored: CellValue, code: str) -> Cell:
        text = self._display.display(stored, code)
        if text == NOT_SHOWN and not isinstance(stored, str):
            what = f"shows nothing but {NOT_SHOWN}: its number format “{code}” cannot show its value"
            return Cell(value, text, what, "correct the value or its number format in a spreadsheet program")
        return Cell(value, text)

    def _value(self, kind: str, stored: str) -> CellValue:
        if kind == "s":
            return self._strings[_position(stored)]
        if kind == "b":
            return is_true(stored)
        if kind == "d":
            return _moment(stored)
        if kind in _TEXT_TYPES:
            return unescape(stored)
        raise ValueError(kind)

    def _alters(self, code: str) -> bool:
        alters = self._alters_text.get(code)
        if alters is None:
            # Two of them: a format may show a text of its own instead, and that text may be one of these.
            alters = any(self._display.display(sample, code) != sample for sample in ("text", "another"))
            self._alters_text[code] = alters
        return alters


_is_date = lru_cache(is_date_format)


def _number(stored: str) -> float:
    if "_" in stored or not stored.isascii():  # Python takes the one between digits, and digits of any script
        raise ValueError(stored)
    try:
        number: float = int(stored)
    except ValueError:
        number = float(stored)
    if not math.isfinite(number):  # which raises OverflowError for an integer of 400 digits
        raise ValueError(stored)
    return number


def _moment(stored: str) -> datetime | time:
    """Read a date as workbooks in the strict form of Office Open XML hold it (ISO 8601)."""
    if "-" in stored:
        return datetime.fromisoformat(stored).replace(tzinfo=None)
    return time.fromisoformat(stored).replace(tzinfo=None)


def _position(stored: str) -> int:
    position = int(stored)
    if position < 0:
        raise IndexError(stored)
    return position


class RowBuilder:
    """Puts the cells of a row under their columns. Cells beyond the last column with a header are left out."""

    def __init__(self, columns: Sequence[Column], cells: CellReader, extent: Extent) -> None:
        self._columns = columns
        self._cells = cells
        self._extent = extent

    def build(self, raw: RawRow) -> Row | None:
        """Give the row, or None if nothing in it can be seen.

        Raises:
            RecipientsError: the sheet is blank, or full of text, beyond all measure.
        """
        columns, cells = self._columns, self._cells
        self._extent.count(len(raw.cells))
        width = len(columns)
        texts = [""] * width
        values: list[CellValue] = [None] * width
        formats = [GENERAL] * width
        problems: list[Problem] = []
        for column, kind, style, stored in raw.cells:
            if column >= width:
                continue
            if style:
                formats[column] = cells.format_of(style)
            plain = cells.plain_text(kind, style, stored)
            if plain is not None:
                texts[column] = values[column] = plain
                continue
            values[column], texts[column], wrong, remedy = cells.read(kind, style, stored)
            if wrong:
                problems.append(Problem(f"{columns[column].letter}{raw.number}", wrong, remedy))
        together = "".join(texts)
        self._extent.show(len(together))
        if not problems and not together.strip():
            return None
        return Row(raw.number, tuple(texts), tuple(values), tuple(formats), tuple(problems))
