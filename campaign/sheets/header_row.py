"""Finding the header row, and saying where it may be when it is not where it was looked for."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"[\d\s.,/:+%()-]+")
_ROWS_LOOKED_AT = 200
_FILL_IT = "put the headers in the first row and one recipient in each row below"
_NAME_IT = "set header_row to the number of the row that holds the headers"


class HeaderRow(NamedTuple):
    """The displayed headers, and a doubt about them in words ("" if there is none)."""

    texts: Sequence[str]
    doubt: str = ""


def find_header_row(
    rows: Iterable[tuple[int, Sequence[str]]], wanted: int, where: str, *, if_empty: str = _FILL_IT
) -> HeaderRow:
    """Take the header row out of the rows from the first one on; rows without text may be left out of them.

    Args:
        rows: row numbers and displayed texts.
        wanted: number of the header row.
        where: file and sheet, for the error.
        if_empty: what to do when there are no rows at all.

    Raises:
        RecipientsError: that row is blank or beyond the end; it names the row that looks like the header.
    """
    coming = iter(rows)
    likely = last = 0
    for number, texts in islice(coming, _ROWS_LOOKED_AT + wanted):
        filled = sum(1 for text in texts if text.strip())
        if number == wanted and filled:
            return HeaderRow(texts, doubt_of_title(coming) if filled == 1 else "")
        if filled:
            last = number
            likely = likely or (number if looks_like_headers(texts) else 0)
    if not last:
        raise RecipientsError(Problem(where, "is empty", if_empty))
    raise RecipientsError(_not_found(wanted, last, likely, where))


def doubt_of_title(following: Iterable[tuple[int, Sequence[str]]]) -> str:
    """Doubt a header row of one cell, in words, by the rows that follow it; "" where none of them looks like one."""
    for number, texts in islice(following, 10):
        if looks_like_headers(texts):
            return doubt(number)
    return ""


def doubt(number: int) -> str:
    """Say that another row may be the header row."""
    return f"row {number} looks more like the header row; if it is, set header_row = {number}"


def _not_found(wanted: int, last: int, likely: int, where: str) -> Problem:
    what = "is blank, so there are no headers" if wanted < last else f"does not exist: the last row is {last}"
    remedy = f"row {likely} looks like the header row: set header_row = {likely}" if likely else _NAME_IT
    return Problem(f"{where}, row {wanted}", what, remedy)


def looks_like_headers(texts: Sequence[str]) -> bool:
    """Tell whether a row may be the header row: at least two cells filled, none of them a number or a date."""
    filled = [text for text in texts if text.strip()]
    return len(filled) > 1 and not any(_NUMBER.fullmatch(text) for text in filled)
