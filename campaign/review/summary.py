"""A run in a few lines, and as one JSON object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.review.next_steps import NextCommands, Outlook, next_steps, without_journal
from campaign.review.phrases import (
    rate,
    reason_of,
    row_numbers,
    style_of,
    times,
    verdict,
    waiting_rows,
)
from campaign.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from campaign.findings import Finding
    from campaign.journal import ReasonCount, Tally


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a command reports of a run.

    Attributes:
        run: its number.
        tally: its figures.
        reasons: why rows were not sent.
        outlook: what is to be done next; why it is not finished.
        results: the workbook; None where there is none.
        file: what to type after `campaign resume`.
        server: the server's address; None where that is the channel's own default.
        options: whether the run was made with options that another one needs as well.
        lost: whether the journal is gone or damaged, so that no command can go on from it.
        recovers: whether it is only on another server than before, from which `resume --recover` goes on.
        unsettled: whether its delivery was stopped before rows in doubt that it could settle were settled.
        findings: what was found when it was planned.
        annotated: the copy of the list with a status beside each row; None where none was asked for.
        page: the report as a page; None where none was asked for.
    """

    run: int
    tally: Tally
    reasons: Sequence[ReasonCount]
    outlook: Outlook
    results: Path | None
    file: str
    server: str | None = None
    options: bool = False
    lost: bool = False
    recovers: bool = False
    unsettled: bool = False
    findings: tuple[Finding, ...] = ()
    annotated: Path | None = None
    page: Path | None = None

    @property
    def finished(self) -> bool:
        """Whether every row has a final state, and that is on record."""
        return self.tally.finished and not self.lost and not self.unsettled

    @property
    def name(self) -> str:
        """What it is called."""
        kind = "Rehearsal" if self.outlook.rehearsal else "Test" if self.outlook.trial else "Run"
        return f"{kind} {self.run}"


def as_json(summary: RunSummary) -> Mapping[str, object]:
    """The object of `--json`; its states add up to `rows`, as a row that was cut off counts as pending."""
    tally = summary.tally
    return {
        "run": summary.run,
        "state": "finished" if summary.finished else "stopped",
        "reason": summary.outlook.stopped,
        "rows": tally.rows,
        "sent": tally.count(State.SENT),
        "failed": tally.count(State.FAILED),
        "in_doubt": tally.count(State.IN_DOUBT),
        "invalid": tally.count(State.INVALID),
        "skipped": tally.count(State.SKIPPED),
        "pending": waiting_rows(tally),
        "deleted": tally.count(State.DELETED),
        "requests": tally.requests,
        "throttled": tally.throttled,
        "seconds": round(tally.seconds, 3),
        "results": str(summary.results) if summary.results else None,
        **({"annotated": str(summary.annotated)} if summary.annotated else {}),
        **({"page": str(summary.page)} if summary.page else {}),
        "warnings": [finding.as_json() for finding in summary.findings],
    }


def as_text(summary: RunSummary) -> Iterator[str]:
    """The lines for a terminal: verdict, reasons, figures, where the workbook is, and what to type next."""
    tally = summary.tally
    became = verdict(tally, rehearsal=summary.outlook.rehearsal, trial=summary.outlook.trial)
    if summary.finished:
        yield f"{summary.name} is finished: {became}."
    else:
        yield f"{why_stopped(summary)} {became}."
    for reason in summary.reasons:
        yield reason_line(reason, under_way=summary.outlook.elsewhere)
    yield _figures(tally)
    if summary.results:
        yield f"Results: {summary.results}"
    if summary.annotated:
        yield f"The list with a status beside each row: {summary.annotated}"
    if summary.page:
        yield f"The report as a page: {summary.page}"
    if summary.recovers:
        return  # why it stopped says how it goes on
    if summary.lost:
        yield from without_journal(tally, summary.results)
        return
    yield from next_steps(tally, _commands(summary), summary.outlook)


def why_stopped(summary: RunSummary) -> str:
    """That a run is not finished, and why, as a sentence."""
    why = summary.outlook.stopped or ""
    became = "is under way" if summary.outlook.elsewhere else "stopped"
    return f"{summary.name} {became}: {why}{'' if why.endswith('?') else '.'}"


def reason_line(reason: ReasonCount, *, under_way: bool = False) -> str:
    """A reason with the first of its rows; `under_way`: a delivery is at work on the run."""
    first, *_ = reason_of(reason, under_way=under_way).splitlines()
    label = style_of(reason.state, under_way=under_way).label
    rows = f"row{'' if reason.count == 1 else 's'} {row_numbers(reason)}"
    return f"  {reason.count:,} {label} ({rows}): {first}"


def _figures(tally: Tally) -> str:
    requests = "1 request" if tally.requests == 1 else f"{tally.requests:,} requests"
    speed = rate(tally)
    slowed = f"; the server asked {times(tally.throttled)} to slow down" if tally.throttled else ""
    return f"{requests} in {duration(tally.seconds)}{f' ({speed})' if speed else ''}{slowed}."


def _commands(summary: RunSummary) -> NextCommands:
    server = f" --server {summary.server}" if summary.server else ""
    remark = " (with the same --template and other options)" if summary.options else ""
    workbook = f'"{summary.results}"' if summary.results else None
    return NextCommands(summary.file, workbook, server + remark)
