"""The sheet Summary: how a run went, on one page, for somebody who has never seen a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.review.run_words import duration, rate, reason_of, times, verdict, what_to_do
from campaign.review.state_look import LOOKS
from campaign.review.workbook.cell_values import local_time, zone
from campaign.review.workbook.charts import pace_chart, pace_points, states_chart
from campaign.review.workbook.summary_page import SummaryPage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.journal import JournalStore, ReasonCount, RunRecord, Tally

_MOST_REASONS = 40
_LONGEST_REASON = 500
_CHARTS = ("F1", "F16")


def fill_summary(sheet: Worksheet, journal: JournalStore, run: RunRecord) -> None:
    """Fill an empty, write-only sheet.

    Raises:
        JournalError: the journal cannot be read.
    """
    tally = journal.tally(run.number)
    page = SummaryPage(sheet)
    rehearsal = run.manifest.rehearsal
    name = f"{Path(journal.where).name.removesuffix('.journal.db')}, run {run.number}"
    page.title(name, verdict(tally, rehearsal=rehearsal))
    page.heading("What to do")
    for sentence in what_to_do(tally, rehearsal=rehearsal):
        page.sentence(sentence)
    page.end_row()
    _write_states(page, tally)
    _write_reasons(page, journal.reasons(run.number))
    _write_facts(page, run, tally)
    _write_pace(page, *journal.sent_per_minute(run.number))


def _write_states(page: SummaryPage, tally: Tally) -> None:
    page.heading("State", "Rows", "Share", "What it means")
    shown = [state for state in LOOKS if tally.count(state) or state is not State.SENDING]
    first = page.row
    for state in shown:
        count = tally.count(state)
        page.state(state)
        page.number("B", count)
        page.number("C", count / tally.rows if tally.rows else 0, "0.0%")
        page.text("D", LOOKS[state].meaning)
        page.end_row()
    chart = states_chart(page.sheet, first, page.row - 1, [LOOKS[state].bar for state in shown])
    page.sheet.add_chart(chart, _CHARTS[0])
    page.end_row()


def _write_reasons(page: SummaryPage, reasons: Sequence[ReasonCount]) -> None:
    if not reasons:
        return
    page.heading("Not sent, or in doubt", "Rows", "Which rows", "Reason, in the words of the first of them")
    for reason in reasons[:_MOST_REASONS]:
        page.state(reason.state)
        page.number("B", reason.count)
        page.text("C", ", ".join(map(str, reason.rows)) + (", …" if reason.count > len(reason.rows) else ""))
        words = reason_of(reason)
        page.text("D", words if len(words) <= _LONGEST_REASON else f"{words[:_LONGEST_REASON]}…")
        page.end_row()
    if len(reasons) > _MOST_REASONS:
        page.text("D", f"{len(reasons) - _MOST_REASONS:,} more reasons: see the sheet “Results”")
        page.end_row()
    page.end_row()


def _write_facts(page: SummaryPage, run: RunRecord, tally: Tally) -> None:
    page.heading("The run")
    for name, value in _facts(run, tally):
        page.fact(name, value)
    page.end_row()


def _facts(run: RunRecord, tally: Tally) -> Iterator[tuple[str, str | int | datetime]]:
    facts = run.manifest
    yield "Channel", facts.channel
    yield "Server", facts.server_name
    yield "Template", facts.template
    yield "Recipients", f"{facts.recipients}, sheet “{facts.sheet}”" if facts.sheet else facts.recipients
    yield "Planned", local_time(run.created_at)
    if tally.started_at is not None:
        yield "Delivery began", local_time(tally.started_at)
    if tally.ended_at is not None:
        yield "Delivery ended", local_time(tally.ended_at)
    yield "Time zone of all times", zone(run.created_at)
    yield "Time delivering", duration(tally.seconds)
    yield "Rate", rate(tally)
    yield "Requests", tally.requests
    yield "Told to slow down", times(tally.throttled)
    if run.stop_reason:
        yield "Stopped because", run.stop_reason


def _write_pace(page: SummaryPage, span: int, sent: Sequence[tuple[float, int]]) -> None:
    points = list(pace_points(span, sent))
    if not points:
        return
    page.heading(*(("Minute", "Messages") if span == 1 else (f"{span} minutes from", "Per minute")))
    first = page.row
    for point in points:
        page.moment("A", local_time(point.began))
        page.number("B", point.messages, "#,##0" if span == 1 else "#,##0.0")
        page.end_row()
    within_a_day = local_time(points[0].began).date() == local_time(points[-1].began).date()
    chart = pace_chart(page.sheet, first, page.row - 1, "hh:mm" if within_a_day else "mm-dd hh:mm")
    page.sheet.add_chart(chart, _CHARTS[1])
