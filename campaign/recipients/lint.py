"""What a sheet shows against what it stores, and what a spreadsheet program has already ruined in it.

Excel keeps fifteen digits of a number, shows long numbers in scientific notation, drops the zeros before a number and
takes "3-1" for a date. What was sent to such an id would reach nobody, or somebody else.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from operator import ne
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem
from campaign.sheets.number_format import general_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from campaign.sheets import CellValue, Column, Row

_BATCH, _BATCH_CELLS = 500, 1_000_000
_CELLS_NAMED = 3
_FAULTS_NAMED = 10
_LONGEST_SHOWN, _MOST_LOOKED_AT = 30, 1000
_DIGITS_KEPT = 15  # Microsoft, "Excel specifications and limits": number precision
_ONLY_TEXT = {str, type(None)}
_INSIDE_A_WORD = re.compile(r"[^\W\d_]\?+[^\W\d_]")
_ADDRESS = re.compile(r"://|[?&]\w+=")
_SCIENTIFIC = re.compile(r"-?\d(?:[.,]\d+)?E[+-]\d{2,}")


class Example(NamedTuple):
    """A value as it is stored, plainly written, and as the sheet shows it."""

    stored: str
    displayed: str


class _Fault(NamedTuple):
    """What is wrong with a column, and what to do."""

    what: str
    remedy: str


_RUINED = _Fault(
    "holds numbers of 16 or more digits that end in zeros",
    "Excel keeps 15 digits of a number and has lost the others: format the column as text, and enter them anew",
)
_SHOWN_SCIENTIFIC = _Fault(
    "shows ids in scientific notation",
    "give the column the number format 0, or format it as text and enter them anew",
)
_NOT_ONLY_DIGITS = _Fault("shows ids with more than digits in them", "give the column the number format 0")
_DATES = _Fault("holds dates where ids belong", "format the column as text, and enter the ids anew")
_WITHOUT_ZEROS = _Fault(
    "holds numbers among texts with leading zeros",
    "Excel drops the zeros before a number: format the column as text, and enter the numbers anew",
)
_AS_TEXT = _Fault(
    "holds numbers as text, which do not show the number format of the others",
    "turn them into numbers in a spreadsheet program",
)
_LOST_LETTERS = _Fault(
    "has question marks inside words, as where letters were lost",
    "save the list anew where its letters are still right: as a workbook, or as CSV UTF-8",
)


class Linter:
    """Looks at every row of a list.

    Args:
        columns: the list's columns.
        ids: those of them that say where a message goes.
    """

    def __init__(self, columns: Sequence[Column], ids: Collection[Column] = ()) -> None:
        self._watches = [_Watch(column, is_id=column in ids) for column in columns]
        self._by_letter = {watch.column.letter: watch for watch in self._watches}
        self._batch = max(1, min(_BATCH, _BATCH_CELLS // max(1, len(columns))))
        self._rows: list[Row] = []

    def look(self, row: Row) -> None:
        """Take a row."""
        self._rows.append(row)
        if len(self._rows) == self._batch:
            self._digest()

    def examples(self) -> dict[Column, Example]:
        """The first cell of each column that shows something else than it stores, where there is one."""
        self._digest()
        return {watch.column: watch.example for watch in self._watches if watch.example is not None}

    def warnings(self) -> list[Problem]:
        """What seems to be ruined, column by column, with the number of cells and the first of them."""
        self._digest()
        return [warning for watch in self._watches for warning in watch.warnings()]

    def _digest(self) -> None:
        """Look at a batch of rows column by column: most hold nothing, or nothing but text, which is seen at once."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        numbers = [row.number for row in rows]
        for watch, values in zip(self._watches, zip(*[row.values for row in rows], strict=True), strict=True):
            if values.count(None) < len(rows):
                position = watch.column.position
                texts = [row.texts[position] for row in rows]
                watch.take(numbers, values, texts)
                if any("?" in text for text in texts):
                    watch.take_question_marks(numbers, texts)
        for row in rows:
            for problem in row.problems:
                watched = self._by_letter.get(problem.where.rstrip("0123456789"))
                if watched is not None:
                    watched.blame(_Fault(problem.what, problem.remedy), row)


