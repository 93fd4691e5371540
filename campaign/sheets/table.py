"""An open sheet: read options, columns, rows and the search for the header row."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from campaign.errors import Problem
    from campaign.sheets.facts import SheetFacts
    from campaign.sheets.starts import SheetStart


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
        legacy_font: "convert" text of TCVN3 and VNI fonts to Unicode; None leaves it as it is stored.
    """

    sheet: str | None = None
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None
    short_date: str = "dd/mm/yyyy"
    legacy_font: Literal["convert"] | None = None


_MAX_HEADER_SCANNED, _MAX_LABEL_LENGTH = 1000, 80

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
        hidden: whether a spreadsheet program does not show the row: a filter, a group or somebody hides it, or its
            height is 0.
        fonts: each cell's font if that is a legacy font, else ""; () in a file without such fonts.
        shown: each cell in Unicode, as its legacy font shows it, else its text; () in a file without such fonts.
        originals: each cell as it was before it was converted from a legacy font, else ""; () if none of them was.
    """

    number: int
    texts: tuple[str, ...]
    values: tuple[CellValue, ...]
    formats: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    hidden: bool = False
    fonts: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()


class Sheet(Protocol):
    """An open sheet. Rows without any text are skipped; `rows()` can be called again."""

    path: Path
    sheet: str | None
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    """How the file was read, for the user: encoding, delimiter, sheet chosen."""
    header_warning: str
    """The note that says that another row may be the header row; "" if there is none."""

    @property
    def facts(self) -> SheetFacts:
        """What reading found out so far."""
        ...

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank, in the order of the file.

        Raises:
            RecipientsError: the file is damaged further down.
        """
        ...

    def starts(self) -> Iterator[SheetStart]:
        """Yield the first rows of this sheet, then those of the other visible ones; takes a bounded time."""
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
