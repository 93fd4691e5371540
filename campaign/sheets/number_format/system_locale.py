"""Formats that follow the settings of the computer a sheet is shown on.

Excel's formats 14 and 22, `[$-F800]` and `[$-F400]` hold no spelling of their own: the same file shows 30/08/2007 in
Hanoi and 8/30/2007 in New York. What is shown for them here is a setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.sheets.number_format.errors import NotUnderstoodError
from campaign.sheets.number_format.rendering import render_number
from campaign.sheets.number_format.tokens import Kind, sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.number_format.tokens import Token

SHORT_DATE = "dd/mm/yyyy"
"""What is shown for the system's date: as Windows has it in Vietnam."""

TIME = "hh:mm:ss"
"""What is shown for the system's time."""

_TIME_OF_DAY = "hh:mm"
_DATE = "mm-dd-yy"  # openpyxl's name of format 14
_DATE_AND_TIME = "m/d/yy h:mm"  # and of format 22
_DATE_LOCALES = frozenset({"f800", "x-sysdate"})
_TIME_LOCALES = frozenset({"f400", "x-systime"})


def check_short_date(code: str) -> None:
    """Make sure that a setting can stand in for the system's date.

    Raises:
        NotUnderstoodError: it is no format code, or not one for dates, or has several sections.
    """
    spelling = sections(code)
    if len(spelling) > 1 or not any(token.kind is Kind.DATE for token in spelling[0]):
        raise NotUnderstoodError(f"{code!r} is not a format for dates, such as {SHORT_DATE!r}")
    render_number(spelling[0], date1904=False)


def with_system_locale(code: str, short_date: str) -> tuple[list[Sequence[Token]], bool]:
    """The sections of a format code, those for the system's date and time spelt out; and whether any was.

    Raises:
        NotUnderstoodError: the code cannot be cut into tokens.
    """
    if code == _DATE:
        return [*sections(short_date)], True
    if code == _DATE_AND_TIME:
        return [*sections(f"{short_date} {_TIME_OF_DAY}")], True
    found: list[Sequence[Token]] = []
    follows = False
    for section in sections(code):
        locales = {token.text.lower() for token in section if token.kind is Kind.LOCALE}
        spelling = short_date if locales & _DATE_LOCALES else TIME if locales & _TIME_LOCALES else None
        follows = follows or spelling is not None
        found.append(section if spelling is None else sections(spelling)[0])
    return found, follows
