"""Which columns formulas refer to: a cell that is added there would change their results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from openpyxl.utils import column_index_from_string

if TYPE_CHECKING:
    from collections.abc import Iterator

_IGNORED = re.compile(r'"[^"]*"|\[[^\[\]]*\]')
"""Texts, and columns of tables, which have names."""
_REFERENCE = re.compile(
    r"""(?P<sheet>(?:'(?:[^']|'')+'|(?:[\w.]+:)?[\w.]+)!)?
    (?<![\w.])(?P<first>\$?[A-Z]{1,3})(?:\$?\d+(?::(?P<to>\$?[A-Z]{1,3})\$?\d+)?|:(?P<column>\$?[A-Z]{1,3}))(?![\w(.])""",
    re.VERBOSE,
)
_DIGITS = re.compile(r"\d+")
_MOST_KEPT = 10_000


class FormulaColumns:
    """The columns of a sheet that formulas refer to.

    Attributes:
        last: the last one, from 1; 0 if none. References to whole rows do not count: no column is beside them.
    """

    def __init__(self, sheet: str, most: int) -> None:
        """Initialize.

        Args:
            sheet: the name of the sheet.
            most: the last column that has room for others beside it.
        """
        self.last = 0
        self._sheet, self._most = _alike(sheet), most
        self._seen: set[tuple[str, int, bool]] = set()

    def add(self, formula: str, shared: int = 0, *, elsewhere: bool = False) -> None:
        """Read a formula.

        Args:
            formula: the formula, as a workbook stores it.
            shared: over how many further columns it is shared; in each it refers to cells further to the right.
            elsewhere: whether it is outside the sheet, so that what names no sheet is not of this one.
        """
        key = _alike(formula), shared, elsewhere  # as a rule, the formulas of a column differ in their rows alone
        if key not in self._seen:
            if len(self._seen) < _MOST_KEPT:
                self._seen.add(key)
            for column in columns_of(key[0], self._sheet, shared, elsewhere=elsewhere):
                self.note(column)

    def note(self, column: int) -> None:
        """Count a column, from 1, unless no other has room beside it."""
        if self.last < column <= self._most:
            self.last = column


def _alike(text: str) -> str:
    return _DIGITS.sub("1", text)


def columns_of(formula: str, sheet: str, shared: int = 0, *, elsewhere: bool = False) -> Iterator[int]:
    """The last column, from 1, of each area of a sheet that a formula refers to. References to whole rows do not count.

    Args:
        formula: the formula, as a workbook stores it.
        sheet: the name of the sheet.
        shared: over how many further columns the formula is shared; those after a "$" stay the same.
        elsewhere: whether it is outside the sheet.
    """
    for match in _REFERENCE.finditer(_IGNORED.sub('""', formula)):
        if _is_of(match["sheet"], sheet, elsewhere=elsewhere):
            letters = match["to"] or match["column"] or match["first"]
            yield column_index_from_string(letters.lstrip("$")) + (0 if letters.startswith("$") else shared)


def _is_of(named: str | None, sheet: str, *, elsewhere: bool) -> bool:
    """Whether a reference that names this sheet, or none, is of a sheet; one to several sheets may be."""
    if named is None:
        return not elsewhere
    name = named[:-1].strip("'").replace("''", "'")
    return ":" in name or name.casefold() == sheet.casefold()
