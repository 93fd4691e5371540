"""Find cells that a sheet displays differently than it stores them, and cells that a spreadsheet program damaged.

Excel keeps fifteen digits of a number, shows long numbers in scientific notation, drops leading zeros and converts
"3-1" to a date. A message to an id damaged in this way reaches no one, or the wrong person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import compress
from operator import ne
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.recipients.detectors.numbers import DIGITS_KEPT, SCIENTIFIC, has_lost_digits
from campaign.recipients.found_cells import Fault, FoundCells, finding_of
from campaign.sheets.number_format import general_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from campaign.findings import Finding
    from campaign.recipients.detectors import CellFinding
    from campaign.recipients.found_cells import LabelOf
    from campaign.recipients.row_batch import RowBatch
    from campaign.sheets import CellValue, Column

_MOST_UNREADABLE = 10
_ONLY_TEXT = {str, type(None)}


OnRow: TypeAlias = Callable[[int, str], object]
"""Is told the number of a row and the code of a finding."""


class Example(NamedTuple):
    """A value as stored, without number format, and as displayed."""

    stored: str
    displayed: str


_LOST_DIGITS = "contains numbers of 16 or more digits that end in zeros"
_SCIENTIFIC = "shows ids in scientific notation"
_LONG_NUMBERS = Fault("long-numbers", _LOST_DIGITS)
_SCIENTIFIC_TEXT = Fault("scientific-text", _SCIENTIFIC)
_NOT_ONLY_DIGITS = Fault("id-format", "shows ids with more than digits in them")
_DATES = Fault("id-dates", "contains dates where ids belong")
_LOST_ZEROS = Fault("lost-zeros", "contains numbers among texts with leading zeros")
_NUMBERS_AS_TEXT = Fault(
    "numbers-as-text", "contains numbers as text, which do not show the number format of the others"
)
_CELL_FAULTS = {
    "lost-letters": "has text whose letters were lost",
    "mojibake": "has text that was once read in the wrong encoding",
    "null-word": "has a program's word for “nothing”",
    "csv-apostrophe": "has an apostrophe before ids or numbers, which would be sent",
    "placeholder-left": "has a placeholder, and cells are not filled in",
    "backslash-quotes": 'has \\" for a quotation mark, which would be sent as it is',
    "legacy-font": "is typed for a font that shows other letters",
    "ruined-number": "has numbers that are no longer what was entered",
    "converted": "is in Unicode now, as its legacy font showed it",
    "trimmed": "has ids with blanks at their ends, which are left out",
}
"""What is wrong with a column that has cells which a `CellDetector` names, by the code."""

_CELL_FIXES = {"placeholder-left": "write the text itself into the cells"}
"""What to do about it, where that depends on where it is found."""


class Linter:
    """Checks the rows of a sheet, column by column.

    Args:
        columns: the columns of the sheet.
        ids: the columns that identify the destination of a message.
        used: the columns whose cells are sent; None: all of them.
        on_row: called with the number of a row and the code of a finding, for each cell with a fault that may be sent.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        ids: Collection[Column] = (),
        used: Collection[Column] | None = None,
        on_row: OnRow | None = None,
    ) -> None:
        sent = columns if used is None else used
        self._columns = [_ColumnLinter(each, on_row, is_id=each in ids, is_used=each in sent) for each in columns]
        self._by_letter = {each.column.letter: each for each in self._columns}

    def examples(self) -> dict[Column, Example]:
        """Return the first cell of each column that is displayed differently than it is stored."""
        return {each.column: each.example for each in self._columns if each.example is not None}

    def findings(self) -> list[Finding]:
        """Return what seems to be damaged, with the columns, the number of cells and the first few of them."""
        by_fault: dict[Fault, list[tuple[Column, FoundCells]]] = {}
        for each in self._columns:
            for fault, cells in each.found().items():
                by_fault.setdefault(fault, []).append((each.column, cells))
        return [finding_of(fault, found) for fault, found in by_fault.items()]

    def check(self, batch: RowBatch) -> None:
        """Check a batch of rows; by column, because a blank column or one of text is fast to check."""
        for each, values, texts in zip(self._columns, batch.values, batch.texts, strict=True):
            each.label_of = batch.label_beside(each.column)
            if values.count(None) < len(values):
                each.check(batch, values, texts)
        for row in batch.rows:
            for problem in row.problems:
                column = self._by_letter.get(problem.where.rstrip("0123456789"))
                if column is not None:
                    fault = Fault("unreadable-cell", problem.what, problem.remedy)
                    column.add(fault, row.number, row.texts[column.column.position])

    def note(self, found: CellFinding) -> None:
        """Count a cell that a detector has found."""
        fault = Fault(found.code, _CELL_FAULTS[found.code], _CELL_FIXES.get(found.code, ""))
        self._by_letter[found.column.letter].add(fault, found.row, found.text, found.detail)


