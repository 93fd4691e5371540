"""Columns by their letters."""

from __future__ import annotations

from campaign.errors import Problem, RecipientsError
from campaign.sheets.limits import MOST_COLUMNS


class ColumnIndex(dict[str, int]):
    """Column numbers by letters, from 0 for "A"; letters met before are a plain look-up."""

    def __init__(self, where: str) -> None:
        """Start with no column known; `where` is the file and sheet, for errors."""
        super().__init__()
        self._where = where

    def __missing__(self, letters: str) -> int:
        number = 0
        for letter in letters.upper():
            if not "A" <= letter <= "Z" or number > MOST_COLUMNS:
                raise self._refusal(letters)
            number = number * 26 + ord(letter) - ord("A") + 1
        if not 0 < number <= MOST_COLUMNS:
            raise self._refusal(letters)
        self[letters] = number - 1
        return number - 1

    def after(self, column: int) -> int:
        """The column that follows; what a cell that does not say its place stands in.

        Raises:
            RecipientsError: there is none.
        """
        if column + 1 >= MOST_COLUMNS:
            raise self._refusal("beyond XFD")
        return column + 1

    def _refusal(self, letters: str) -> RecipientsError:
        what = f"has a cell in a column “{letters[:20]}”, and the columns of a worksheet are A to XFD"
        return RecipientsError(Problem(self._where, what, "save the file again from a spreadsheet program"))
