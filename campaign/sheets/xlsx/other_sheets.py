"""Find the sheets of a workbook that have certain headers."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from campaign.errors import RecipientsError
from campaign.sheets.facts import SheetMatch
from campaign.text import caseless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

_ROWS_SEARCHED = 20


def header_row_of(rows: Iterable[tuple[int, Sequence[str]]], headers: Collection[str]) -> int:
    """Return the number of the first row that contains all headers, compared without case; 0 if none does.

    Args:
        rows: numbers and displayed texts of a sheet's rows, from the first on.
        headers: the headers.
    """
    wanted = {caseless(header) for header in headers}
    for number, texts in islice(rows, _ROWS_SEARCHED):
        if wanted and wanted <= {caseless(text) for text in texts}:
            return number
    return 0


def matches(
    sheets: Iterable[tuple[str, Iterable[tuple[int, Sequence[str]]]]], headers: Collection[str], active: str
) -> Iterator[SheetMatch]:
    """Yield the sheets that have the headers.

    Args:
        sheets: names, and rows as for `header_row_of`; a sheet that cannot be read is left out.
        headers: the headers.
        active: the name of the sheet that was open when the workbook was saved.
    """
    for name, rows in sheets:
        try:
            number = header_row_of(rows, headers)
        except RecipientsError:
            continue
        if number:
            yield SheetMatch(name, number, name == active)
