"""Limits to the size of a sheet once its rows are read.

The cost of a row depends on the number of headers, not on the number of cells that are filled: a file of 5 MB can
contain a million rows of one cell under 16,384 headers. A workbook can also refer to one long text from every cell.
Reading either would take minutes.
"""

from __future__ import annotations

from campaign.errors import Problem, RecipientsError

MAX_COLUMNS = 16_384
"""Columns of a worksheet (Microsoft, "Excel specifications and limits")."""

_MAX_BLANKS = 100_000_000
_MAX_CHARACTERS = 1_500_000_000


class TableLimits:
    """Counts the blank cells and the characters of a sheet.

    A million rows with 100 blank cells and 1,500 characters each are within the limits.
    """

    def __init__(self, where: str, width: int) -> None:
        """Start counting.

        Args:
            where: file and sheet, for the error.
            width: number of columns of the sheet.
        """
        self._where = where
        self._width = width
        self._blanks = 0
        self._characters = 0

    def add_characters(self, characters: int) -> None:
        """Count the characters of a row.

        Raises:
            RecipientsError: the sheet has too many.
        """
        self._characters += characters
        if self._characters > _MAX_CHARACTERS:
            what = f"its cells display over {_MAX_CHARACTERS:,} characters in total"
            raise RecipientsError(Problem(self._where, what, "shorten its texts, or split it"))

    def add_row(self, filled: int) -> None:
        """Count the blank cells of a row.

        Args:
            filled: number of cells of the row that are not blank.

        Raises:
            RecipientsError: the sheet has too many.
        """
        self._blanks += self._width - filled
        if self._blanks > _MAX_BLANKS:
            what = f"has {self._width:,} columns with a header, and almost all of their cells are blank"
            raise RecipientsError(Problem(self._where, what, "delete the columns that are not needed"))
