"""Headers as a real table of a workbook takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpyxl.utils import get_column_letter

from campaign.review.workbook.storable_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 255


def distinct_headers(headers: Iterable[str]) -> list[str]:
    """Make headers differ: Excel repairs a table with two alike in whatever case, a blank or a very long one.

    Returns:
        The same, on one line; "Column C" for a blank one, "Name (2)" for the second "Name".
    """
    taken: set[str] = set()
    distinct = []
    for position, header in enumerate(headers, start=1):
        plain = " ".join(visible(header).split()) or f"Column {get_column_letter(position)}"
        name = _first_free(plain, taken)
        taken.add(name.casefold())
        distinct.append(name)
    return distinct


def _first_free(plain: str, taken: set[str]) -> str:
    name = plain[:_LONGEST]
    count = 1
    while name.casefold() in taken:
        count += 1
        mark = f" ({count})"
        name = plain[: _LONGEST - len(mark)] + mark
    return name