class _Cells:
    """Some cells of a column: how many, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self._rows: list[int] = []
        self._text = ""

    def add(self, row: int, text: str) -> None:
        if not self.count:
            line = " ".join(text[:_MOST_LOOKED_AT].split())
            self._text = line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"
        self.count += 1
        if self.count <= _CELLS_NAMED:
            self._rows.append(row)

    def named(self, letter: str) -> str:
        """The number of the cells and the first of them, the very first with what it shows."""
        names = [f"{letter}{row}" for row in self._rows]
        if self._text:
            names[0] += f" “{self._text}”"
        more = ", …" if self.count > _CELLS_NAMED else ""
        return f"{self.count:,} cell{'' if self.count == 1 else 's'}: {', '.join(names)}{more}"


class _Watch:
    """What was seen of one column."""

    def __init__(self, column: Column, *, is_id: bool) -> None:
        self.column = column
        self.example: Example | None = None
        self._is_id = is_id
        self._faults: dict[_Fault, _Cells] = {}
        self._numbers = _Cells()
        self._numbers_as_text = _Cells()
        self._ruined_texts = _Cells()
        self._holds_whole_long_ids = False
        self._holds_leading_zeros = False
        self._holds_formatted_numbers = False

    def take(self, rows: Sequence[int], values: Sequence[CellValue], texts: Sequence[str]) -> None:
        """Take the column's cells of some rows."""
        if set(map(type, values)) <= _ONLY_TEXT:
            for number, text in zip(rows, texts, strict=True):
                if "0" <= text[:1] <= "9":
                    self._take_digits(number, text)
            # A blank cell differs from its text, "".
            if self.example is None and sum(map(ne, values, texts)) > values.count(None):
                self._take_examples(values, texts)
            return
        for number, value, text in zip(rows, values, texts, strict=True):
            if isinstance(value, str):
                self._take_digits(number, text)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self._take_number(number, value, text)
            elif isinstance(value, (date, time, timedelta)) and self._is_id:
                self._add(_DATES, number, text)
        if self.example is None:
            self._take_examples(values, texts)

    def take_question_marks(self, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Take cells some of which hold question marks."""
        for number, text in zip(rows, texts, strict=True):
            start = text[:_MOST_LOOKED_AT] if "?" in text else ""
            if start and _INSIDE_A_WORD.search(start) and not _ADDRESS.search(start):
                self._add(_LOST_LETTERS, number, text)

    def blame(self, fault: _Fault, row: Row) -> None:
        """Take a cell that the reader found fault with."""
        self._add(fault, row.number, row.texts[self.column.position])

    def warnings(self) -> Iterator[Problem]:
        """What was found."""
        found = dict(self._faults)
        if self._ruined_texts.count > 1 and not self._holds_whole_long_ids:
            found.setdefault(_RUINED, self._ruined_texts)
        if self._holds_leading_zeros and self._numbers.count:
            found[_WITHOUT_ZEROS] = self._numbers
        elif self._holds_formatted_numbers and self._numbers_as_text.count:
            found[_AS_TEXT] = self._numbers_as_text
        letter = self.column.letter
        for fault, cells in found.items():
            where = f"column {letter} “{self.column.label}” ({cells.named(letter)})"
            yield Problem(where, fault.what, fault.remedy)

    def _take_examples(self, values: Sequence[CellValue], texts: Sequence[str]) -> None:
        for value, text in zip(values, texts, strict=True):
            if value is not None and _differs(value, text):
                self.example = Example(_plain(value), text)
                return

    def _take_number(self, row: int, value: float, text: str) -> None:
        if not text.startswith("0"):
            self._numbers.add(row, text)
        if not self._holds_formatted_numbers:
            self._holds_formatted_numbers = str(value) != text and general_text(value) != text
        if abs(value) >= 10**_DIGITS_KEPT and _is_ruined(value):
            self._add(_RUINED, row, text)
        if self._is_id and not text.isdecimal():
            self._add(_SHOWN_SCIENTIFIC if _SCIENTIFIC.fullmatch(text) else _NOT_ONLY_DIGITS, row, text)

    def _take_digits(self, row: int, text: str) -> None:
        """Take a text that may be a number."""
        if not text.isdecimal():
            if self._is_id and _SCIENTIFIC.fullmatch(text):
                self._add(_SHOWN_SCIENTIFIC, row, text)
        elif text[0] == "0":
            self._holds_leading_zeros = self._holds_leading_zeros or len(text) > 1
        elif not self._is_id:
            self._numbers_as_text.add(row, text)
        elif len(text) > _DIGITS_KEPT:
            # A whole id of so many digits may end in a zero as well, but not every one of a column does.
            if text[_DIGITS_KEPT:].strip("0"):
                self._holds_whole_long_ids = True
            else:
                self._ruined_texts.add(row, text)

    def _add(self, fault: _Fault, row: int, text: str) -> None:
        if fault in self._faults or len(self._faults) < _FAULTS_NAMED:
            self._faults.setdefault(fault, _Cells()).add(row, text)


def _is_ruined(number: float) -> bool:
    """Whether a number of 16 or more digits has none but zeros after the fifteenth."""
    exact = Decimal(repr(number))
    return exact % Decimal(10) ** (exact.adjusted() - _DIGITS_KEPT + 1) == 0


def _differs(value: CellValue, text: str) -> bool:
    return str(value) != text and _plain(value) != text


def _plain(value: CellValue) -> str:
    """A value without any number format: all digits of a number, the ISO 8601 spelling of a date."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return str(value).removesuffix(" 00:00:00")
