"""Find the header row of a sheet, and doubts about it."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"[\d\s.,/:+%()-]+")
_ROWS_SEARCHED = 200
_ADD_ROWS = "put the headers in the first row and the data in the rows below"
_SET_HEADER_ROW = "set header_row (--header-row) to the number of the header row"


class HeaderRow(NamedTuple):
    """The displayed headers, and a warning that another row may be the header row ("" if there is none)."""

    texts: Sequence[str]
    warning: str = ""


def find_header_row(
    rows: Iterable[tuple[int, Sequence[str]]], wanted: int, where: str, *, if_empty: str = _ADD_ROWS
) -> HeaderRow:
    """Find the header row among the rows of a sheet.

    Args:
        rows: row numbers and displayed texts, from the first row on; blank rows may be missing.
        wanted: number of the header row.
        where: file and sheet, for the error.
        if_empty: what to do if there are no rows.

    Raises:
        RecipientsError: the row is blank or beyond the last one; names the row that looks like the header row.
    """
    coming = iter(rows)
    likely = last = 0
    for number, texts in islice(coming, _ROWS_SEARCHED + wanted):
        filled = sum(1 for text in texts if text.strip())
        if number == wanted and filled:
            return HeaderRow(texts, title_row_warning(coming) if filled == 1 else "")
        if filled:
            last = number
            likely = likely or (number if looks_like_headers(texts) else 0)
    if not last:
        raise RecipientsError(Problem(where, "is empty", if_empty))
    raise RecipientsError(_not_found(wanted, last, likely, where))


def title_row_warning(following: Iterable[tuple[int, Sequence[str]]]) -> str:
    """Warn that a header row of one cell may be a title; return "" if no row below it looks like a header row."""
    for number, texts in islice(following, 10):
        if looks_like_headers(texts):
            return header_row_warning(number)
    return ""


def header_row_warning(number: int) -> str:
    """Return the warning that another row looks like the header row."""
    return f"row {number} looks more like the header row; if it is, set header_row = {number} (--header-row {number})"


def _not_found(wanted: int, last: int, likely: int, where: str) -> Problem:
    what = "is blank, so there are no headers" if wanted < last else f"does not exist: the last row is {last}"
    remedy = (
        f"row {likely} looks like the header row: set header_row = {likely} (--header-row {likely})"
        if likely
        else _SET_HEADER_ROW
    )
    return Problem(f"{where}, row {wanted}", what, remedy)


def looks_like_headers(texts: Sequence[str]) -> bool:
    """Return whether a row may be the header row: two cells or more are filled, none with a number or date."""
    filled = [text for text in texts if text.strip()]
    return len(filled) > 1 and not any(_NUMBER.fullmatch(text) for text in filled)
