"""What stands in the rows of the sheets Results and To fix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from openpyxl.utils import get_column_letter

from campaign.journal import State
from campaign.review.state_look import LOOKS
from campaign.review.workbook.cell_xml import moment_xml, number_xml, original_xml, text_xml
from campaign.review.workbook.column_looks import WIDEST, ColumnLook, column_widths, typing_formats
from campaign.review.workbook.local_time import local_time
from campaign.review.workbook.table_headers import distinct_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal import Result
    from campaign.review.workbook.styles import Styles

OWN_COLUMNS = ("Status", "Reason", "Message ID", "HTTP status", "Attempts", "Sent at", "Latency ms", "Source row")
REASON = "Reason"
FIX_TITLE = "To fix"
MOST_COLUMNS = 16_384
"""Columns of a sheet (Microsoft, "Excel specifications and limits")."""

_LINE = 15
"""Points."""
_MOST_LINES = 10
_ATTEMPTED = frozenset({State.SENT, State.FAILED, State.IN_DOUBT, State.SENDING})
_OWN_REASON = re.compile(rf"{REASON}( \(\d+\))?")


class Layout(Protocol):
    """One kind of sheet.

    Attributes:
        title: the sheet's name.
        headers: its headers.
        is_table: whether it is a real table, whose headers must differ.
    """

    title: str
    headers: list[str]
    is_table: bool

    def looks(self, sample: Sequence[Result]) -> list[ColumnLook]:
        """How the columns look, judging by the first rows."""
        ...

    def row(self, number: int, result: Result) -> str:
        """The XML of a row, by its number on the sheet."""
        ...


class ResultsLayout:
    """Every row: the original columns, then what became of it."""

    title = "Results"
    is_table = True

    def __init__(self, headers: Sequence[str], styles: Styles) -> None:
        originals = headers[: MOST_COLUMNS - len(OWN_COLUMNS)]
        self.headers = distinct_headers([*originals, *OWN_COLUMNS])
        letters = [get_column_letter(index) for index in range(1, len(self.headers) + 1)]
        self._originals = letters[: len(originals)]
        self._own = letters[len(originals) :]
        self._styles = styles

    def looks(self, sample: Sequence[Result]) -> list[ColumnLook]:
        """How the columns look, judging by the first rows."""
        return [ColumnLook(width) for width in column_widths(self.headers, map(self._texts, sample))]

    def row(self, number: int, result: Result) -> str:
        """The XML of a row, by its number on the sheet."""
        styles = self._styles
        status, reason, message_id, http_status, attempts, at, latency, row = [f"{each}{number}" for each in self._own]
        cells = [
            original_xml(f"{letter}{number}", cell, styles)
            for letter, cell in zip(self._originals, result.cells, strict=False)
        ]
        return "".join(
            (
                f'<row r="{number}">',
                *cells,
                text_xml(status, styles.states[result.state], LOOKS[result.state].label),
                text_xml(reason, styles.text, _on_one_line(result.reason)),
                text_xml(message_id, styles.text, result.message_id or ""),
                number_xml(http_status, styles.plain, result.http_status),
                number_xml(attempts, styles.plain, result.attempts),
                moment_xml(at, styles.moment, _attempted_at(result)),
                number_xml(latency, styles.latency, _milliseconds(result)),
                number_xml(row, styles.plain, result.row),
                "</row>",
            )
        )

    def _texts(self, result: Result) -> list[str]:
        at, latency = _attempted_at(result), _milliseconds(result)
        return [
            *(cell.text for cell in result.cells[: len(self._originals)]),
            LOOKS[result.state].label,
            _on_one_line(result.reason),
            result.message_id or "",
            "",
            "",
            "" if at is None else f"{local_time(at):%Y-%m-%d %H:%M:%S}",
            "" if latency is None else f"{latency:,.1f}",
            "",
        ]


class FixLayout:
    """The rows that somebody has to look at, under the original headers, and why: itself a recipients file.

    Args:
        headers: the original ones.
        sheet: where they were read; a To fix sheet brings a column of reasons of its own, whose place ours takes.
        styles: the workbook's.
    """

    title = FIX_TITLE
    is_table = False

    def __init__(self, headers: Sequence[str], sheet: str | None, styles: Styles) -> None:
        originals = list(headers[: MOST_COLUMNS - 1])
        if _has_old_reasons(originals, sheet):
            originals.pop()
        self.headers = [*originals, distinct_headers([*originals, REASON])[-1]]
        letters = [get_column_letter(index) for index in range(1, len(self.headers) + 1)]
        self._originals, self._reason = letters[:-1], letters[-1]
        self._styles = styles

    def looks(self, sample: Sequence[Result]) -> list[ColumnLook]:
        """How the columns look, judging by the first rows."""
        count = len(self._originals)
        texts = [[*(cell.text for cell in result.cells[:count]), _why(result)] for result in sample]
        formats = typing_formats(count, [result.cells for result in sample])
        widths = column_widths(self.headers, texts)
        return [*map(ColumnLook, widths, formats), ColumnLook(widths[-1])]

    def row(self, number: int, result: Result) -> str:
        """The XML of a row, by its number on the sheet."""
        styles = self._styles
        cells = [
            original_xml(f"{letter}{number}", cell, styles)
            for letter, cell in zip(self._originals, result.cells, strict=False)
        ]
        why = _why(result)
        reason = text_xml(f"{self._reason}{number}", styles.wrapped, why)
        return f'<row r="{number}"{_height(why)}>{"".join(cells)}{reason}</row>'


def _has_old_reasons(headers: Sequence[str], sheet: str | None) -> bool:
    # A column "Reason" of any other sheet is the operator's own, and may well be part of the message.
    return bool(headers) and (sheet or "").startswith(FIX_TITLE) and _OWN_REASON.fullmatch(headers[-1]) is not None


def _on_one_line(reason: str) -> str:
    # LibreOffice draws further lines over the row below.
    return " | ".join(reason.splitlines())


def _why(result: Result) -> str:
    look = LOOKS[result.state]
    return f"{look.label}: {result.reason or look.meaning}"


def _height(wrapped: str) -> str:
    """Room for a text in several lines, which not every spreadsheet program makes by itself."""
    lines = sum(1 + len(line) // WIDEST for line in wrapped.split("\n"))
    return "" if lines == 1 else f' ht="{_LINE * min(lines, _MOST_LINES)}" customHeight="1"'


def _attempted_at(result: Result) -> float | None:
    return result.at if result.state in _ATTEMPTED else None


def _milliseconds(result: Result) -> float | None:
    return None if result.latency is None else round(result.latency * 1000, 1)
