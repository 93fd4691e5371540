"""Printing the report of a run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from campaign.campaign_file import is_spreadsheet
from campaign.channels import CHANNELS
from campaign.channels.address import base_url
from campaign.cli.console import say
from campaign.cli.exit_codes import ALL_SENT, INTERNAL_FAULT, INTERRUPTED, NOTHING_SENT, SOME_NOT_SENT, STOPPED
from campaign.cli.json_output import print_json
from campaign.cli.parameters import as_argument
from campaign.errors import CampaignError, JournalServerError
from campaign.journal.records import State
from campaign.review.summary import RunSummary, as_json, as_text, why_stopped
from campaign.review.undo_summary import undo_as_json, undo_as_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from campaign.journal import RunManifest, Tally
    from campaign.runs import Report
    from campaign.runs.undo import UndoReport


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
        if not (summary.recovers and str(report.trouble) == report.reason):  # it was said
            say(str(report.trouble), color="red")
    elif report.trouble:
        say(f"{report.trouble}; write it again with: campaign results {summary.file}", color="red")
    if json_wanted:
        print_json(as_json(summary))
    finished = report.state == "finished"
    return exit_code(report.tally, interrupted=report.interrupted, fault=report.fault, finished=finished)


def report_as_json(report: Report, file: Path) -> Mapping[str, object]:
    """The object that `--json` prints of a run."""
    return as_json(_summary(report, file, options=False))


def show_undo(report: UndoReport | None, file: Path, again: str, *, json_wanted: bool, quiet: bool) -> int:
    """Print how an undo ended, or that nothing was deleted: text on stderr, JSON on stdout.

    Args:
        report: the report; None where it was not confirmed.
        file: what the command was given.
        again: the options that the command was given, apart from those of the output.
        json_wanted: whether to print JSON.
        quiet: whether to print only what went wrong.

    Returns:
        The exit code.
    """
    if report is None:
        say("Nothing was deleted.")
        return NOTHING_SENT
    run, ended = report.report, report.ended.text if report.ended else None
    summary = _summary(run, file, options=False)
    if not quiet:
        for line in undo_as_text(summary, report.left, ended, f"campaign undo {summary.file}{again}"):
            say(line)
    if run.trouble:
        say(str(run.trouble), color="red")
    if json_wanted:
        print_json(undo_as_json(summary, ended))
    return undo_exit_code(report)


def _summary(report: Report, file: Path, *, options: bool) -> RunSummary:
    manifest = report.run.manifest
    return RunSummary(
        run=report.run.number,
        tally=report.tally,
        reasons=report.reasons,
        outlook=report.outlook,
        results=report.results,
        file=as_argument(file),
        server=_server_to_name(manifest),
        options=options or is_spreadsheet(file),
        lost=report.lost,
        recovers=isinstance(report.trouble, JournalServerError),
        unsettled=report.unsettled,
        findings=report.findings,
        annotated=report.annotated,
        page=report.page,
    )


def _server_to_name(manifest: RunManifest) -> str | None:
    """The server that a further command has to name; None where it is the campaign file's, or the channel's own."""
    channel, in_file = CHANNELS.find(manifest.channel), None
    if manifest.server_in_file:
        with contextlib.suppress(CampaignError):  # no address: the run was started with another one
            in_file = base_url(channel, manifest.server_in_file)
    return None if manifest.server in (channel.default_url, in_file) else manifest.server


def exit_code(tally: Tally, *, interrupted: bool, fault: bool = False, finished: bool = True) -> int:
    """The exit code of `run`, `resume` and `results`; `finished`: it is, and its journal says so."""
    if fault:
        return INTERNAL_FAULT
    if interrupted:
        return INTERRUPTED
    if not finished:
        return STOPPED
    return SOME_NOT_SENT if tally.count(State.INVALID, State.FAILED, State.IN_DOUBT) else ALL_SENT


def undo_exit_code(undone: UndoReport) -> int:
    """The exit code of `undo`: 0 all deleted, 1 some not."""
    ended = undone.ended
    if undone.report.fault or (ended is not None and ended.fault):
        return INTERNAL_FAULT
    if undone.report.interrupted or (ended is not None and ended.interrupted):
        return INTERRUPTED
    if ended is not None or undone.report.lost:
        return STOPPED
    return SOME_NOT_SENT if undone.left else ALL_SENT
