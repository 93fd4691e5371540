"""Convert stored cells to typed values and displayed text, and stored rows to rows."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from openpyxl.styles.numbers import is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from campaign.errors import Problem
from campaign.sheets.cell_problems import NO_TEXT, REMEDY_PICTURE, UNREADABLE, is_suspect, problems_of_texts
from campaign.sheets.legacy_fonts import from_legacy_font
from campaign.sheets.number_format import NOT_SHOWN
from campaign.sheets.table import CellValue, Column, Row
from campaign.sheets.xlsx.runs import legacy_font_of, runs_as_shown
from campaign.sheets.xlsx.sheet_xml import PICTURE, UNCALCULATED
from campaign.sheets.xlsx.strings import unescape
from campaign.sheets.xlsx.styles import GENERAL
from campaign.sheets.xlsx.xml_stream import is_true

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.limits import TableLimits
    from campaign.sheets.number_format import CellText
    from campaign.sheets.xlsx.runs import Run
    from campaign.sheets.xlsx.sheet_xml import RawCell, RawRow
    from campaign.sheets.xlsx.strings import SharedStrings
    from campaign.sheets.xlsx.styles import Styles


_CACHED_CELLS = 1 << 14
_MAX_CACHED_LENGTH = 64
_MAX_SHOWN_LENGTH = 40
_TEXT_TYPES = frozenset({"s", "str", "inlineStr"})


class DisplayedCell(NamedTuple):
    """A cell's typed value and displayed text, what is wrong with it (or ""), and what to do about it."""

    value: CellValue
    text: str
    error: str = ""
    remedy: str = ""


class CellReader:
    """Converts stored cells. Numbers and dates repeat within a sheet, so results are cached."""

    def __init__(self, strings: SharedStrings, styles: Styles, display: CellText, *, date1904: bool) -> None:
        """Initialize for one workbook.

        Args:
            strings: its shared strings.
            styles: its number formats and legacy fonts.
            display: converts values to text.
            date1904: whether its dates count from 1904 instead of 1900.
        """
        self._strings = strings.texts
        self._string_runs = strings.runs
        self._formats = styles.formats
        self._fonts = styles.fonts
        self.has_legacy_fonts = bool(strings.runs or styles.fonts)
        self._display = display
        self._epoch = CALENDAR_MAC_1904 if date1904 else CALENDAR_WINDOWS_1900
        self._cached = lru_cache(_CACHED_CELLS)(self._read)
        self._changes_text: dict[str, bool] = {}

    def plain_text(self, kind: str, style: str, stored: str) -> str | None:
        """Return the text of a cell that is displayed as stored, as most texts are; None for other cells.

        A fast path with the same result as `read`.
        """
        if kind not in _TEXT_TYPES:
            return None
        code = self._formats.get(style, GENERAL)
        if code != GENERAL and self._changes(code):
            return None
        try:
            return self._strings[_position(stored)] if kind == "s" else unescape(stored)
        except (ValueError, IndexError):
            return None

    def format_of(self, style: str) -> str:
        """Return the number format code of a style."""
        return self._formats.get(style, GENERAL)

    def as_shown(self, cell: RawCell, text: str, runs: Sequence[Run] = ()) -> tuple[str, str]:
        """Return the legacy font of a cell, "" if it has none, and its text as that font shows it.

        Args:
            cell: the stored cell.
            text: its text.
            runs: the runs of a text that is stored in the cell itself.
        """
        _, kind, style, stored = cell
        font = self._fonts.get(style, "")
        if kind == "s" and stored.isdecimal():
            runs = self._string_runs.get(int(stored), ())
        if not runs:
            return font, from_legacy_font(text, font)
        shown = runs_as_shown(runs, font) if text == "".join([run.text for run in runs]) else text
        return legacy_font_of(runs, font), shown

    def read(self, kind: str, style: str, stored: str) -> DisplayedCell:
        """Read one cell by its type, style and stored text."""
        if kind in _TEXT_TYPES or len(stored) > _MAX_CACHED_LENGTH:
            return self._read(kind, style, stored)
        return self._cached(kind, style, stored)

    def _read(self, kind: str, style: str, stored: str) -> DisplayedCell:
        if kind == UNCALCULATED:
            remedy = "open the workbook in a spreadsheet program and save it"
            return DisplayedCell(None, "", "contains a formula whose result was never calculated", remedy)
        if kind == PICTURE:
            return DisplayedCell(None, "", NO_TEXT, REMEDY_PICTURE)
        if kind == "e":
            return DisplayedCell(
                stored, stored, f"contains the error {stored[:_MAX_SHOWN_LENGTH]}", "correct it in the sheet"
            )
        code = self.format_of(style)
        try:
            if kind == "n":
                return self._number(_number(stored), code)
            value = self._value(kind, stored)
        except (ValueError, OverflowError, IndexError):
            what = f"is damaged: its type is “{kind[:20]}” and it contains “{stored[:_MAX_SHOWN_LENGTH]}”"
            return DisplayedCell(None, "", what, "enter the cell again in a spreadsheet program")
        return self._shown(value, value, code)

    def _number(self, number: float, code: str) -> DisplayedCell:
        value: CellValue = number
        if number >= 0 and _is_date(code):
            # A number that is not a valid date, such as one after 9999, remains a number.
            with suppress(ValueError, OverflowError):
                value = from_excel(number, self._epoch, timedelta=is_timedelta_format(code))
        return self._shown(value, number, code)

    def _shown(self, value: CellValue, stored: CellValue, code: str) -> DisplayedCell:
        text = self._display.display(stored, code)
        if text == NOT_SHOWN and not isinstance(stored, str):
            what = f"displays only {NOT_SHOWN}: its number format “{code}” cannot display its value"
            return DisplayedCell(value, text, what, "correct the value or its number format in a spreadsheet program")
        return DisplayedCell(value, text)

    def _value(self, kind: str, stored: str) -> CellValue:
        if kind == "s":
            return self._strings[_position(stored)]
        if kind == "b":
            return is_true(stored)
        if kind == "d":
            return _iso_date(stored)
        if kind in _TEXT_TYPES:
            return unescape(stored)
        raise ValueError(kind)

    def _changes(self, code: str) -> bool:
        changes = self._changes_text.get(code)
        if changes is None:
            # Two samples, because a format may replace the text by one that equals a sample.
            changes = any(self._display.display(sample, code) != sample for sample in ("text", "another"))
            self._changes_text[code] = changes
        return changes


