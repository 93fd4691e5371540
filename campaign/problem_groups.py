"""Problems of one kind as one line: 1,500 blank cells of a column have one cause.

Pure, and of bounded size: neither the number of rows nor that of kinds makes it grow without end.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_KINDS = 200
"""Kinds of problem that are told apart; problems of any further kind are counted together."""

_RANGES_KEPT, _RANGES_SHOWN = 16, 12
_CELL = re.compile(r"([A-Z]{1,3})(\d+)")
_ROW = re.compile(r"row (\d+)")
_LINE = re.compile(r"^line \d+(?:: | (?=has ))")


class RowNumbers:
    """Numbers of rows, which come in ascending order, as ranges."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.count = 0
        self._ranges: list[tuple[int, int]] = []
        self._last = 0
        for number in numbers:
            self.add(number)

    def add(self, number: int) -> None:
        """Add a row; one that was the last to be added is not counted again."""
        if number == self._last:
            return
        self.count += 1
        if self._ranges and number == self._last + 1 and self._last == self._ranges[-1][1]:
            self._ranges[-1] = (self._ranges[-1][0], number)
        elif len(self._ranges) < _RANGES_KEPT:
            self._ranges.append((number, number))
        self._last = number

    def __str__(self) -> str:
        """The ranges: "2–1501", or "2, 5, 9–12, …" where there are more."""
        parts: list[str] = []
        shown = 0
        for first, last in self._ranges:
            whole = [f"{first}–{last}"] if last > first + 1 else [str(number) for number in range(first, last + 1)]
            if len(parts) + len(whole) > _RANGES_SHOWN:
                break
            parts += whole
            shown += last - first + 1
        return ", ".join([*parts, "…"] if shown < self.count else parts)


def row_numbers(numbers: Iterable[int]) -> str:
    """Numbers of rows in ascending order, for people: "2–1501", "2, 5, 9–12, …"."""
    return str(RowNumbers(numbers))


class _Place(NamedTuple):
    """The columns of a problem's cells, and its row."""

    columns: str
    row: int


def _place_of(where: str) -> _Place | None:
    row = _ROW.fullmatch(where)
    if row:
        return _Place("", int(row[1]))
    cells = [_CELL.fullmatch(each) for each in where.split(", ")]
    rows = {int(cell[2]) for cell in cells if cell}
    if len(rows) != 1 or not all(cells):
        return None
    return _Place(", ".join(cell[1] for cell in cells if cell), rows.pop())


class _Group:
    """Problems of one kind: the first of them, and the rows that have it."""

    def __init__(self, first: Problem, columns: str) -> None:
        self.first = first
        self.columns = columns
        self.rows = RowNumbers()
        self.one_remedy = True

    def add(self, problem: Problem, row: int) -> None:
        self.rows.add(row)
        self.one_remedy = self.one_remedy and problem.remedy == self.first.remedy

    def problem(self) -> Problem:
        """All of them as one."""
        if self.rows.count < 2:  # one row, or no row at all
            return self.first
        letters = f"column{'s' if ', ' in self.columns else ''} {self.columns}, " if self.columns else ""
        where = f"{letters}{self.rows.count:,} rows ({self.rows})"
        remedy = self.first.remedy if self.one_remedy else f"in {self.first.where}, {self.first.remedy}"
        return replace(self.first, where=where, what=_without_line(self.first.what), remedy=remedy)


class ProblemGroups:
    """Collects problems of rows in the order of the rows, and gives one for each kind."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], _Group] = {}
        self._others = RowNumbers()

    def add(self, problem: Problem) -> bool:
        """Add a problem; return whether it is the first of its kind."""
        place = _place_of(problem.where)
        columns, row = place or _Place(problem.where, 0)
        key = (columns, _without_line(problem.what), problem.code)
        group = self._groups.get(key)
        if group is None and len(self._groups) == MOST_KINDS:
            self._others.add(row)
            return False
        if group is None:
            self._groups[key] = _Group(problem, columns)
        self._groups[key].add(problem, row)
        return group is None

    def problems(self) -> list[Problem]:
        """One problem for each kind, in the order of their first rows."""
        found = [group.problem() for group in self._groups.values()]
        if self._others.count:
            what = f"{self._others.count:,} more rows have problems of other kinds ({self._others})"
            found.append(Problem("", what, "correct those above first"))
        return found


def _without_line(what: str) -> str:
    """What is wrong, without the line of a text file, which is another one for each row."""
    found = _LINE.match(what)
    if found is None:
        return what
    return ("the line " if found[0].endswith(" ") and ": " not in found[0] else "") + what[found.end() :]
