"""Convert a cell's value to the text that Excel displays."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from campaign.sheets.number_format.codes import (
    FormatCode,
    check_short_date,
    compile_code,
    has_date_fields,
    unusable_code,
)
from campaign.sheets.number_format.locales import SHORT_DATE
from campaign.sheets.number_format.numbers import general_text
from campaign.sheets.number_format.serial_date import as_datetime
from campaign.sheets.number_format.syntax import NotShownError, NotUnderstoodError, UnsupportedError

if TYPE_CHECKING:
    from campaign.sheets.number_format.numbers import Number
    from campaign.sheets.number_format.serial_date import DateLike
    from campaign.sheets.table import CellValue


NOT_SHOWN = "########"
"""What Excel displays if the number format has no text for the value, such as a date before 1900."""

_AS_IS = frozenset({"General", "@"})
_GENERAL_LIMIT = 10**11  # General displays whole numbers of up to eleven digits


class CellText:
    """Converts the values of one workbook's cells to text. Compiles each number format once.

    Args:
        date1904: whether the workbook counts its days from 1904 (a setting of the workbook).
        short_date: the format code of dates that depend on the computer's settings: Excel's formats 14 and 22 and
            `[$-F800]`. Times that depend on them (`[$-F400]`) are always displayed as "hh:mm:ss".

    Attributes:
        not_understood: format codes that are invalid or not supported, each with an example of what was displayed
            instead: the value in the General format, or a date in ISO 8601.
        follows_system: format codes that depend on the computer's settings, each with an example.

    Raises:
        ValueError: `short_date` is not a supported format code for dates.
    """

    def __init__(self, *, date1904: bool = False, short_date: str = SHORT_DATE) -> None:
        self.not_understood: dict[str, str] = {}
        self.follows_system: dict[str, str] = {}
        self._date1904 = date1904
        self._short_date = short_date
        self._codes: dict[str, FormatCode | None] = {}
        check_short_date(short_date)

    def display(self, value: CellValue, number_format: str) -> str:
        """Return the text that Excel displays for a value, "" for a blank cell. Never raises.

        Numbers in a date format are serial numbers; dates in a number format are converted to them. A value that the
        format has no text for is NOT_SHOWN.
        """
        if isinstance(value, str):
            return value if number_format in _AS_IS else self._text(value, number_format)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if number_format == "General" and isinstance(value, int) and -_GENERAL_LIMIT < value < _GENERAL_LIMIT:
            return str(value)
        code = self._codes.get(number_format) or self._compiled(number_format)
        try:
            shown = code.number(value) if isinstance(value, (int, float)) else code.date(value)
        except NotShownError:
            return NOT_SHOWN
        except NotUnderstoodError as error:
            shown = self._fallback(value, number_format, error)
            self.not_understood.setdefault(number_format, shown)
        if code.follows_system:
            self.follows_system.setdefault(number_format, shown)
        return shown

    def _text(self, value: str, number_format: str) -> str:
        code = self._codes.get(number_format) or self._compiled(number_format)
        return value if code.text is None else code.text(value)

    def _compiled(self, number_format: str) -> FormatCode:
        try:
            code = compile_code(number_format, date1904=self._date1904, short_date=self._short_date)
        except NotUnderstoodError as error:
            code = unusable_code(error)
        self._codes[number_format] = code
        return code

    def _fallback(self, value: Number | DateLike, number_format: str, error: NotUnderstoodError) -> str:
        """Return a date in ISO 8601, and a number in General, as Excel does with an invalid code."""
        if not isinstance(value, (int, float)):
            return _iso(value)
        if isinstance(error, UnsupportedError) and has_date_fields(number_format):
            try:
                return _iso(as_datetime(value, date1904=self._date1904))
            except NotUnderstoodError:
                pass  # the number is not a valid date
        return general_text(value)


def format_number(value: float, code: str) -> str:
    """Format a number: `format_number(1234.5, "#,##0")` is "1,235".

    Raises:
        ValueError: the code is invalid or not supported, or has no text for this number.
    """
    return _number_code(code).number(value)


@lru_cache(maxsize=256)
def _number_code(code: str) -> FormatCode:
    return compile_code(code, date1904=False, short_date=SHORT_DATE)


def _iso(value: DateLike) -> str:
    if isinstance(value, datetime):
        text = value.isoformat(" ", "seconds")
        return text.removesuffix(" 00:00:00")
    if isinstance(value, time):
        return value.isoformat("seconds")
    if isinstance(value, date):
        return value.isoformat()
    seconds = abs(value) // timedelta(seconds=1)
    sign = "-" if value < timedelta(0) else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
