"""Suppression lists: files of those who must get nothing, and which rows of a list they concern."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.recipients.suppression_index import SuppressionIndex, hashed
from campaign.recipients.variables import variable_name
from campaign.sheets import ReadOptions, open_sheet, plain_texts, read_column
from campaign.text import caseless, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.sheets import Column, Sheet
    from campaign.sheets.column_parts import ColumnPart

SUPPRESSED = "stands in "
"""What the reason and the kind of a row begin with that a suppression list names."""

MOST_WANTED = 300_000
"""Distinct values of a list of recipients up to which they are read first, so that of a suppression list only these are
kept."""

MOST_PROBLEMS = 10
"""Cells that are named where a list has some that cannot be read."""


@dataclass(frozen=True, slots=True)
class SuppressionRule:
    """Which value of a row is looked for, and in which column of which file; what a run keeps of it.

    Attributes:
        file: the absolute path of the list.
        variable: the variable whose value is looked for.
        position: the place of its column among those of the recipients, from 0; None: it is the same for every row.
        header: the header of that column; "" where there is none.
        text: the value where it is the same for every row.
        sheet: the sheet of the list; None: the first visible one.
        column: the header of its column as the campaign names it; None: it names none.
        header_row: the row that contains its headers.
        encoding: of a CSV; None: detect it.
        delimiter: of a CSV; None: detect it.
    """

    file: str
    variable: str
    position: int | None
    header: str = ""
    text: str = ""
    sheet: str | None = None
    column: str | None = None
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None

    @property
    def name(self) -> str:
        """The list for people."""
        sheet = f", sheet “{self.sheet}”" if self.sheet else ""
        return f"{Path(self.file).name}{sheet}"

    def value_of(self, texts: Sequence[str]) -> str:
        """The value of a row.

        Args:
            texts: the row's cells as displayed; one that is missing is blank.
        """
        if self.position is None:
            return self.text
        return texts[self.position] if self.position < len(texts) else ""

    @property
    def read_options(self) -> ReadOptions:
        """How the file is read."""
        return ReadOptions(self.sheet, self.header_row, self.encoding, self.delimiter)


class Suppressed(NamedTuple):
    """Where the value of a row stands.

    Attributes:
        kind: the list and its column, the same for all its rows.
        reason: the same with the row of the list.
    """

    kind: str
    reason: str


_SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,]\d+)?[Ee]\+\d{1,3}")


class SuppressionList:
    """A suppression list, which is read when it is asked to.

    Attributes:
        rule: what is looked for in it.
    """

    def __init__(self, rule: SuppressionRule) -> None:
        self.rule = rule
        self._read_at: tuple[int, ...] | None = None
        self._index = SuppressionIndex()
        self._kind = ""

    def is_current(self) -> bool:
        """Whether it was read, and its file has not changed since."""
        try:
            return self._read_at is not None and _stamp(Path(self.rule.file)) == self._read_at
        except OSError:
            return False

    def read(self, wanted: set[int] | None = None) -> None:
        """Read the list.

        Args:
            wanted: hashes of the values that will be asked for, as `values_among` finds them; None: any may be.

        Raises:
            RecipientsError: it cannot be read, or not to its last row, or cells of its column cannot be read.
        """
        with named_as_suppression():
            sheet, stamp = open_list(self.rule)
            column = column_of(sheet, self.rule)
            index = SuppressionIndex(wanted)
            if self.rule.column is None:  # a list without a header row begins with a value
                index.add([self.rule.header_row], [column.header])
            for part in read_column(sheet, column):
                if part.problems:
                    raise RecipientsError(*(_in_file(self.rule, each) for each in part.problems[:MOST_PROBLEMS]))
                if shortened := list(self._shortened(part, column)):
                    raise RecipientsError(*shortened[:MOST_PROBLEMS])
                index.add(part.numbers, part.texts)
        self._index, self._read_at = index, stamp
        self._kind = f"{SUPPRESSED}{self.rule.name}, column {column.label}"

    def _shortened(self, part: ColumnPart, column: Column) -> Iterator[Problem]:
        if "E+" not in "\n".join(part.texts).upper():
            return
        for number, text in zip(part.numbers, part.texts, strict=True):
            if is_shortened(text):
                what = f"“{text}” is a number whose last digits are not known, so nobody knows whom it means"
                remedy = "save the list again with all digits, as text"
                yield _in_file(self.rule, Problem(f"{column.letter}{number}", what, remedy))

    def unclear(self, texts: Sequence[str]) -> Suppressed | None:
        """Why it is not known whether the value of a row is in the list; None where it is known.

        Args:
            texts: the row's cells as displayed.
        """
        value = self.rule.value_of(texts)
        if not is_shortened(value):
            return None
        kind = f"cannot be looked for in {self.rule.name}"
        return Suppressed(kind, f"“{value}” {kind}, because its last digits are not shown")

    def look_at(self, texts: Sequence[str]) -> Suppressed | None:
        """Which row of the list has the value of a row; None where none has.

        Args:
            texts: the row's cells as displayed.
        """
        found = self._index.find(self.rule.value_of(texts))
        return None if found is None else Suppressed(self._kind, f"{self._kind}, row {found}")


def is_shortened(text: str) -> bool:
    """Whether a text is a number in scientific notation, as a spreadsheet program shows a long id or phone number."""
    return "+" in text and _SCIENTIFIC.fullmatch(text.strip()) is not None


def values_among(recipients: Sheet, rule: SuppressionRule) -> set[int] | None:
    """Hashes of the values that will be looked for; None where they are too many, or not read at once."""
    if rule.position is None:
        return set(hashed([rule.text]).common)
    wanted: set[int] = set()
    for texts in plain_texts(recipients, recipients.columns[rule.position]):
        if texts is None or len(wanted) > MOST_WANTED:
            return None
        wanted.update(hashed(texts).common)
    return wanted


def open_list(rule: SuppressionRule) -> tuple[Sheet, tuple[int, ...]]:
    """Open a suppression list; returns it with the stamp of its file from before.

    Raises:
        RecipientsError: it cannot be read.
    """
    path, stamp = Path(rule.file), tuple[int, ...]()
    with contextlib.suppress(OSError):  # which opening it explains
        stamp = _stamp(path)
    return open_sheet(path, rule.read_options), stamp


def column_of(sheet: Sheet, rule: SuppressionRule) -> Column:
    """The column of a suppression list: the one that is named, the only one, or the one that is called as the variable.

    Raises:
        RecipientsError: there is none, or there are several.
    """
    named = [column for column in sheet.columns if column.header]
    if rule.column is not None:
        found = [column for column in named if caseless(column.header) == caseless(rule.column)]
        what = f"has {'no' if not found else len(found)} column{'s' if found else ''} “{rule.column}”"
    else:
        names = {caseless(rule.variable), caseless(rule.header)} - {""}
        alike = [column for column in named if caseless(column.header) in names]
        found = alike or [column for column in named if variable_name(column.header) == rule.variable]
        found = found or (named if len(named) == 1 else [])
        what = f"has {'several columns' if found else 'no column'} “{rule.header or rule.variable}”"
    if len(found) == 1:
        return found[0]
    remedy = f'name one under [[suppress]], column = "…"; its headers are: {listed(each.label for each in named)}'
    raise RecipientsError(Problem(rule.name, what, remedy))


@contextlib.contextmanager
def named_as_suppression() -> Iterator[None]:
    """Say of an error that it is about a suppression list, without which nothing is sent.

    Raises:
        RecipientsError: an error from within.
    """
    try:
        yield
    except RecipientsError as error:
        problems = (replace(each, where=f"suppression list {each.where}") for each in error.problems)
        raise RecipientsError(*problems) from error


def _in_file(rule: SuppressionRule, problem: Problem) -> Problem:
    return replace(problem, where=f"{rule.name}, {problem.where}")


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file is changed or replaced, also by one with the same size and time."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
