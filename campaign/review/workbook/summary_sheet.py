"""The sheet Summary: a run on one page, written from top to bottom in four columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.review.next_steps import IN_WORKBOOK, Outlook, next_steps
from campaign.review.phrases import STATE_STYLES, reason_of, row_numbers, verdict
from campaign.review.run_details import run_details
from campaign.review.workbook.cells import local_time
from campaign.review.workbook.charts import pace_chart, pace_points, pace_unit, states_chart
from campaign.review.workbook.data_sheet import MOST_ROWS
from campaign.review.workbook.sheet_layouts import ResultsLayout
from campaign.review.workbook.summary_writer import SummaryWriter
from campaign.text import shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.findings import Finding
    from campaign.journal import Acceptance, JournalStore, ReasonCount, RunRecord, Tally

_SELDOM = (State.SENDING, State.DELETED)
"""States that are shown only where rows are in them."""

_MOST_REASONS = 40
_LONGEST_REASON = 500
_CHARTS = ("F1", "F16")
_FIGURES = {"A": (State.SENT,), "B": (State.FAILED,), "C": (State.IN_DOUBT,), "D": (State.PENDING, State.SENDING)}


def fill_summary(sheet: Worksheet, journal: JournalStore, run: RunRecord, *, under_way: bool = False) -> None:
    """Fill an empty sheet.

    Args:
        sheet: the sheet.
        journal: the journal that contains the run.
        run: the run.
        under_way: whether a delivery is at work on it.

    Raises:
        JournalError: the journal cannot be read.
    """
    tally = journal.tally(run.number)
    page = SummaryWriter(sheet, under_way=under_way)
    kind = {"rehearsal": run.manifest.rehearsal, "trial": run.manifest.trial}
    became = verdict(tally, **kind)
    name = f"{journal.name}, run {run.number}"
    page.title(name, f"{became[0].upper()}{became[1:]}.")
    _write_figures(page, tally)
    page.heading("What to do")
    reasons = journal.reasons(run.number)
    outlook = Outlook.of(journal, run, tally, reasons, stopped=run.stop_reason)
    for sentence in list(next_steps(tally, IN_WORKBOOK, outlook)) or ["Nothing."]:
        page.sentence(sentence)
    page.end_row()
    _write_states(page, tally)
    _write_reasons(page, reasons)
    _write_findings(page, journal.findings(run.number), {each.code: each for each in journal.accepted(run.number)})
    _write_details(page, run, tally)
    _write_pace(page, *journal.sent_by_time(run.number))


def _write_figures(page: SummaryWriter, tally: Tally) -> None:
    """What most readers look for, large, with its share of the list's rows."""
    for letter, states in _FIGURES.items():
        page.figure(letter, tally.count(*states), STATE_STYLES[states[0]].ink)
    page.end_row()
    for letter, states in _FIGURES.items():
        share = tally.count(*states) / tally.rows if tally.rows else 0
        page.caption(letter, f"{STATE_STYLES[states[0]].label}, {share:.1%}", STATE_STYLES[states[0]].ink)
    page.end_row()
    page.text("A", f"of {tally.rows:,} rows of the list")
    page.end_row()
    page.end_row()


def _write_states(page: SummaryWriter, tally: Tally) -> None:
    page.heading("State", "Rows", "Share", "What it means")
    shown = [state for state in STATE_STYLES if tally.count(state) or state not in _SELDOM]
    first = page.row
    for state in shown:
        count = tally.count(state)
        page.state(state)
        page.number("B", count)
        page.number("C", count / tally.rows if tally.rows else 0, "0.0%")
        page.text("D", page.style(state).meaning)
        page.end_row()
    chart = states_chart(page.sheet, first, page.row - 1, [STATE_STYLES[state].bar for state in shown])
    page.sheet.add_chart(chart, _CHARTS[0])
    page.end_row()


def _write_reasons(page: SummaryWriter, reasons: Sequence[ReasonCount]) -> None:
    if not reasons:
        return
    deleted = any(reason.state in (State.SENT, State.DELETED) for reason in reasons)
    heading = "Not sent, or deleted" if deleted else "Not sent, or in doubt"
    page.heading(heading, "Rows", "Which rows", "Reason, in the words of the first of them")
    for reason in reasons[:_MOST_REASONS]:
        page.state(reason.state)
        page.number("B", reason.count)
        page.text("C", row_numbers(reason))
        page.text("D", shorten(reason_of(reason, under_way=page.under_way), _LONGEST_REASON))
        page.end_row()
        if 0 < reason.seq < MOST_ROWS:
            page.link("C", f"'{ResultsLayout.title}'!A{reason.seq + 1}")
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
    for name, value in run_details(run, tally):
        page.fact(name, value)
    page.end_row()


def _write_pace(page: SummaryWriter, span: int, sent: Sequence[tuple[float, int]]) -> None:
    points = list(pace_points(span, sent))
    if not points:
        return
    page.heading(*_pace_headers(span))
    first = page.row
    for point in points:
        page.date_time("A", local_time(point.began))
        page.number("B", point.messages, "#,##0" if span == pace_unit(span) else "#,##0.0")
        page.end_row()
    within_a_day = local_time(points[0].began).date() == local_time(points[-1].began).date()
    exact = "hh:mm:ss" if pace_unit(span) == 1 else "hh:mm"
    chart = pace_chart(page.sheet, range(first, page.row), span, exact if within_a_day else f"mm-dd {exact}")
    page.sheet.add_chart(chart, _CHARTS[1])


def _pace_headers(span: int) -> tuple[str, str]:
    if span < 60:
        return ("Second", "Messages") if span == 1 else (f"{span} seconds from", "Per second")
    return ("Minute", "Messages") if span == 60 else (f"{span // 60} minutes from", "Per minute")
