"""An open sheet: read options, columns, rows and the search for the header row."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from campaign.errors import Problem, RecipientsError
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a file; None means: detect it.

    Attributes:
        sheet: name of the worksheet; None for the first visible one. Workbooks only.
        header_row: number of the header row, from 1, as a spreadsheet program shows it.
        encoding: a Python codec name ("utf-8", "cp1258"). CSV only.
        delimiter: the character that separates fields, or its name: comma, semicolon, tab, pipe. CSV only.
        short_date: number format for dates whose format depends on the computer's regional settings (built-in formats
            14 and 22). Workbooks only.
    """

    sheet: str | None = None
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None
    short_date: str = "dd/mm/yyyy"


_MAX_HEADER_SCANNED, _MAX_LABEL_LENGTH = 1000, 80


class OpenSheet(NamedTuple):
    """The sheet that a spreadsheet program shows when it opens the workbook: its name and its headers."""

    name: str
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """What reading a file has found out about it; that of a workbook is complete once all rows are read.

    Attributes:
        guessed_encoding: the codec, where it was found by statistics; "" where it is certain.
        merged: references of the first few merged areas.
        open_sheet: another visible sheet than the one that is read, where that one was chosen for being the first.
    """

    guessed_encoding: str = ""
    merged: tuple[str, ...] = ()
    open_sheet: OpenSheet | None = None


CellValue: TypeAlias = str | int | float | bool | datetime | date | time | timedelta | None


class Column(NamedTuple):
    """One column of a sheet.

    Attributes:
        position: index of its cell in a row, from 0.
        letter: its name in a spreadsheet program ("A", "AB").
        header: the header as displayed.
    """

    position: int
    letter: str
    header: str

    @property
    def label(self) -> str:
        """The header on one line, shortened, for messages: a header may have several lines and any length."""
        return one_line(self.header[:_MAX_HEADER_SCANNED], _MAX_LABEL_LENGTH)


class Row(NamedTuple):
    """One row of a sheet; its cells are in the order of the columns.

    Attributes:
        number: the row's number as a spreadsheet program shows it.
        texts: each cell as displayed, "" if blank.
        values: each cell's typed value as stored, None if blank.
        formats: each cell's number format code; () for CSV, which has none.
        problems: what is wrong with the row, by cell.
        hidden: whether a spreadsheet program hides the row, by a filter or by hand.
    """

    number: int
    texts: tuple[str, ...]
    values: tuple[CellValue, ...]
    formats: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    hidden: bool = False


class Sheet(Protocol):
    """An open sheet. Rows without any text are skipped; `rows()` can be called again."""

    path: Path
    sheet: str | None
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    """How the file was read, for the user: encoding, delimiter, sheet chosen."""
    header_warning: str
    """The note that says that another row may be the header row; "" if there is none."""
    facts: ReadFacts

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank, in the order of the file.

        Raises:
            RecipientsError: the file is damaged further down.
        """
        ...


def column_letter(index: int) -> str:
    """Return the name of a column in a spreadsheet program: "A" for 0, "AA" for 26."""
    letters = ""
    rest = index + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def columns_of(headers: Iterable[str]) -> tuple[Column, ...]:
    """Make columns of a header row; trailing blank headers are dropped.

    Headers are stripped and normalized to NFC, so that equal-looking headers compare equal.
    """
    cleaned = [unicodedata.normalize("NFC", header.strip()) for header in headers]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return tuple(Column(index, column_letter(index), header) for index, header in enumerate(cleaned))


_NUMBER = re.compile(r"[\d\s.,/:+%()-]+")
_ROWS_SEARCHED = 200
_ADD_ROWS = "put the headers in the first row and the data in the rows below"
_SET_HEADER_ROW = "set header_row to the number of the header row"


class HeaderRow(NamedTuple):
    """The displayed headers, and a warning that another row may be the header row ("" if there is none)."""

    texts: Sequence[str]
    warning: str = ""


def find_header_row(
    rows: Iterable[tuple[int, Sequence[str]]], wanted: int, where: str, *, if_empty: str = _ADD_ROWS
) -> HeaderRow:
    """Find the header row among the rows of a sheet.

    Args:
        rows: row numbers and displayed texts, from the first row on; blank rows may be missing.
        wanted: number of the header row.
        where: file and sheet, for the error.
        if_empty: what to do if there are no rows.

    Raises:
        RecipientsError: the row is blank or beyond the last one; names the row that looks like the header row.
    """
    coming = iter(rows)
    likely = last = 0
    for number, texts in islice(coming, _ROWS_SEARCHED + wanted):
        filled = sum(1 for text in texts if text.strip())
        if number == wanted and filled:
            return HeaderRow(texts, title_row_warning(coming) if filled == 1 else "")
        if filled:
            last = number
            likely = likely or (number if looks_like_headers(texts) else 0)
    if not last:
        raise RecipientsError(Problem(where, "is empty", if_empty))
    raise RecipientsError(_not_found(wanted, last, likely, where))


def title_row_warning(following: Iterable[tuple[int, Sequence[str]]]) -> str:
    """Warn that a header row of one cell may be a title; return "" if no row below it looks like a header row."""
    for number, texts in islice(following, 10):
        if looks_like_headers(texts):
            return header_row_warning(number)
    return ""


def header_row_warning(number: int) -> str:
    """Return the warning that another row looks like the header row."""
    return f"row {number} looks more like the header row; if it is, set header_row = {number}"


def _not_found(wanted: int, last: int, likely: int, where: str) -> Problem:
    what = "is blank, so there are no headers" if wanted < last else f"does not exist: the last row is {last}"
    remedy = f"row {likely} looks like the header row: set header_row = {likely}" if likely else _SET_HEADER_ROW
    return Problem(f"{where}, row {wanted}", what, remedy)


def looks_like_headers(texts: Sequence[str]) -> bool:
    """Return whether a row may be the header row: two cells or more are filled, none with a number or date."""
    filled = [text for text in texts if text.strip()]
    return len(filled) > 1 and not any(_NUMBER.fullmatch(text) for text in filled)
