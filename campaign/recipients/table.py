"""What a recipients file is once it is open: columns and rows, whatever format they came from."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.errors import Problem

_HEADER_LOOKED_AT, _LONGEST_LABEL = 1000, 80

CellValue: TypeAlias = str | int | float | bool | datetime | date | time | timedelta | None


class Column(NamedTuple):
    """One column of the recipients.

    Attributes:
        position: its place among a row's cells, from 0.
        letter: its name in a spreadsheet program ("A", "AB").
        header: the header as displayed.
        variable: the header as a template can use it ("Họ và tên" is `ho_va_ten`); empty where nothing of it is left.
    """

    position: int
    letter: str
    header: str
    variable: str

    @property
    def label(self) -> str:
        """The header on one line, for people: in a sheet it may stand on several, and be of any length."""
        return one_line(self.header[:_HEADER_LOOKED_AT], _LONGEST_LABEL)


class Row(NamedTuple):
    """One row of the recipients; cells stand in the order of the columns.

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


class Recipients(Protocol):
    """An open recipients file. Rows without any text are left out; `rows()` may be asked for again."""

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
