"""Which columns formulas refer to: a cell that is added there would change their results."""

from __future__ import annotations

import re

from openpyxl.utils import column_index_from_string

_IGNORED = re.compile(r'"[^"]*"|\[[^\[\]]*\]')
"""Texts, and columns of tables, which have names."""
_REFERENCE = re.compile(
    r"""(?P<sheet>(?:'(?:[^']|'')+'|[\w.]+)!)?
    (?<![\w.])\$?[A-Z]{1,3}(?:\$?\d+(?::\$?(?P<to>[A-Z]{1,3})\$?\d+)?|:\$?(?P<column>[A-Z]{1,3}))(?![\w(.])""",
    re.VERBOSE,
)
_LETTERS = re.compile(r"[A-Z]+")
_DIGITS = re.compile(r"\d+")
_MOST_KEPT = 10_000


class FormulaColumns:
    """The columns that the formulas of a sheet refer to.

    Attributes:
        last: the last one, from 1; 0 if none. References to whole rows do not count: no column is beside them.
    """

    def __init__(self, sheet: str) -> None:
        """Initialize; `sheet` is the name of the sheet."""
        self.last = 0
        self._sheet = _alike(sheet)
        self._seen: set[tuple[str, int]] = set()

    def add(self, formula: str, shared: int) -> None:
        """Read a formula.

        Args:
            formula: the formula, as a workbook stores it.
            shared: over how many further columns it is shared, each of which refers to cells further to the right.
        """
        key = _alike(formula), shared  # as a rule, the formulas of a column differ in their rows alone
        if key not in self._seen:
            if len(self._seen) < _MOST_KEPT:
                self._seen.add(key)
            column = last_column_of(key[0], self._sheet)
            self.last = max(self.last, column + shared if column else 0)


def _alike(text: str) -> str:
    return _DIGITS.sub("1", text)


def last_column_of(formula: str, sheet: str) -> int:
    """The last column, from 1, of a sheet that a formula refers to; 0 if none. References to whole rows do not count.

    Args:
        formula: the formula, as a workbook stores it.
        sheet: the name of the sheet that it is in.
    """
    found = 0
    for match in _REFERENCE.finditer(_IGNORED.sub('""', formula)):
        named = match["sheet"]
        if named is None or named[:-1].strip("'").replace("''", "'").casefold() == sheet.casefold():
            start = match.end("sheet") if named else match.start()
            first = _LETTERS.search(match.string, start)
            letters = match["to"] or match["column"] or (first[0] if first else "A")
            found = max(found, column_index_from_string(letters))
    return found
