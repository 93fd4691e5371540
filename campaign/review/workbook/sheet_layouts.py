"""The sheets Results, In doubt and To fix: their columns and what each row contains."""

from __future__ import annotations

import unicodedata
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openpyxl.utils import get_column_letter

from campaign.journal import State
from campaign.recipients.to_fix import FIX_TITLE, REASON, has_own_reasons, is_titled, source_columns, source_headers
from campaign.review.phrases import STATE_STYLES, on_one_line
from campaign.review.workbook.cells import TEXT, local_time, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openpyxl.cell import Cell

    from campaign.journal import RecordedCell, RowResult, RunRecord
    from campaign.review.workbook.cells import StyledCells

OWN_COLUMNS = ("Status", "Reason", "Message ID", "HTTP status", "Attempts", "Sent at", "Latency ms", "Source row")
_FIX_COLUMNS = 3
MOST_COLUMNS = 16_384
"""Columns of a sheet (Microsoft, "Excel specifications and limits")."""

LINE = 15
"""Points, for one line."""
MOST_LINES = 10
WIDEST = 60
"""The widest column, in widths of a digit."""
LETTER = 0.88
"""The average width of a letter, in widths of a digit."""

_ATTEMPTED = frozenset({State.SENT, State.FAILED, State.IN_DOUBT, State.SENDING})
_LONGEST_HEADER = 255
_NARROWEST = 8
_FILTER_BUTTON = 3
_MARGIN = 2
_WIDE = frozenset("WF")


class ColumnFormat(NamedTuple):
    """A column's width, in widths of a digit, and the number format of its blank cells."""

    width: int
    number_format: str = "General"


class SheetLayout(Protocol):
    """One kind of sheet.

    Attributes:
        title: the sheet's name.
        headers: its headers.
        is_table: whether it is a real table, whose headers must differ.
    """

    title: str
    headers: list[str]
    is_table: bool

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths and number formats from the first rows."""
        ...

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each valid until the next is requested."""
        ...

    def height(self, result: RowResult) -> int | None:
        """The height of a row, in points; None for one line."""
        ...


class ResultsLayout:
    """Every row: the original columns, then its outcome."""

    title = "Results"
    is_table = True

    def __init__(self, headers: Sequence[str], cells: StyledCells) -> None:
        originals = headers[: MOST_COLUMNS - len(OWN_COLUMNS)]
        self.headers = distinct_headers([*originals, *OWN_COLUMNS])
        self._originals = len(originals)
        self._cells = cells

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths and number formats from the first rows."""
        return [ColumnFormat(width) for width in column_widths(self.headers, map(self._texts, sample))]

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each valid until the next is requested."""
        cells = self._cells
        yield from map(cells.original, result.cells[: self._originals])
        yield cells.state(result.state)
        yield cells.text(on_one_line(result.reason))
        yield cells.text(result.message_id or "")
        yield result.http_status
        yield result.attempts
        yield cells.date_time(_attempted_at(result))
        yield cells.latency(_milliseconds(result))
        yield result.row

    def height(self, _result: RowResult) -> int | None:
        """Always one line."""
        return None

    def _texts(self, result: RowResult) -> list[str]:
        at, latency = _attempted_at(result), _milliseconds(result)
        return [
            *(cell.text for cell in result.cells[: self._originals]),
            STATE_STYLES[result.state].label,
            on_one_line(result.reason),
            result.message_id or "",
            "",
            "",
            "" if at is None else f"{local_time(at):%Y-%m-%d %H:%M:%S}",
            "" if latency is None else f"{latency:,.1f}",
            "",
        ]


