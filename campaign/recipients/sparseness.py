"""A limit to how blank a table may be.

A row costs as much as the header is wide, however little stands in it: a file of 5 MB can hold a million rows of one
cell under 16,384 headers, which would keep a machine busy for minutes.
"""

from __future__ import annotations

from campaign.errors import Problem, RecipientsError

MOST_COLUMNS = 16_384
"""Columns of a worksheet (Microsoft, "Excel specifications and limits")."""

_MOST_BLANKS = 100_000_000


class Sparseness:
    """Counts the blank cells of a table; a million rows with 100 blank cells each are still taken."""

    def __init__(self, where: str, width: int) -> None:
        """Begin to count.

        Args:
            where: file and sheet, for the error.
            width: how many columns the table has.
        """
        self._where = where
        self._width = width
        self._blanks = 0

    def count(self, filled: int) -> None:
        """Count a row with that many cells filled.

        Raises:
            RecipientsError: there are too many blank ones by now.
        """
        self._blanks += self._width - filled
        if self._blanks > _MOST_BLANKS:
            what = f"has {self._width:,} columns with a header, and hardly anything in them"
            raise RecipientsError(Problem(self._where, what, "delete the columns that are not needed"))
