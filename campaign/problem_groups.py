"""Problems of rows, grouped: 1,500 rows with the same blank cell are one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem
from campaign.findings import Occurrences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALONE = 3
"""Up to so many problems of a kind are named one by one."""

_LINE = re.compile(r"^line \d+: ")
"""The line of a text file, which is another one for each row."""

_ERROR = re.compile(r"(?<= cannot be (?:answered|rendered): ).*", re.DOTALL)
"""What an expression of the operator's own cannot do with a row, which may quote the row's cells."""

_QUOTED = re.compile("“[^”]*”")

_BLANK = re.compile(r" (?:is|are) blank")


class _Key(NamedTuple):
    """What problems of a kind have in common: their columns, what is wrong, and the code."""

    columns: str
    what: str
    code: str


class ProblemGroups:
    """Groups the problems of rows, in bounded memory.

    Args:
        most: groups that are kept apart; the problems of further ones are only counted.
    """

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._groups: dict[_Key, list[Problem]] = {}
        self._rows: dict[_Key, Occurrences] = {}
        self._words: dict[_Key, str] = {}
        self._others = 0

    def add(self, row: int, problems: Sequence[Problem], label: str = "") -> None:
        """Add the problems of a row.

        Args:
            row: its number.
            problems: what is wrong with it.
            label: what it is called besides.
        """
        for problem in problems:
            words = _LINE.sub("", problem.what)
            key = _Key(_columns(problem.where), _without_cells(words), problem.code)
            if key not in self._groups:
                if len(self._groups) == self._most:
                    self._others += 1
                    continue
                self._groups[key], self._rows[key], self._words[key] = [], Occurrences(), words
            if self._words[key] != words:
                self._words[key] = key.what
            self._rows[key].add(row, label=label)
            if len(self._groups[key]) < ALONE:
                self._groups[key].append(labelled(problem, label))

    def problems(self, most: int | None = None) -> Iterator[Problem]:
        """A problem for each of few, and one for each group of many.

        Args:
            most: how many to name; the last one says how many more there are.
        """
        shown, left = 0, self._others
        for key, first in self._groups.items():
            shared = key._replace(what=self._words[key])
            lines = first if self._rows[key].count <= ALONE else [_together(shared, first[0], self._rows[key])]
            room = len(lines) if most is None else max(0, most - shown)
            yield from lines[:room]
            shown += len(lines[:room])
            left += len(lines) - len(lines[:room])
        if left:
            yield Problem("", f"… and {left:,} more problem{'' if left == 1 else 's'}")


def _without_cells(words: str) -> str:
    return _ERROR.sub(lambda error: _QUOTED.sub("“…”", error[0]), words)


def labelled(problem: Problem, label: str) -> Problem:
    """A problem whose place is called by what its row is called."""
    if not label:
        return problem
    return Problem(f"{problem.where} ({label})", problem.what, problem.remedy, problem.code)


def _together(key: _Key, first: Problem, rows: Occurrences) -> Problem:
    found = _BLANK.search(key.what)
    if found:
        what = f"{key.what[: found.end()]} in {rows.named()}{key.what[found.end() :]}"
    else:
        what = f"{rows.named()}: {_place(key.columns)}{key.what}"
    return Problem("", what, first.remedy, key.code)


def _place(columns: str) -> str:
    return f"column {columns} " if columns else ""


def _columns(where: str) -> str:
    """The columns of a place such as "C2, D2"; "" for that of a whole row."""
    cells = where.split(", ")
    letters = [cell.rstrip("0123456789") for cell in cells]
    return ", ".join(letters) if all(each.isupper() and each.isalpha() for each in letters) else ""
