"""The report on a run as one HTML page that needs nothing else: no server, no network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State
from campaign.review.next_steps import Outlook, next_steps
from campaign.review.own_files import replacing_own
from campaign.review.page_file import PageParts, script_json, write_page_file
from campaign.review.phrases import STATE_STYLES, reason_of, row_numbers, rows_of, verdict
from campaign.review.report_rows import FIELDS, STATE_CODES, row_batches
from campaign.review.run_details import run_details
from campaign.review.workbook.cells import local_time
from campaign.webpage import listing_script, read_part, shared_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from campaign.journal import JournalStore, ReasonCount, RunRecord, Tally
    from campaign.review.next_steps import NextCommands

_ALWAYS = (State.SENT, State.FAILED, State.IN_DOUBT, State.PENDING)
"""States that are shown also where no row is in them."""

_ACROSS = 1000
"""Units of the bar's width."""


class _Figure(NamedTuple):
    """Rows in a state, or in two that a reader need not tell apart; `codes` are those of the states."""

    state: State
    label: str
    codes: str
    rows: int
    share: str
    left: float
    width: float


def write_report_page(
    journal: JournalStore,
    run: RunRecord,
    path: Path,
    commands: NextCommands,
    *,
    stopped: str | None = None,
    progress: Callable[[int], object] = lambda _rows: None,
) -> Path:
    """Write the report on a run as a page.

    Rows are written as they are read, so memory does not grow with their number.

    Args:
        journal: the journal that contains the run.
        run: the run.
        path: the page. An existing file is replaced if it is still as this journal's campaign wrote it.
        commands: what the next steps name.
        stopped: why the run is not finished; None where it is.
        progress: called with the number of rows written since its last call.

    Returns:
        The file that was written: a numbered name beside `path` if that file is not campaign's, was edited or is open.

    Raises:
        ResultsError: the folder is not writable or the disk is full.
        JournalError: the journal cannot be read.
    """
    style = shared_style() + read_part(__package__, "report.css") + _state_colours()
    script = listing_script() + read_part(__package__, "report.js")
    parts = PageParts(read_part(__package__, "report.html.j2"), style, script)
    tally, reasons = journal.tally(run.number), journal.reasons(run.number)
    outlook = Outlook.of(journal, run, tally, reasons, stopped=stopped)
    values = {
        **_head(journal, run, tally),
        "stopped": _stopped(stopped, under_way=outlook.elsewhere),
        **_findings(journal, run),
        "steps": list(next_steps(tally, commands, outlook)),
        "reasons": [_reason(each) for each in reasons],
        "data": script_json(_page_data(journal, run)),
        "batches": row_batches(journal, run, progress),
    }
    return write_page_file(path, parts, values, **replacing_own(journal, run))


def _head(journal: JournalStore, run: RunRecord, tally: Tally) -> dict[str, object]:
    manifest = run.manifest
    became = verdict(tally, **_kind(run))
    recipients = Path(manifest.recipients).name
    return {
        "campaign": journal.name,
        "kind": "Rehearsal" if manifest.rehearsal else "Test" if manifest.trial else "Run",
        "number": run.number,
        "began": None if tally.started_at is None else f"{local_time(tally.started_at):%Y-%m-%d %H:%M}",
        "verdict": f"{became[0].upper()}{became[1:]}.",
        "recipients": f"{recipients} ({manifest.sheet})" if manifest.sheet else recipients,
        "template": manifest.template,
        "channel": manifest.channel,
        "server": manifest.server_name,
        "by": manifest.by,
        "forgotten": _is_forgotten(journal, run),
        "rows": rows_of(tally.rows),
        "figures": list(_figures(tally)),
        "details": [(name, _shown(value)) for name, value in run_details(run, tally)],
    }


def _page_data(journal: JournalStore, run: RunRecord) -> dict[str, object]:
    """What the script needs besides the rows."""
    forgotten = _is_forgotten(journal, run)
    return {"headers": run.manifest.headers, "fields": FIELDS, "labels": _labels(), "forgotten": forgotten}


def _is_forgotten(journal: JournalStore, run: RunRecord) -> bool:
    return any(decision.what == "forget" for decision in journal.decisions(run.number))


def _figures(tally: Tally) -> Iterator[_Figure]:
    """The rows by state; one that was cut off waits, and is counted so, as everywhere."""
    left = 0.0
    for state, style in STATE_STYLES.items():
        states = (State.PENDING, State.SENDING) if state is State.PENDING else (state,)
        count = tally.count(*states)
        if state is State.SENDING or not (count or state in _ALWAYS):
            continue
        share = count / tally.rows if tally.rows else 0.0
        codes = "".join(STATE_CODES[each] for each in states)
        yield _Figure(state, style.label, codes, count, f"{share:.1%}", left, share * _ACROSS)
        left += share * _ACROSS


def _kind(run: RunRecord) -> dict[str, bool]:
    return {"rehearsal": run.manifest.rehearsal, "trial": run.manifest.trial}


def _stopped(why: str | None, *, under_way: bool) -> str:
    if not why:
        return ""
    return f"It {'is under way' if under_way else 'stopped'}: {why}{'' if why.endswith('?') else '.'}"


def _reason(reason: ReasonCount) -> dict[str, object]:
    return {
        "state": reason.state,
        "label": STATE_STYLES[reason.state].label,
        "code": STATE_CODES[reason.state],
        "kind": reason.kind,
        "rows": rows_of(reason.count),
        "examples": f"row{'' if reason.count == 1 else 's'} {row_numbers(reason)}",
        "text": reason_of(reason),
    }


def _findings(journal: JournalStore, run: RunRecord) -> dict[str, object]:
    accepted = {each.code: each for each in journal.accepted(run.number)}
    return {
        "findings": [
            {
                "code": finding.code,
                "message": finding.message,
                "accepted": f"accepted by {by.by}, {local_time(by.at):%Y-%m-%d %H:%M}"
                if (by := accepted.get(finding.code))
                else "",
            }
            for finding in journal.findings(run.number)
        ]
    }


def _labels() -> dict[str, tuple[str, str, str]]:
    """What each code of a state means: the state, its label and its meaning."""
    return {
        code: (state, STATE_STYLES[state].label, STATE_STYLES[state].meaning) for state, code in STATE_CODES.items()
    }


def _state_colours() -> str:
    """The colours of the states for the style sheet; on a dark ground, text and background change places."""
    return "".join(
        f".state-{state} {{ --fill: #{style.fill}; --text: #{style.ink}; --bar: #{style.bar}; }}\n"
        for state, style in STATE_STYLES.items()
    )


def _shown(value: str | int | datetime) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value if isinstance(value, str) else f"{value:,}"
