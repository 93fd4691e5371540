"""Find cells that a sheet displays differently than it stores them, and cells that a spreadsheet program damaged.

Excel keeps fifteen digits of a number, shows long numbers in scientific notation, drops leading zeros and converts
"3-1" to a date. A message to an id damaged in this way reaches no one, or the wrong person.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from operator import ne
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem
from campaign.sheets.number_format import general_text
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from campaign.sheets import CellValue, Column, Row

_BATCH, _BATCH_CELLS = 500, 1_000_000
_CELLS_LISTED = 3
_MAX_FINDINGS = 10
_MAX_SHOWN_LENGTH, _MAX_TEXT_SCANNED = 30, 1000
_DIGITS_KEPT = 15  # Microsoft, "Excel specifications and limits": number precision
_ONLY_TEXT = {str, type(None)}
_QUESTION_MARK_IN_WORD = re.compile(r"[^\W\d_]\?+[^\W\d_]")
_URL = re.compile(r"://|[?&]\w+=")
_SCIENTIFIC = re.compile(r"-?\d(?:[.,]\d+)?E[+-]\d{2,}")


class Example(NamedTuple):
    """A value as stored, without number format, and as displayed."""

    stored: str
    displayed: str


class _Finding(NamedTuple):
    """What is wrong with a column, and what to do about it."""

    what: str
    remedy: str


_LOST_DIGITS = _Finding(
    "contains numbers of 16 or more digits that end in zeros",
    "Excel keeps 15 digits of a number and has lost the others: format the column as text, and enter them again",
)
_SHOWN_SCIENTIFIC = _Finding(
    "shows ids in scientific notation",
    "give the column the number format 0, or format it as text and enter them again",
)
_NOT_ONLY_DIGITS = _Finding("shows ids with more than digits in them", "give the column the number format 0")
_DATES = _Finding("contains dates where ids belong", "format the column as text, and enter the ids again")
_LOST_ZEROS = _Finding(
    "contains numbers among texts with leading zeros",
    "Excel drops the zeros before a number: format the column as text, and enter the numbers again",
)
_NUMBERS_AS_TEXT = _Finding(
    "contains numbers as text, which do not show the number format of the others",
    "turn them into numbers in a spreadsheet program",
)
_LOST_LETTERS = _Finding(
    "has question marks inside words, where letters may have been lost",
    "save the list again from a file whose letters are intact: as a workbook, or as CSV UTF-8",
)


class Linter:
    """Checks the rows of a sheet, column by column.

    Args:
        columns: the columns of the sheet.
        ids: the columns that identify the destination of a message.
    """

    def __init__(self, columns: Sequence[Column], ids: Collection[Column] = ()) -> None:
        self._columns = [_ColumnLinter(column, is_id=column in ids) for column in columns]
        self._by_letter = {each.column.letter: each for each in self._columns}
        self._batch = max(1, min(_BATCH, _BATCH_CELLS // max(1, len(columns))))
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Check a row."""
        self._rows.append(row)
        if len(self._rows) == self._batch:
            self._check_batch()

    def examples(self) -> dict[Column, Example]:
        """Return the first cell of each column that is displayed differently than it is stored."""
        self._check_batch()
        return {each.column: each.example for each in self._columns if each.example is not None}

    def warnings(self) -> list[Problem]:
        """Return what seems to be damaged, by column, with the number of cells and the first few of them."""
        self._check_batch()
        return [warning for each in self._columns for warning in each.warnings()]

    def _check_batch(self) -> None:
        """Check the rows collected so far; by column, because a blank column or one of text is fast to check."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        numbers = [row.number for row in rows]
        for each, values in zip(self._columns, zip(*[row.values for row in rows], strict=True), strict=True):
            if values.count(None) < len(rows):
                position = each.column.position
                texts = [row.texts[position] for row in rows]
                each.check(numbers, values, texts)
                if any("?" in text for text in texts):
                    each.check_question_marks(numbers, texts)
        for row in rows:
            for problem in row.problems:
                column = self._by_letter.get(problem.where.rstrip("0123456789"))
                if column is not None:
                    column.add_problem(_Finding(problem.what, problem.remedy), row)


class _CellCount:
    """The number of cells with a finding, and the first few of them."""

    def __init__(self) -> None:
        self.count = 0
        self._rows: list[int] = []
        self._text = ""

    def add(self, row: int, text: str) -> None:
        if not self.count:
            self._text = one_line(text[:_MAX_TEXT_SCANNED], _MAX_SHOWN_LENGTH)
        self.count += 1
        if self.count <= _CELLS_LISTED:
            self._rows.append(row)

    def describe(self, letter: str) -> str:
        """Return the number of cells and the references of the first few, with the text of the first one."""
        names = [f"{letter}{row}" for row in self._rows]
        if self._text:
            names[0] += f" “{self._text}”"
        more = ", …" if self.count > _CELLS_LISTED else ""
        return f"{self.count:,} cell{'' if self.count == 1 else 's'}: {', '.join(names)}{more}"


class _ColumnLinter:
    """The findings of one column."""

    def __init__(self, column: Column, *, is_id: bool) -> None:
        self.column = column
        self.example: Example | None = None
        self._is_id = is_id
        self._findings: dict[_Finding, _CellCount] = {}
        self._numbers = _CellCount()
        self._numbers_as_text = _CellCount()
        self._texts_with_lost_digits = _CellCount()
        self._has_whole_long_ids = False
        self._has_leading_zeros = False
        self._has_formatted_numbers = False

    def check(self, rows: Sequence[int], values: Sequence[CellValue], texts: Sequence[str]) -> None:
        """Check the column's cells in some rows."""
        if set(map(type, values)) <= _ONLY_TEXT:
            for number, text in zip(rows, texts, strict=True):
                if "0" <= text[:1] <= "9":
                    self._check_text(number, text)
            # A blank cell differs from its text, "".
            if self.example is None and sum(map(ne, values, texts)) > values.count(None):
                self._find_example(values, texts)
            return
        for number, value, text in zip(rows, values, texts, strict=True):
            if isinstance(value, str):
                self._check_text(number, text)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self._check_number(number, value, text)
            elif isinstance(value, (date, time, timedelta)) and self._is_id:
                self._add(_DATES, number, text)
        if self.example is None:
            self._find_example(values, texts)

    def check_question_marks(self, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Check cells of which some contain question marks."""
        for number, text in zip(rows, texts, strict=True):
            start = text[:_MAX_TEXT_SCANNED] if "?" in text else ""
            if start and _QUESTION_MARK_IN_WORD.search(start) and not _URL.search(start):
                self._add(_LOST_LETTERS, number, text)

    def add_problem(self, finding: _Finding, row: Row) -> None:
        """Add a problem that the reader of the sheet found in a cell."""
        self._add(finding, row.number, row.texts[self.column.position])

    def warnings(self) -> Iterator[Problem]:
        """Yield the findings, one warning each."""
        found = dict(self._findings)
        if self._texts_with_lost_digits.count > 1 and not self._has_whole_long_ids:
            found.setdefault(_LOST_DIGITS, self._texts_with_lost_digits)
        if self._has_leading_zeros and self._numbers.count:
            found[_LOST_ZEROS] = self._numbers
        elif self._has_formatted_numbers and self._numbers_as_text.count:
            found[_NUMBERS_AS_TEXT] = self._numbers_as_text
        letter = self.column.letter
        for finding, cells in found.items():
            where = f"column {letter} “{self.column.label}” ({cells.describe(letter)})"
            yield Problem(where, finding.what, finding.remedy)

    def _find_example(self, values: Sequence[CellValue], texts: Sequence[str]) -> None:
        for value, text in zip(values, texts, strict=True):
            if value is not None and _differs(value, text):
                self.example = Example(_plain(value), text)
                return

    def _check_number(self, row: int, value: float, text: str) -> None:
        if not text.startswith("0"):
            self._numbers.add(row, text)
        if not self._has_formatted_numbers:
            self._has_formatted_numbers = str(value) != text and general_text(value) != text
        if abs(value) >= 10**_DIGITS_KEPT and _has_lost_digits(value):
            self._add(_LOST_DIGITS, row, text)
        if self._is_id and not text.isdecimal():
            self._add(_SHOWN_SCIENTIFIC if _SCIENTIFIC.fullmatch(text) else _NOT_ONLY_DIGITS, row, text)

    def _check_text(self, row: int, text: str) -> None:
        """Check a text that may be a number."""
        if not text.isdecimal():
            if self._is_id and _SCIENTIFIC.fullmatch(text):
                self._add(_SHOWN_SCIENTIFIC, row, text)
        elif text[0] == "0":
            self._has_leading_zeros = self._has_leading_zeros or len(text) > 1
        elif not self._is_id:
            self._numbers_as_text.add(row, text)
        elif len(text) > _DIGITS_KEPT:
            # An intact id of that length may end in a zero, but not every id of a column does.
            if text[_DIGITS_KEPT:].strip("0"):
                self._has_whole_long_ids = True
            else:
                self._texts_with_lost_digits.add(row, text)

    def _add(self, finding: _Finding, row: int, text: str) -> None:
        if finding in self._findings or len(self._findings) < _MAX_FINDINGS:
            self._findings.setdefault(finding, _CellCount()).add(row, text)


def _has_lost_digits(number: float) -> bool:
    """Return whether a number of 16 or more digits has only zeros after the fifteenth."""
    exact = Decimal(repr(number))
    return exact % Decimal(10) ** (exact.adjusted() - _DIGITS_KEPT + 1) == 0


def _differs(value: CellValue, text: str) -> bool:
    return str(value) != text and _plain(value) != text


def _plain(value: CellValue) -> str:
    """Return a value without its number format: all digits of a number, a date in ISO 8601."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return str(value).removesuffix(" 00:00:00")
