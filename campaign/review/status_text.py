"""How the runs of a campaign are, as text for people: a table, what is under way, and what to do next."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.journal.decisions import LIST_SUSPECTED
from campaign.review.findings_text import StyledLine
from campaign.review.phrases import pace, rows_of, waiting_rows
from campaign.review.status import RunKind, RunState
from campaign.review.status_table import color_of, name_of, table
from campaign.review.terminal_text import wrapped
from campaign.text import UNLIMITED, rough_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.review.next_steps import NextCommands
    from campaign.review.status import ActiveRun, CampaignStatus, RunStatus

WAITS = {
    "window": "waiting for its window",
    "limit": "waiting for the limit",
    "server": "waiting for the server",
    "gate": "waiting for its gate",
}
"""What a delivery waits for, in words."""

UNWATCHED = {
    "lists": "waiting for a process that watches: its lists of those who get nothing have to be read again",
    "gate": "waiting at its gate for a process that watches",
}
"""What a run waits for that workers deliver, where no process watches it."""

WIDEST = 120
"""Columns of a sentence, also on a wider terminal."""


def status_lines(
    status: CampaignStatus, commands: NextCommands, width: int, most_runs: int | None = None
) -> Iterator[StyledLine]:
    """The lines for a terminal.

    Args:
        status: the facts.
        commands: what to type.
        width: columns of the terminal.
        most_runs: how many runs to show at most, the latest; None: all.
    """
    yield from _wrapped(f"{status.campaign}: {_count_runs(status)}", width)
    active = status.active
    left_out = 0 if most_runs is None else max(0, len(status.runs) - max(1, most_runs))
    if status.runs:
        yield StyledLine("")
        if left_out:
            yield StyledLine(f"… {left_out:,} earlier")
        yield from table(status.runs[left_out:], width, active.run if active and active.stopping else None)
        yield StyledLine("")
    if status.coverage is not None:
        yield from _wrapped(_coverage_text(status), width)
    if active is not None:
        yield from _wrapped(active_text(active, status.now), width, color_of(active.run))
    last = last_real_run(status)
    for run in status.runs:
        if run.reason and (run is last or run is status.runs[-1]):
            yield from _wrapped(f"{_name(run)} stopped: {_ended(run.reason)}", width, color_of(run))
    yield from _wrapped(next_step(status, commands), width)


def active_text(active: ActiveRun, now: float) -> str:
    """What is under way, how far it is and who is at work on it, in a few sentences."""
    by = f" ({active.by})" if active.by else ""
    why = f" Why: {_ended(active.stopping)}" if active.stopping else ""
    at_work = f"Process {active.process} on {active.host}{by} is at work since {_moment(active.since, now)}."
    if active.workers or active.unable is not None:
        who = ", ".join(active.workers) or "none"
        at_work = f"It is left to workers{by} since {_moment(active.since, now)}. At work: {who}."
    return f"{_progress(active, now)}.{why} {at_work}"


def _progress(active: ActiveRun, now: float) -> str:
    run, activity = active.run, active.activity
    done = run.tally.rows - waiting_rows(run.tally)
    parts = [f"{_name(run)} is {'stopping' if active.stopping else run.state}"]
    if run.state is RunState.PLANNING:
        parts.append(f"{rows_of(run.tally.rows)} so far")
    else:
        parts[0] += f": {done:,} of {rows_of(run.tally.rows)} done"
        if activity and activity.rate and active.unable is None:
            parts.append(pace(activity.rate))
        eta = active.eta(now)
        if eta and not active.stopping:
            parts.append(f"about {rough_duration(max(1.0, eta))} left")
        if active.unable is not None and not active.stopping:
            parts.append(stuck_text(active.unable))
        elif active.unwatched and not active.stopping:
            parts.append(UNWATCHED[active.unwatched])
        elif activity and activity.waiting_for and not active.stopping:
            parts.append(_wait_text(activity.waiting_for, activity.until, now))
    return ", ".join(parts)


def progress_line(status: CampaignStatus) -> str:
    """What is under way in one line, for a log."""
    at = f"{datetime.fromtimestamp(status.now).astimezone():%H:%M:%S}"
    if status.active is None:
        return f"{at} nothing is under way"
    tally = status.active.run.tally
    others = [
        f"{count:,} {word}"
        for word, count in (
            ("sent", tally.count(State.SENT)),
            ("failed", tally.count(State.FAILED)),
            ("in doubt", tally.count(State.IN_DOUBT)),
            ("pending", waiting_rows(tally)),
        )
    ]
    return f"{at} {_progress(status.active, status.now)} ({', '.join(others)})"


def next_step(status: CampaignStatus, commands: NextCommands) -> str:
    """What to do next, with the command to copy."""
    run = last_real_run(status)
    if status.active is not None:
        return _meanwhile(status.active, commands)
    if run is None:
        nothing = "There was no real run yet. " if status.runs else ""
        return f"{nothing}Next: campaign run {commands.file}"
    return _after_stop(run, commands) if run.state is RunState.STOPPED else _after_end(run, commands)


def stuck_text(unable: tuple[str, ...]) -> str:
    """Why a run that is left to workers is delivered by none; `unable` as in `ActiveRun`."""
    if not unable:
        return "waiting for a worker"
    return f"none of the workers at work can deliver it: {', '.join(unable)}"


def _meanwhile(active: ActiveRun, commands: NextCommands) -> str:
    if active.unable is not None and not active.stopping:
        return _without_workers(active.unable, commands)
    if active.unwatched and not active.stopping:
        return f"Next: {commands.resume()} watches it, and it goes on; to end it: campaign stop {commands.file}"
    if not active.stopping:
        return f"Next: nothing, it goes on by itself; to end it: campaign stop {commands.file}"
    if active.run.kind is RunKind.REAL:
        return f"Next: once it has stopped, {commands.resume()}"
    return f"Next: once it has stopped, campaign status {commands.file}"


def _without_workers(unable: tuple[str, ...], commands: NextCommands) -> str:
    """How a run goes on that no worker delivers."""
    end = f"to end it: campaign stop {commands.file}"
    if unable:
        return f"Next: start those workers again with what they lack, or another one that has it; {end}"
    here = f"or {commands.resume()} delivers it from here"
    return f"Next: start a worker, which goes on with it (campaign worker --journal URL), {here}; {end}"


def _after_end(run: RunStatus, commands: NextCommands) -> str:
    file = commands.file
    doubtful, wrong = run.tally.count(State.IN_DOUBT), run.tally.count(State.FAILED, State.INVALID)
    if doubtful:
        return (
            f"{rows_of(doubtful)} of run {run.number} {_are(doubtful)} in doubt. Next: campaign results {file} says "
            f"which; look into their conversations, then: {commands.resolve('…')}"
        )
    if wrong:
        return (
            f"{rows_of(wrong)} of run {run.number} {_are(wrong)} not sent. Next: campaign results {file} says why, and "
            "how to send them once they are corrected"
        )
    return f"Next: nothing is left to send; campaign results {file} writes the workbook again"


def last_real_run(status: CampaignStatus) -> RunStatus | None:
    """The last run that is no rehearsal and no test; None where there is none."""
    return next((run for run in reversed(status.runs) if run.kind is RunKind.REAL), None)


def _after_stop(run: RunStatus, commands: NextCommands) -> str:
    if not run.planned:
        return f"Next: campaign run {commands.file}"
    waiting = waiting_rows(run.tally)
    if run.reason and run.reason.endswith(LIST_SUSPECTED) and run.tally.count(State.FAILED, State.IN_DOUBT):
        return f"Next: look at the list, the template and the reasons first: campaign results {commands.file}"
    return f"{rows_of(waiting)} of run {run.number} {_are(waiting)} not sent yet. Next: {commands.resume()}"


def _coverage_text(status: CampaignStatus) -> str:
    coverage = status.coverage
    assert coverage is not None  # noqa: S101 - the caller asks
    names = [run.recipients for run in status.runs if run.kind is RunKind.REAL and run.number == coverage.run]
    parts = [f"{coverage.sent:,} sent"]
    if coverage.in_doubt:
        parts.append(f"{coverage.in_doubt:,} in doubt")
    parts.append(f"{coverage.not_sent:,} not sent")
    return f"Of {', '.join(names)} ({rows_of(coverage.rows)}), over all runs: {', '.join(parts)}."


def _count_runs(status: CampaignStatus) -> str:
    counts = [(kind, sum(run.kind is kind for run in status.runs)) for kind in RunKind]
    shown = [f"{count:,} {kind}{'' if count == 1 else 's'}" for kind, count in counts if count]
    return ", ".join(shown) or "no run is on record"


def _name(run: RunStatus) -> str:
    return f"Run {run.number}" if run.kind is RunKind.REAL else name_of(run).capitalize()


def _wait_text(waiting_for: str, until: float | None, now: float) -> str:
    waits = WAITS.get(waiting_for, f"waiting for {waiting_for}")
    return waits if until is None else f"{waits} until {_moment(until, now)}"


def _moment(at: float, now: float) -> str:
    """A time of day, with its date where that is not today's."""
    then, today = datetime.fromtimestamp(at).astimezone(), datetime.fromtimestamp(now).astimezone()
    return f"{then:%H:%M:%S}" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _wrapped(text: str, width: int, color: str | None = None) -> Iterator[StyledLine]:
    for line in wrapped(text, width if width == UNLIMITED else min(width, WIDEST)):
        yield StyledLine(line, color)
