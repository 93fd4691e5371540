"""Printing the report of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.campaign_file import is_spreadsheet
from campaign.channels import CHANNELS
from campaign.cli.console import say
from campaign.cli.exit_codes import NOTHING_SENT, exit_code
from campaign.cli.json_output import print_json
from campaign.review.summary import RunSummary, as_json, as_text, why_stopped

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.runs import Report


def show_report(
    report: Report | None,
    file: Path,
    *,
    json_wanted: bool,
    quiet: bool,
    options: bool = False,
    out: bool = False,
) -> int:
    """Print a report, or that nothing was sent: text on stderr, JSON on stdout.

    Args:
        report: the report; None where sending was not confirmed.
        file: what the command was given.
        json_wanted: whether to print JSON.
        quiet: whether to print only what went wrong.
        options: whether options were given that change the messages.
        out: whether the text is what was asked for, and goes to stdout unless JSON does.

    Returns:
        The exit code.
    """
    if report is None:
        say("Nothing was sent.")
        return NOTHING_SENT
    summary = _summary(report, file, options=options)
    if not quiet:
        for line in as_text(summary):
            say(line, out=out and not json_wanted)
    elif report.cut_short and not summary.finished and not report.interrupted:
        say(why_stopped(summary), color="red")
    if report.trouble and report.lost:
        say(str(report.trouble), color="red")
    elif report.trouble:
        say(f"{report.trouble}; write it again with: campaign results {summary.file}", color="red")
    if json_wanted:
        print_json(as_json(summary))
    finished = report.state == "finished"
    return exit_code(report.tally, interrupted=report.interrupted, fault=report.fault, finished=finished)


def _summary(report: Report, file: Path, *, options: bool) -> RunSummary:
    manifest = report.run.manifest
    return RunSummary(
        run=report.run.number,
        tally=report.tally,
        reasons=report.reasons,
        outlook=report.outlook,
        results=report.results,
        file=_quoted(str(file)),
        server=None if manifest.server == CHANNELS.find(manifest.channel).default_url else manifest.server,
        options=options or is_spreadsheet(file),
        lost=report.lost,
        unsettled=report.unsettled,
        findings=report.findings,
    )


def _quoted(text: str) -> str:
    return f'"{text}"' if any(character in text for character in " '&()") else text
