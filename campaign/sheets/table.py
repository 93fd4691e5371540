"""An open sheet: how it is to be read, its header row, its columns and its rows."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the operator may say about the file; None means: find out.

    Attributes:
        sheet: name of the worksheet; None takes the first visible one. Workbooks only.
        header_row: number of the row that holds the headers, from 1, as a spreadsheet program shows it.
        encoding: a Python codec name ("utf-8", "cp1258"). CSV only.
        delimiter: the character between two fields, or its name: comma, semicolon, tab, pipe. CSV only.
        short_date: how the formats that follow a computer's regional settings (built-in 14 and 22) show a
            date, as a number format. Workbooks only.
    """

    sheet: str | None = None
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None
    short_date: str = "dd/mm/yyyy"


_HEADER_LOOKED_AT, _LONGEST_LABEL = 1000, 80

CellValue: TypeAlias = str | int | float | bool | datetime | date | time | timedelta | None


class Column(NamedTuple):
    """One column of a sheet.

    Attributes:
        position: its place among a row's cells, from 0.
        letter: its name in a spreadsheet program ("A", "AB").
        header: the header as displayed.
    """

    position: int
    letter: str
    header: str

    @property
    def label(self) -> str:
        """The header on one line, for people: in a sheet it may stand on several, and be of any length."""
        line = " ".join(self.header[:_HEADER_LOOKED_AT].split())
        return line if len(line) <= _LONGEST_LABEL else f"{line[: _LONGEST_LABEL - 1]}…"


class Row(NamedTuple):
    """One row of a sheet; cells stand in the order of the columns.

    Attributes:
        number: the row's number as a spreadsheet program shows it.
        texts: each cell as displayed, "" where blank. This is what templates render.
        values: each cell's typed value as stored, None where blank.
        formats: each cell's number format code; () where the file has none (CSV).
        problems: what makes this row unfit to send, by cell.
    """

    number: int
    texts: tuple[str, ...]
    values: tuple[CellValue, ...]
    formats: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Sheet(Protocol):
    """An open sheet. Rows without any text are left out; `rows()` may be asked for again."""

    path: Path
    sheet: str | None
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    """What a reader should know of how the file was read: encoding, delimiter, sheet chosen."""
    header_doubt: str
    """That note which doubts the header row; "" if there is none."""

    def rows(self) -> Iterator[Row]:
        """Every row with something in it, in the order of the file.

        Raises:
            RecipientsError: the file turns out to be damaged on the way.
        """
        ...


def column_letter(index: int) -> str:
    """Name a column as a spreadsheet program does: 0 is "A", 26 is "AA"."""
    letters = ""
    rest = index + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def columns_of(headers: Iterable[str]) -> tuple[Column, ...]:
    """Turn the displayed header row into columns; blank headers at its end are no columns.

    Headers are trimmed and composed (NFC), so that a template can name them as they look.
    """
    cleaned = [unicodedata.normalize("NFC", header.strip()) for header in headers]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return tuple(Column(index, column_letter(index), header) for index, header in enumerate(cleaned))


_NUMBER = re.compile(r"[\d\s.,/:+%()-]+")
_ROWS_LOOKED_AT = 200
_FILL_IT = "put the headers in the first row and one recipient in each row below"
_NAME_IT = "set header_row to the number of the row that holds the headers"


class HeaderRow(NamedTuple):
    """The displayed headers, and a doubt about them in words ("" if there is none)."""

    texts: Sequence[str]
    doubt: str = ""


def find_header_row(
    rows: Iterable[tuple[int, Sequence[str]]], wanted: int, where: str, *, if_empty: str = _FILL_IT
) -> HeaderRow:
    """Take the header row out of the rows from the first one on; rows without text may be left out of them.

    Args:
        rows: row numbers and displayed texts.
        wanted: number of the header row.
        where: file and sheet, for the error.
        if_empty: what to do when there are no rows at all.

    Raises:
        RecipientsError: that row is blank or beyond the end; it names the row that looks like the header.
    """
    coming = iter(rows)
    likely = last = 0
    for number, texts in islice(coming, _ROWS_LOOKED_AT + wanted):
        filled = sum(1 for text in texts if text.strip())
        if number == wanted and filled:
            return HeaderRow(texts, doubt_of_title(coming) if filled == 1 else "")
        if filled:
            last = number
            likely = likely or (number if looks_like_headers(texts) else 0)
    if not last:
        raise RecipientsError(Problem(where, "is empty", if_empty))
    raise RecipientsError(_not_found(wanted, last, likely, where))


def doubt_of_title(following: Iterable[tuple[int, Sequence[str]]]) -> str:
    """Doubt a header row of one cell, in words, by the rows that follow it; "" where none of them looks like one."""
    for number, texts in islice(following, 10):
        if looks_like_headers(texts):
            return doubt(number)
    return ""


def doubt(number: int) -> str:
    """Say that another row may be the header row."""
    return f"row {number} looks more like the header row; if it is, set header_row = {number}"


def _not_found(wanted: int, last: int, likely: int, where: str) -> Problem:
    what = "is blank, so there are no headers" if wanted < last else f"does not exist: the last row is {last}"
    remedy = f"row {likely} looks like the header row: set header_row = {likely}" if likely else _NAME_IT
    return Problem(f"{where}, row {wanted}", what, remedy)


def looks_like_headers(texts: Sequence[str]) -> bool:
    """Tell whether a row may be the header row: at least two cells filled, none of them a number or a date."""
    filled = [text for text in texts if text.strip()]
    return len(filled) > 1 and not any(_NUMBER.fullmatch(text) for text in filled)
