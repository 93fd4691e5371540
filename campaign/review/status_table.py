"""The table of a campaign's runs for a terminal: no wider than that, where it can be."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State
from campaign.review.findings_text import StyledLine
from campaign.review.phrases import STATE_STYLES, waiting_rows
from campaign.review.status import RunKind, RunState
from campaign.review.terminal_text import columns
from campaign.text import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.review.status import RunStatus

GAP = "  "

COLORS = {
    RunState.PLANNING: "cyan",
    RunState.WAITING: "cyan",
    RunState.SENDING: "cyan",
    RunState.STOPPED: "yellow",
    RunState.FINISHED: None,
}
"""Colours on a terminal; a finished run has one where rows were not sent, or may not have been."""

COUNTED = (State.SENT, State.DELETED, State.FAILED, State.IN_DOUBT, State.INVALID, State.SKIPPED)


class _Column(NamedTuple):
    header: str
    cells: Sequence[str]
    to_the_right: bool = False

    @property
    def width(self) -> int:
        return max(columns(text) for text in (self.header, *self.cells))

    def cell(self, text: str) -> str:
        blanks = " " * (self.width - columns(text))
        return f"{blanks}{text}" if self.to_the_right else f"{text}{blanks}"


class _Detail(NamedTuple):
    """How much a table shows of a run."""

    year: bool
    host: bool
    by: bool


_DETAILS = (
    _Detail(year=True, host=True, by=True),
    _Detail(year=True, host=False, by=True),
    _Detail(year=False, host=False, by=True),
    _Detail(year=False, host=False, by=False),
)


def table(runs: Sequence[RunStatus], width: int, stopping: RunStatus | None = None) -> Iterator[StyledLine]:
    """The lines of the table, the headers first.

    Args:
        runs: the runs; at least one.
        width: columns of the terminal; what a narrow one has no room for is left out.
        stopping: the run that is stopping, where one is.
    """
    states = ["stopping" if run is stopping else run.state.value for run in runs]
    for detail in _DETAILS:
        shown = list(_columns(runs, states, detail))
        if sum(column.width for column in shown) + len(GAP) * (len(shown) - 1) <= width:
            break
    yield StyledLine(GAP.join(column.cell(column.header) for column in shown).rstrip())
    for number, run in enumerate(runs):
        yield StyledLine(GAP.join(column.cell(column.cells[number]) for column in shown).rstrip(), color_of(run))


def color_of(run: RunStatus) -> str | None:
    """The colour of a run on a terminal."""
    if run.state is RunState.FINISHED and run.tally.count(State.FAILED, State.IN_DOUBT, State.INVALID):
        return "yellow"
    return COLORS[run.state]


def _columns(runs: Sequence[RunStatus], states: Sequence[str], detail: _Detail) -> Iterator[_Column]:
    yield _Column("Run", [name_of(run) for run in runs])
    yield _Column("Started", [local_time(run.started_at, year=detail.year) for run in runs])
    if detail.by:
        yield _Column("By", [harmless(run.by if detail.host else run.by.partition("@")[0]) or "–" for run in runs])
    yield _Column("State", states)
    yield _count("Rows", [run.tally.rows for run in runs])
    for state in COUNTED:
        counts = [run.tally.count(state) for run in runs]
        if any(counts) or state is State.SENT:
            yield _count(STATE_STYLES[state].label.capitalize(), counts)
    waiting = [waiting_rows(run.tally) for run in runs]
    if any(waiting):
        yield _count(STATE_STYLES[State.PENDING].label.capitalize(), waiting)


def _count(header: str, counts: Sequence[int]) -> _Column:
    return _Column(header, [f"{count:,}" for count in counts], to_the_right=True)


def name_of(run: RunStatus) -> str:
    """What a run is called: "2", "rehearsal 1", "test 1"."""
    return str(run.number) if run.kind is RunKind.REAL else f"{run.kind} {run.number}"


def local_time(at: float, *, year: bool = True) -> str:
    """A time in local time, to the minute."""
    return f"{datetime.fromtimestamp(at).astimezone():{'%Y-%m-%d' if year else '%m-%d'} %H:%M}"
