"""Printing what a run came to, and the exit code that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.campaign_file import is_spreadsheet
from campaign.channels import CHANNELS
from campaign.cli.json_output import print_json
from campaign.cli.main import INTERRUPTED
from campaign.cli.say import say
from campaign.journal import State
from campaign.review.summary import RunSummary, as_json, as_text

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.journal import Tally
    from campaign.runs import Report

ALL_SENT, SOME_NOT, NOTHING_SENT, STOPPED = 0, 1, 2, 3


def show_report(report: Report | None, file: Path, *, json_wanted: bool, quiet: bool, options: bool = False) -> int:
    """Print a report, or that there is none as nobody agreed to send; people read stderr, programs stdout.

    Args:
        report: the report.
        file: what the command was given.
        json_wanted: whether to print JSON.
        quiet: whether to say only what went wrong.
        options: whether options were given that say what is sent.

    Returns:
        The exit code.
    """
    if report is None:
        say("Nothing was sent.")
        return NOTHING_SENT
    facts = report.run.facts
    summary = RunSummary(
        run=report.run.number,
        tally=report.tally,
        reasons=report.reasons,
        stopped=report.reason,
        results=report.results,
        file=_quoted(str(file)),
        server=None if facts.server == CHANNELS[facts.channel].default_url else facts.server,
        options=options or is_spreadsheet(file),
        rehearsal=facts.is_rehearsal,
    )
    if not quiet:
        for line in as_text(summary):
            say(line)
    if report.trouble:
        say(f"{report.trouble}; write it again with: campaign results {summary.file}", color="red")
    if json_wanted:
        print_json(as_json(summary))
    return exit_code(report.tally, interrupted=report.interrupted)


def exit_code(tally: Tally, *, interrupted: bool) -> int:
    """DESIGN.md section 5."""
    if interrupted:
        return INTERRUPTED
    if not tally.finished:
        return STOPPED
    return SOME_NOT if tally.count(State.INVALID, State.FAILED, State.IN_DOUBT) else ALL_SENT


def _quoted(text: str) -> str:
    return f'"{text}"' if any(character in text for character in " '&()") else text
