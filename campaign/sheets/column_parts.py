"""Read one column of a sheet in large parts: for lists of a million values, of which nothing else is needed."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from campaign.sheets.delimited import DelimitedSheet

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from campaign.errors import Problem
    from campaign.sheets.table import Column, Row, Sheet

ROWS_TOGETHER = 4096

MOST_EXACT = 10**15
"""A spreadsheet program keeps 15 digits of a number."""


class ColumnPart(NamedTuple):
    """Some cells of a column, in the order of the file.

    Attributes:
        numbers: the numbers of their rows.
        texts: the cells as displayed; "" if blank. A whole number in scientific notation has all its digits, and one
            that has lost digits, because a spreadsheet program keeps 15, is in scientific notation.
        problems: what is wrong with these cells, or with their rows as a whole.
    """

    numbers: Sequence[int]
    texts: Sequence[str]
    problems: tuple[Problem, ...] = ()


def read_column(sheet: Sheet, column: Column) -> Iterator[ColumnPart]:
    """Yield the cells of a column below the header row.

    Raises:
        RecipientsError: the file is damaged further down, or was changed since it was opened.
    """
    last, is_whole = 0, False
    if isinstance(sheet, DelimitedSheet):
        last, is_whole = yield from _plain_parts(sheet, column)
    rows = (row for row in sheet.rows() if row.number > last)
    while not is_whole and (some := list(islice(rows, ROWS_TOGETHER))):
        problems = tuple(problem for row in some if row.problems for problem in _of_column(row, column))
        yield ColumnPart([row.number for row in some], [_text(row, column.position) for row in some], problems)


def plain_texts(sheet: Sheet, column: Column) -> Iterator[Sequence[str] | None]:
    """Yield the cells of a column that take next to no time to read; then None if that is not all of them."""
    if not isinstance(sheet, DelimitedSheet):
        yield None
        return
    for _, texts in sheet.plain_column(column):
        yield texts


def _plain_parts(sheet: DelimitedSheet, column: Column) -> Generator[ColumnPart, None, tuple[int, bool]]:
    """Yield the first parts of a column, as far as lines are plain; return the last row, and whether that was all."""
    last = 0
    for first, texts in sheet.plain_column(column):
        if texts is None:
            return last, False
        last = first + len(texts) - 1
        yield ColumnPart(range(first, last + 1), texts)
    return last, True


def _text(row: Row, position: int) -> str:
    text, value = row.texts[position], row.values[position]
    if not isinstance(value, int | float) or abs(value) == math.inf or value != int(value):
        return text
    if abs(value) < MOST_EXACT:
        return str(int(value)) if "E+" in text else text
    # A spreadsheet program has made the digits from the sixteenth on zeros: the text must not look like an id.
    return f"{value:.14E}" if value % 10 == 0 else text


def _of_column(row: Row, column: Column) -> Iterator[Problem]:
    """The problems of a row that concern a column: those of its cell, and of the row as a whole."""
    for problem in row.problems:
        letters = problem.where.rstrip("0123456789")
        if letters == column.letter or " " in letters:
            yield problem