class _ColumnLinter:
    """The faults of one column."""

    def __init__(self, column: Column, on_row: OnRow | None, *, is_id: bool, is_used: bool) -> None:
        self.column = column
        self._on_row = on_row
        self.example: Example | None = None
        self.is_used = is_used
        self._is_id = is_id
        self._faults: dict[Fault, FoundCells] = {}
        self._numbers = FoundCells()
        self._numbers_as_text = FoundCells()
        self._texts_with_lost_digits = FoundCells()
        self._has_whole_long_ids = False
        self._has_leading_zeros = False
        self._has_formatted_numbers = False
        self.label_of: LabelOf | None = None

    def check(self, batch: RowBatch, values: Sequence[CellValue], texts: Sequence[str]) -> None:
        """Check the column's cells in some rows."""
        if set(map(type, values)) <= _ONLY_TEXT:
            self._check_texts(batch, texts)
            # A blank cell differs from its text, "".
            if self.example is None and sum(map(ne, values, texts)) > values.count(None):
                self._find_example(values, texts)
            return
        for number, value, text in zip(batch.numbers, values, texts, strict=True):
            if isinstance(value, str):
                self._check_text(number, text)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self._check_number(number, value, text)
            elif isinstance(value, (date, time, timedelta)) and self._is_id:
                self.add(_DATES, number, text)
        if self.example is None:
            self._find_example(values, texts)

    def _check_texts(self, batch: RowBatch, texts: Sequence[str]) -> None:
        """Check the cells of a column of texts: few columns have any that may be a number."""
        decimal = list(map(str.isdecimal, texts))
        if self._is_id and "E" in batch.together(self.column.position):
            decimal = [True] * len(texts)
        if True in decimal:
            for number, text in compress(zip(batch.numbers, texts, strict=True), decimal):
                self._check_text(number, text)

    def found(self) -> dict[Fault, FoundCells]:
        """The faults and their cells."""
        found = dict(self._faults)
        if self._texts_with_lost_digits.count > 1 and not self._has_whole_long_ids:
            found.setdefault(_LONG_NUMBERS, self._texts_with_lost_digits)
        if self._has_leading_zeros and self._numbers.count:
            found[_LOST_ZEROS] = self._numbers
        elif self._has_formatted_numbers and self._numbers_as_text.count:
            found[_NUMBERS_AS_TEXT] = self._numbers_as_text
        return found

    def _find_example(self, values: Sequence[CellValue], texts: Sequence[str]) -> None:
        for value, text in zip(values, texts, strict=True):
            if value is not None and _differs(value, text):
                self.example = Example(_plain(value), text)
                return

    def _check_number(self, row: int, value: float, text: str) -> None:
        letter = self.column.letter
        if not text.startswith("0"):
            self._numbers.note(letter, row, text, "", self.label_of)
        if not self._has_formatted_numbers:
            self._has_formatted_numbers = str(value) != text and general_text(value) != text
        if not self.is_used and abs(value) >= 10**DIGITS_KEPT and has_lost_digits(value):
            self.add(_LONG_NUMBERS, row, text)
        if self._is_id and not text.isdecimal() and not SCIENTIFIC.fullmatch(text):
            self.add(_NOT_ONLY_DIGITS, row, text)

    def _check_text(self, row: int, text: str) -> None:
        """Check a text that may be a number."""
        if not text.isdecimal():
            if self._is_id and SCIENTIFIC.fullmatch(text):
                self.add(_SCIENTIFIC_TEXT, row, text)
        elif text[0] == "0":
            self._has_leading_zeros = self._has_leading_zeros or len(text) > 1
        elif not self._is_id:
            self._numbers_as_text.note(self.column.letter, row, text, "", self.label_of)
        elif len(text) > DIGITS_KEPT:
            # An intact id of that length may end in a zero, but not every id of a column does.
            if text[DIGITS_KEPT:].strip("0"):
                self._has_whole_long_ids = True
            else:
                self._texts_with_lost_digits.note(self.column.letter, row, text, "", self.label_of)

    def add(self, fault: Fault, row: int, text: str, remark: str = "") -> None:
        """Count a cell with a fault."""
        # The reader's own words name what it found, so that there may be any number of them.
        if fault in self._faults or fault.code != "unreadable-cell" or len(self._faults) < _MOST_UNREADABLE:
            self._faults.setdefault(fault, FoundCells()).note(self.column.letter, row, text, remark, self.label_of)
            if self._on_row is not None:
                self._on_row(row, fault.code)


def _differs(value: CellValue, text: str) -> bool:
    return str(value) != text and _plain(value) != text


def _plain(value: CellValue) -> str:
    """Return a value without its number format: all digits of a number, a date in ISO 8601."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return str(value).removesuffix(" 00:00:00")
