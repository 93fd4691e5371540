"""`campaign results`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.observer import TerminalObserver
from campaign.cli.options import FILE, RESULTS, campaign_paths, output_options
from campaign.cli.parameters import FilePath, WholeNumber
from campaign.cli.reports import show_report
from campaign.runs.whole_run import report_on

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Show the summary and write the workbook again.")
@FILE
@click.option("--run", "number", type=WholeNumber(1), metavar="N", help="A run other than the last.")
@RESULTS
@click.option(
    "--annotate", type=FilePath(dir_okay=False), metavar="PATH", help="Write a copy of the list with a status column."
)
@output_options
def results(file: Path, number: int | None, annotate: Path | None, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Show the summary of FILE's last run and write its results workbook again, from the journal.

    \b
    campaign results tet-offer.toml
    campaign results tet-offer.toml --run 1 --results first-run.xlsx
    campaign results tet-offer.toml --annotate customers-sent.xlsx
    """
    paths = campaign_paths(file, given["results"])
    with TerminalObserver(yes=True, quiet=given["quiet"]) as observer:
        report = report_on(paths, observer, number, annotate)
    sys.exit(show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"], out=True))
