"""The sheets Results, In doubt and To fix: their columns and what each row contains."""

from __future__ import annotations

import unicodedata
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, Protocol

from openpyxl.utils import get_column_letter

from campaign.journal import RecordedCell
from campaign.recipients.to_fix import FIX_TITLE, REASON, has_own_reasons, is_titled, source_columns, source_headers
from campaign.review.messages import message_reader
from campaign.review.phrases import STATE_STYLES, on_one_line
from campaign.review.workbook.cells import TEXT, local_time, visible
from campaign.review.workbook.data_sheet import RowXml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from campaign.journal import RowResult, RunRecord
    from campaign.review.workbook.cell_xml import CellXml

OWN_COLUMNS = (
    "Status",
    "Message",
    "Reason",
    "Message ID",
    "HTTP status",
    "Attempts",
    "Sent at",
    "Latency ms",
    "Source row",
)
"""The first stands before the columns of the list, the others after them."""
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

NO_CELL = RecordedCell("")

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
        frozen: the first cell that scrolls.
    """

    title: str
    headers: list[str]
    is_table: bool
    frozen: str

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths and number formats from the first rows."""
        ...

    def row(self, result: RowResult) -> RowXml:
        """A row."""
        ...


class ResultsLayout:
    """Every row: its state and its name, the other columns of the list, its message and its outcome."""

    title = "Results"
    is_table = True

    def __init__(self, run: RunRecord, cells: CellXml) -> None:
        originals = list(run.manifest.headers[: MOST_COLUMNS - len(OWN_COLUMNS)])
        named = run.manifest.label
        first = [originals.index(named)] if named in originals else []
        self._order = first + [place for place in range(len(originals)) if place not in first]
        status, *others = OWN_COLUMNS
        self.headers = distinct_headers([status, *(originals[place] for place in self._order), *others])
        self.frozen = "C2" if originals else "B2"
        self._cells = cells
        self._message = message_reader(run.manifest.channel)

    def column_formats(self, sample: Sequence[RowResult]) -> list[ColumnFormat]:
        """Choose widths from the first rows."""
        return [ColumnFormat(width) for width in column_widths(self.headers, map(self._texts, sample))]

    def row(self, result: RowResult) -> RowXml:
        """A row of one line: a program that fits rows to their texts would make those of long messages very high."""
        cells = self._cells
        return RowXml(
            [
                cells.state(result.state),
                *(cells.original(cell) for cell in self._originals(result)),
                cells.wrapped(self._message_of(result)),
                cells.text(on_one_line(result.reason)),
                cells.text(result.message_id or ""),
                cells.number(result.http_status),
                cells.number(result.attempts),
                cells.date_time(result.sent_at),
                cells.latency(_milliseconds(result)),
                cells.number(result.row),
            ],
            LINE,
        )

    def _originals(self, result: RowResult) -> list[RecordedCell]:
        found = result.cells
        return [found[place] if place < len(found) else NO_CELL for place in self._order]

    def _message_of(self, result: RowResult) -> str:
        return "" if result.body is None else self._message(result.body)

    def _texts(self, result: RowResult) -> list[str]:
        at, latency = result.sent_at, _milliseconds(result)
        return [
            STATE_STYLES[result.state].label,
            *(cell.text for cell in self._originals(result)),
            self._message_of(result),
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
        cells: makes the cells.
        title: the sheet's name.
    """

    is_table = False
    frozen = "A2"

    def __init__(self, run: RunRecord, cells: CellXml, title: str = FIX_TITLE) -> None:
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

    def row(self, result: RowResult) -> RowXml:
        """A row, of the height that texts of several lines need: not every program computes it."""
        cells, why, found = self._cells, _why(result), self._originals_of(result)
        lines = sum(ceil(max(1.0, LETTER * display_width(line)) / WIDEST) for line in why.split("\n"))
        lines = max(lines, *(cell.text.count("\n") + 1 for cell in found), 1)
        originals = map(cells.original, found)
        source = map(cells.number, self._source(result))
        return RowXml([*originals, cells.wrapped(why), *source], None if lines == 1 else LINE * min(lines, MOST_LINES))

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
