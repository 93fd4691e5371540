"""Limits to how blank a table may be, and to how much its cells may show in all.

A row costs as much as the header is wide, however little stands in it: a file of 5 MB can hold a million rows of one
cell under 16,384 headers. And a workbook can refer to one long text from every cell. Either would keep a machine busy
for minutes.
"""

from __future__ import annotations

from campaign.errors import Problem, RecipientsError

MOST_COLUMNS = 16_384
"""Columns of a worksheet (Microsoft, "Excel specifications and limits")."""

_MOST_BLANKS = 100_000_000
_MOST_CHARACTERS = 1_500_000_000


class Extent:
    """Counts the blank cells of a table, and its characters.

    A million rows with 100 blank cells each are still taken, and with 1,500 characters each.
    """

    def __init__(self, where: str, width: int) -> None:
        """Begin to count.

        Args:
            where: file and sheet, for the error.
            width: how many columns the table has.
        """
        self._where = where
        self._width = width
        self._blanks = 0
        self._characters = 0

    def show(self, characters: int) -> None:
        """Count a row's characters.

        Raises:
            RecipientsError: there are too many by now.
        """
        self._characters += characters
        if self._characters > _MOST_CHARACTERS:
            what = f"its cells show over {_MOST_CHARACTERS:,} characters in all"
            raise RecipientsError(Problem(self._where, what, "shorten its texts, or split it"))

    def count(self, filled: int) -> None:
        """Count a row with that many cells filled.

        Raises:
            RecipientsError: there are too many blank ones by now.
        """
        self._blanks += self._width - filled
        if self._blanks > _MOST_BLANKS:
            what = f"has {self._width:,} columns with a header, and hardly anything in them"
            raise RecipientsError(Problem(self._where, what, "delete the columns that are not needed"))
