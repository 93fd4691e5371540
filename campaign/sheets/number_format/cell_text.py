"""Show a cell's value as the text that Excel displays."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from campaign.sheets.number_format.codes import FormatCode, check_short_date, compile_code, holds_dates, refusing
from campaign.sheets.number_format.locales import SHORT_DATE
from campaign.sheets.number_format.numbers import general_text
from campaign.sheets.number_format.serial_date import as_datetime
from campaign.sheets.number_format.syntax import NotShownError, NotUnderstoodError, UnsupportedError

if TYPE_CHECKING:
    from campaign.sheets.number_format.numbers import Number
    from campaign.sheets.number_format.serial_date import DateLike
    from campaign.sheets.table import CellValue


NOT_SHOWN = "########"
"""What Excel fills a cell with whose number format has no text for its value, such as a date before 1900."""

_AS_IS = frozenset({"General", "@"})
_TOO_LONG = 10**11  # General shows whole numbers of up to eleven digits


class CellText:
    """What cells show, for one workbook.

    Args:
        date1904: whether the workbook counts its days from 1904 (a setting of the workbook).
        short_date: the format code used where a sheet leaves the date to the computer's settings: Excel's formats 14
            and 22 and `[$-F800]`. The time that is left to them (`[$-F400]`) is always shown as "hh:mm:ss".

    Attributes:
        not_understood: format codes that could not be shown as Excel would, each with an example of what was shown
            instead: the value in the General format, or a date in the spelling of ISO 8601.
        follows_system: format codes without a spelling of their own, shown after `short_date`, each with an example.

    Raises:
        ValueError: `short_date` is no format code for dates that is supported.
    """

    def __init__(self, *, date1904: bool = False, short_date: str = SHORT_DATE) -> None:
        self.not_understood: dict[str, str] = {}
        self.follows_system: dict[str, str] = {}
        self._date1904 = date1904
        self._short_date = short_date
        self._codes: dict[str, FormatCode | None] = {}
        check_short_date(short_date)

    def display(self, value: CellValue, number_format: str) -> str:
        """The text that Excel shows for a value in a format, "" for a blank cell. Raises nothing, whatever the format.

        Numbers in a date format are serial numbers; dates in a number format become them. What a format cannot show is
        NOT_SHOWN.
        """
        if isinstance(value, str):
            return value if number_format in _AS_IS else self._text(value, number_format)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if number_format == "General" and isinstance(value, int) and -_TOO_LONG < value < _TOO_LONG:
            return str(value)
        code = self._codes.get(number_format) or self._compiled(number_format)
        try:
            shown = code.number(value) if isinstance(value, (int, float)) else code.date(value)
        except NotShownError:
            return NOT_SHOWN
        except NotUnderstoodError as error:
            shown = self._instead(value, number_format, error)
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
            code = refusing(error)
        self._codes[number_format] = code
        return code

    def _instead(self, value: Number | DateLike, number_format: str, error: NotUnderstoodError) -> str:
        """ISO 8601 for a date; General for a number, which is what Excel makes of a code that it refuses."""
        if not isinstance(value, (int, float)):
            return _iso(value)
        if isinstance(error, UnsupportedError) and holds_dates(number_format):
            try:
                return _iso(as_datetime(value, date1904=self._date1904))
            except NotUnderstoodError:
                pass  # a number that is no date either
        return general_text(value)


def format_number(value: float, code: str) -> str:
    """A number in an Excel number format: `format_number(1234.5, "#,##0")` is "1,235".

    Raises:
        ValueError: the code is not understood, or cannot show this number.
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
