"""Areas of cells, such as B2:D5."""

from __future__ import annotations

import re
from typing import NamedTuple

from openpyxl.utils import column_index_from_string, get_column_letter

from campaign.sheets.limits import MAX_COLUMNS

_AREA = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")


class Area(NamedTuple):
    """An area; columns and rows from 1, the last ones included."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int

    def up_to(self, column: int) -> Area:
        """The area, made wider so that it reaches a column."""
        return self._replace(last_column=max(self.last_column, column))

    @property
    def absolute(self) -> str:
        """The reference that formulas use that are not moved, such as $B$2:$D$5."""
        first, last = get_column_letter(self.first_column), get_column_letter(self.last_column)
        return f"${first}${self.first_row}:${last}${self.last_row}"

    def __str__(self) -> str:
        return self.absolute.replace("$", "")


def area_of(reference: str) -> Area | None:
    """Read a reference; None where it is not that of one area of cells, or is of cells that no worksheet has."""
    match = _AREA.fullmatch(reference)
    if match is None:
        return None
    first, first_row, last, last_row = match.groups()
    columns = column_index_from_string(first), column_index_from_string(last or first)
    if max(columns) > MAX_COLUMNS:
        return None
    return Area(columns[0], int(first_row), columns[1], int(last_row or first_row))


class AddedColumns(NamedTuple):
    """The columns that are added to a worksheet; columns from 1.

    Attributes:
        header_row: the row of the headers.
        used: the last column that is in use.
        first: the first added one.
        headers: the headers.
    """

    header_row: int
    used: int
    first: int
    headers: tuple[str, ...]

    @property
    def last(self) -> int:
        """The last added one."""
        return self.first + len(self.headers) - 1

    @property
    def numbers(self) -> range:
        """Their numbers."""
        return range(self.first, self.last + 1)

    def widened(self, reference: str) -> Area | None:
        """The area of a filter with the added columns, and those before them.

        Returns:
            None where it has other headers, or does not cover the last column in use.
        """
        area = area_of(reference)
        if area is None or area.first_row != self.header_row or not self.used <= area.last_column < self.first:
            return None
        return area.up_to(self.last)