class ToFixLayout:
    """Rows under the original headers, why they were not sent, and where they come from.

    Args:
        run: the run, whose original headers are used. Where its list was a sheet To fix, the reasons of that sheet are
            replaced, and its run and row of the first list kept.
        cells: the workbook's cells.
        title: the sheet's name.
    """

    is_table = False

    def __init__(self, run: RunRecord, cells: StyledCells, title: str = FIX_TITLE) -> None:
        self.title = title
        originals = list(run.manifest.headers[: MOST_COLUMNS - _FIX_COLUMNS])
        sources = source_columns(originals, trusted=is_titled(run.manifest.sheet, FIX_TITLE))
        own = set(sources or ())
        if sources and sources.run and has_own_reasons(originals[sources.run - 1]):
            own.add(sources.run - 1)
        elif _has_old_reasons(originals, run.manifest.sheet):
            own.add(len(originals) - 1)
        self._originals = [position for position in range(len(originals)) if position not in own]
        self._sources, self._run, self._cells = sources, run.number, cells
        kept = [originals[position] for position in self._originals]
        self.headers = [*kept, distinct_headers([*kept, REASON])[-1], *source_headers(kept)]

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths and number formats from the first rows."""
        originals = [self._originals_of(result) for result in sample]
        texts = [
            [*(cell.text for cell in cells), _why(result), *map(str, self._source(result))]
            for cells, result in zip(originals, sample, strict=True)
        ]
        formats = typing_formats(len(self._originals), originals)
        widths = column_widths(self.headers, texts)
        last = map(ColumnFormat, widths[len(formats) :])
        return [*map(ColumnFormat, widths, formats), *last]

    def cells(self, result: RowResult) -> Iterator[Cell | int | None]:
        """The cells of a row, each valid until the next is requested."""
        yield from map(self._cells.original, self._originals_of(result))
        yield self._cells.wrapped(_why(result))
        yield from self._source(result)

    def height(self, result: RowResult) -> int | None:
        """The height that a reason of several lines needs, which not every spreadsheet program computes."""
        lines = sum(ceil(max(1.0, LETTER * display_width(line)) / WIDEST) for line in _why(result).split("\n"))
        return None if lines == 1 else LINE * min(lines, MOST_LINES)

    def _originals_of(self, result: RowResult) -> list[RecordedCell]:
        return [result.cells[position] for position in self._originals if position < len(result.cells)]

    def _source(self, result: RowResult) -> tuple[int, int]:
        """Run and row of the first list."""
        if self._sources is not None and max(self._sources) < len(result.cells):
            texts = [result.cells[position].text.strip() for position in self._sources]
            if all(text.isdecimal() for text in texts):
                return int(texts[0]), int(texts[1])
        return self._run, result.row


def _has_old_reasons(headers: Sequence[str], sheet: str | None) -> bool:
    # In any other sheet, a column "Reason" is the operator's and may be part of the message.
    return bool(headers) and is_titled(sheet, FIX_TITLE) and has_own_reasons(headers[-1])


def _why(result: RowResult) -> str:
    style = STATE_STYLES[result.state]
    return f"{style.label} (row {result.row} of the list): {result.reason or style.meaning}"


def _attempted_at(result: RowResult) -> float | None:
    return result.at if result.state in _ATTEMPTED else None


def _milliseconds(result: RowResult) -> float | None:
    return None if result.latency is None else round(result.latency * 1000, 1)


def distinct_headers(headers: Iterable[str]) -> list[str]:
    """Make headers unique: Excel repairs a table with a blank, very long or repeated header, ignoring case.

    Returns:
        The headers on one line; "Column C" for a blank one, "Name (2)" for the second "Name".
    """
    taken: set[str] = set()
    distinct = []
    for position, header in enumerate(headers, start=1):
        plain = " ".join(visible(header).split()) or f"Column {get_column_letter(position)}"
        name = _first_free(plain, taken)
        taken.add(name.casefold())
        distinct.append(name)
    return distinct


def column_widths(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[int]:
    """Column widths that fit headers and texts, up to `WIDEST`."""
    widths = [display_width(header) + _FILTER_BUTTON for header in headers]
    for row in rows:
        for position, text in enumerate(row[: len(widths)]):
            widths[position] = max(widths[position], display_width(text))
    return [min(max(width + _MARGIN, _NARROWEST), WIDEST) for width in widths]


def typing_formats(columns: int, rows: Iterable[Sequence[RecordedCell]]) -> list[str]:
    """Number formats for the blank cells of each column: that of its first number, otherwise text."""
    formats = [""] * columns
    for row in rows:
        for position, cell in enumerate(row[:columns]):
            if cell.value is not None and not formats[position]:
                formats[position] = cell.number_format
    return [number_format or TEXT for number_format in formats]


def display_width(text: str) -> int:
    """The width of a text's longest line, in widths of a digit."""
    return max((sum(map(_character_width, line)) for line in text.splitlines()), default=0)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _first_free(plain: str, taken: set[str]) -> str:
    name = plain[:_LONGEST_HEADER]
    count = 1
    while name.casefold() in taken:
        count += 1
        mark = f" ({count})"
        name = plain[: _LONGEST_HEADER - len(mark)] + mark
    return name
