"""`campaign results`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from campaign.cli.exit_codes import exit_code
from campaign.cli.json_output import print_text
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import FILE, RESULTS, campaign_paths, output_options
from campaign.cli.parameters import WholeNumber
from campaign.cli.reports import show_report
from campaign.errors import Problem, UsageError
from campaign.runs.whole_run import recorded_report, report_on

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.runs import Report


@click.command(short_help="Show the summary and write the workbook again.")
@FILE
@click.option("--run", "number", type=WholeNumber(1), metavar="N", help="A run other than the last.")
@RESULTS
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl"]), help="Print every row with its message and attempts."
)
@output_options
def results(file: Path, number: int | None, form: Literal["csv", "jsonl"] | None, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Show the summary of FILE's last run and write its results workbook again, from the journal.

    \b
    campaign results tet-offer.toml
    campaign results tet-offer.toml --run 1 --results first-run.xlsx
    campaign results tet-offer.toml --format jsonl > rows.jsonl
    """
    paths = campaign_paths(file, given["results"])
    with TerminalObserver(yes=True, quiet=given["quiet"]) as observer:
        if form is not None:
            _export(recorded_report(paths, observer, number), form, **given)
        report = report_on(paths, observer, number)
    sys.exit(show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"], out=True))


def _export(report: Report, form: Literal["csv", "jsonl"], **given: Any) -> NoReturn:  # noqa: ANN401 - as above
    """Print every row for another program; nothing else is written."""
    if given["as_json"] or given["results"]:
        other = "--json" if given["as_json"] else "--results"
        raise UsageError(
            Problem("--format", f"prints the rows, and {other} asks for something else", f"leave out {other}")
        )
    print_text(report.exported(form))
    sys.exit(exit_code(report.tally, interrupted=False, lost=report.lost))
