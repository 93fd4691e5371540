"""How a recipients file is to be read, where it does not say so itself."""

from __future__ import annotations

from dataclasses import dataclass


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
