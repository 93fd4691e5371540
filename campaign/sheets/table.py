"""What a recipients file is once it is open: columns and rows, whatever format they came from."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from campaign.errors import Problem

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
