"""The sheet Summary: a run on one page, written from top to bottom in four columns."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment

from campaign.journal import State
from campaign.review.next_steps import IN_WORKBOOK, Outlook, next_steps
from campaign.review.phrases import STATE_STYLES, rate, reason_of, row_numbers, times, verdict
from campaign.review.workbook.cells import DATE_TIME, font, ground, local_time, style_header, time_zone, write
from campaign.review.workbook.charts import pace_chart, pace_points, states_chart
from campaign.review.workbook.sheet_layouts import LETTER, display_width
from campaign.text import duration, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.findings import Finding
    from campaign.journal import Acceptance, JournalStore, ReasonCount, RunRecord, Tally

_MOST_REASONS = 40
_LONGEST_REASON = 500
_CHARTS = ("F1", "F16")
_WIDTHS = {"A": 22, "B": 13, "C": 26, "D": 60, "E": 3}
_LETTERS = "ABCD"
_ACROSS = sum(_WIDTHS[letter] for letter in _LETTERS)
_NORMAL = 11
_LINE = 15.5
"""Points, for a line of the normal size."""
_HIGHEST = 409
"""Points (Microsoft, "Excel specifications and limits")."""
_INDENT = 2
_TOP = Alignment(vertical="top")
_LEFT = Alignment(vertical="top", horizontal="left")
_RIGHT = Alignment(vertical="top", horizontal="right")
_IN_LINES = Alignment(vertical="top", wrap_text=True)
_INDENTED = Alignment(vertical="top", horizontal="left", wrap_text=True, indent=1)


def fill_summary(sheet: Worksheet, journal: JournalStore, run: RunRecord) -> None:
    """Fill an empty, write-only sheet.

    Raises:
        JournalError: the journal cannot be read.
    """
    tally = journal.tally(run.number)
    page = SummaryWriter(sheet)
    rehearsal = run.manifest.rehearsal
    became = verdict(tally, rehearsal=rehearsal)
    name = f"{Path(journal.where).name.removesuffix('.journal.db')}, run {run.number}"
    page.title(name, f"{became[0].upper()}{became[1:]}.")
    page.heading("What to do")
    reasons = journal.reasons(run.number)
    outlook = Outlook.of(journal, run, reasons, stopped=run.stop_reason)
    for sentence in list(next_steps(tally, IN_WORKBOOK, outlook)) or ["Nothing."]:
        page.sentence(sentence)
    page.end_row()
    _write_states(page, tally)
    _write_reasons(page, reasons)
    _write_findings(page, journal.findings(run.number), {each.code: each for each in journal.accepted(run.number)})
    _write_details(page, run, tally)
    _write_pace(page, *journal.sent_per_minute(run.number))


def _write_states(page: SummaryWriter, tally: Tally) -> None:
    page.heading("State", "Rows", "Share", "What it means")
    shown = [state for state in STATE_STYLES if tally.count(state) or state is not State.SENDING]
    first = page.row
    for state in shown:
        count = tally.count(state)
        page.state(state)
        page.number("B", count)
        page.number("C", count / tally.rows if tally.rows else 0, "0.0%")
        page.text("D", STATE_STYLES[state].meaning)
        page.end_row()
    chart = states_chart(page.sheet, first, page.row - 1, [STATE_STYLES[state].bar for state in shown])
    page.sheet.add_chart(chart, _CHARTS[0])
    page.end_row()


def _write_reasons(page: SummaryWriter, reasons: Sequence[ReasonCount]) -> None:
    if not reasons:
        return
    page.heading("Not sent, or in doubt", "Rows", "Which rows", "Reason, in the words of the first of them")
    for reason in reasons[:_MOST_REASONS]:
        page.state(reason.state)
        page.number("B", reason.count)
        page.text("C", row_numbers(reason))
        page.text("D", shorten(reason_of(reason), _LONGEST_REASON))
        page.end_row()
    if len(reasons) > _MOST_REASONS:
        more = len(reasons) - _MOST_REASONS
        page.text("D", f"{more:,} more reason{'' if more == 1 else 's'}: see the sheet “Results”")
        page.end_row()
    page.end_row()


def _write_findings(page: SummaryWriter, findings: Sequence[Finding], accepted: Mapping[str, Acceptance]) -> None:
    """What was found when the run was planned, and who accepted it."""
    if not findings:
        return
    page.heading("Found before sending", "Count", "Accepted", "What was found")
    for finding in findings:
        by = accepted.get(finding.code)
        page.label(finding.code)
        page.number("B", finding.count)
        page.text(
            "C",
            f"{by.by}, {local_time(by.at):%Y-%m-%d %H:%M}"
            if by
            else "needs no decision"
            if not finding.stops
            else "no",
        )
        page.text("D", shorten(finding.message, _LONGEST_REASON))
        page.end_row()
    page.end_row()


def _write_details(page: SummaryWriter, run: RunRecord, tally: Tally) -> None:
    page.heading("The run")
    for name, value in _run_details(run, tally):
        page.fact(name, value)
    page.end_row()


def _run_details(run: RunRecord, tally: Tally) -> Iterator[tuple[str, str | int | datetime]]:
    manifest = run.manifest
    yield "Channel", manifest.channel
    yield "Server", manifest.server_name
    yield "Template", manifest.template
    yield "Recipients", f"{manifest.recipients}, sheet “{manifest.sheet}”" if manifest.sheet else manifest.recipients
    yield "Planned", local_time(run.created_at)
    if tally.started_at is not None:
        yield "Delivery began", local_time(tally.started_at)
    if tally.ended_at is not None:
        yield "Delivery ended", local_time(tally.ended_at)
    yield "Time zone of all times", time_zone(run.created_at)
    yield "Time delivering", duration(tally.seconds)
    if speed := rate(tally):
        yield "Rate", speed
    yield "Requests", tally.requests
    yield "Asked to slow down", times(tally.throttled)
    if run.stop_reason:
        yield "Stopped because", run.stop_reason


def _write_pace(page: SummaryWriter, span: int, sent: Sequence[tuple[float, int]]) -> None:
    points = list(pace_points(span, sent))
    if not points:
        return
    page.heading(*(("Minute", "Messages") if span == 1 else (f"{span} minutes from", "Per minute")))
    first = page.row
    for point in points:
        page.date_time("A", local_time(point.began))
        page.number("B", point.messages, "#,##0" if span == 1 else "#,##0.0")
        page.end_row()
    within_a_day = local_time(points[0].began).date() == local_time(points[-1].began).date()
    chart = pace_chart(page.sheet, first, page.row - 1, "hh:mm" if within_a_day else "mm-dd hh:mm")
    page.sheet.add_chart(chart, _CHARTS[1])


class SummaryWriter:
    """Writes the sheet row by row: cells into the current row, then the row into the sheet.

    Attributes:
        sheet: a write-only sheet.
        row: the current row's number.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.row = 1
        self._cells: dict[str, Cell] = {}
        sheet.sheet_view.showGridLines = False
        for letter, width in _WIDTHS.items():
            sheet.column_dimensions[letter].width = width

    def title(self, title: str, subtitle: str) -> None:
        """Write the title and the subtitle."""
        self.sentence(title, 18, bold=True)
        self.sentence(subtitle, 13)
        self.end_row()

    def sentence(self, text: str, size: int = _NORMAL, *, bold: bool = False) -> None:
        """Write a row with a sentence across all columns."""
        cell = self._put("A", text, _IN_LINES)
        cell.font = font(size=size, bold=bold)
        self.sheet.merged_cells.add(f"A{self.row}:D{self.row}")
        self._make_room(text, _ACROSS, size)
        self.end_row()

    def heading(self, *texts: str) -> None:
        """Write a row with the headers of a table."""
        alignments = (_TOP, _RIGHT, _INDENTED, _INDENTED)
        for letter, text, alignment in zip(_LETTERS, (*texts, "", "", "")[:4], alignments, strict=True):
            style_header(self._put(letter, text or None, alignment))
        self.end_row()

    def state(self, state: State) -> None:
        """Put a state's label, in its colours, into column A."""
        style = STATE_STYLES[state]
        cell = self._put("A", style.label, _TOP)
        cell.fill, cell.font = ground(style.fill), font(colour=style.ink, bold=True)

    def label(self, text: str) -> None:
        """Put a name into column A."""
        self._put("A", text, _TOP)

    def number(self, letter: str, number: float, number_format: str = "#,##0") -> None:
        """Put a number into a column."""
        self._put(letter, number, _TOP if letter == "B" else _INDENTED).number_format = number_format

    def date_time(self, letter: str, value: datetime) -> None:
        """Put a date and time into a column."""
        self._put(letter, value, _LEFT).number_format = DATE_TIME

    def text(self, letter: str, text: str) -> None:
        """Put a text into a column; a long one wraps."""
        self._put(letter, text, _INDENTED)
        self._make_room(text, _WIDTHS[letter] - _INDENT)

    def fact(self, name: str, value: str | int | datetime) -> None:
        """Write a row with a name and its value."""
        self._put("A", name, _TOP)
        if isinstance(value, datetime):
            self.date_time("B", value)
        else:
            self._put("B", value, _LEFT)
        self.sheet.merged_cells.add(f"B{self.row}:D{self.row}")
        self.end_row()

    def end_row(self) -> None:
        """Write the current row and begin the next."""
        self.sheet.append([self._cells.get(letter) for letter in _LETTERS])
        self._cells.clear()
        self.row += 1

    def _make_room(self, text: str, width: int, size: int = _NORMAL) -> None:
        """Make the row high enough, which programs do for some wrapped cells only, and never for merged ones."""
        room = width * _NORMAL / (size * LETTER)
        lines = sum(max(1, ceil(display_width(line) / room)) for line in text.splitlines())
        dimension = self.sheet.row_dimensions[self.row]
        dimension.height = max(dimension.height or 0, min(_LINE * lines * size / _NORMAL, _HIGHEST))

    def _put(self, letter: str, value: str | float | datetime | None, alignment: Alignment) -> Cell:
        cell: Cell = WriteOnlyCell(self.sheet)
        cell.alignment = alignment
        self._cells[letter] = cell
        return cell if value is None else write(cell, value)