_is_date = lru_cache(is_date_format)


def _number(stored: str) -> float:
    if "_" in stored or not stored.isascii():  # int() accepts underscores and digits of any script
        raise ValueError(stored)
    try:
        number: float = int(stored)
    except ValueError:
        number = float(stored)
    if not math.isfinite(number):  # raises OverflowError for an integer of 400 digits
        raise ValueError(stored)
    return number


def _iso_date(stored: str) -> datetime | time:
    """Parse an ISO 8601 date, as strict Office Open XML workbooks store it."""
    if "-" in stored:
        return datetime.fromisoformat(stored).replace(tzinfo=None)
    return time.fromisoformat(stored).replace(tzinfo=None)


def _position(stored: str) -> int:
    position = int(stored)
    if position < 0:
        raise IndexError(stored)
    return position


class RowBuilder:
    """Builds rows from stored rows. Cells beyond the last column with a header are dropped."""

    def __init__(self, columns: Sequence[Column], cells: CellReader, limits: TableLimits) -> None:
        self._columns = columns
        self._cells = cells
        self._limits = limits

    def build(self, raw: RawRow) -> Row | None:
        """Return the row, or None if it is blank.

        Raises:
            RecipientsError: the sheet has too many blank cells or too much text.
        """
        columns, cells = self._columns, self._cells
        self._limits.add_row(len(raw.cells))
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
            values[column], texts[column], error, remedy = cells.read(kind, style, stored)
            if error:
                problems.append(Problem(f"{columns[column].letter}{raw.number}", error, remedy, UNREADABLE))
        together = "".join(texts)
        self._limits.add_characters(len(together))
        if not problems and not together.strip():
            return None
        if is_suspect(together):
            known = {problem.where for problem in problems}
            problems.extend(problems_of_texts(columns, raw.number, texts, known, in_csv=False))
        fonts, shown = self._as_shown(raw, texts) if cells.has_legacy_fonts or raw.runs else ((), ())
        return Row(raw.number, tuple(texts), tuple(values), tuple(formats), tuple(problems), raw.hidden, fonts, shown)

    def _as_shown(self, raw: RawRow, texts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The legacy font of each cell of a row, and what it shows."""
        fonts, shown = [""] * len(texts), list(texts)
        for cell in raw.cells:
            column = cell[0]
            if column < len(texts) and texts[column]:
                runs = raw.runs.get(column, ()) if raw.runs else ()
                fonts[column], shown[column] = self._cells.as_shown(cell, texts[column], runs)
        return tuple(fonts), tuple(shown)
