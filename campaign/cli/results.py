"""`campaign results`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from campaign.cli.json_output import print_text
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import FILE, JOURNAL, RESULTS, campaign_paths, output_options
from campaign.cli.parameters import FilePath, WholeNumber
from campaign.cli.reports import exit_code, show_report
from campaign.errors import Problem, UsageError
from campaign.runs.reporting import recorded_report, report_on

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.runs import Report


@click.command(short_help="Show the summary and write the workbook again.")
@FILE
@click.option("--run", "number", type=WholeNumber(1), metavar="N", help="A run other than the last.")
@RESULTS
@click.option(
    "--annotate", type=FilePath(dir_okay=False), metavar="PATH", help="Write a copy of the list with a status column."
)
@click.option("--html", type=FilePath(dir_okay=False), metavar="OUT.html", help="Write the report as a page, too.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "jsonl"]), help="Print every row with its message and attempts."
)
@JOURNAL
@output_options
def results(
    file: Path,
    number: int | None,
    annotate: Path | None,
    html: Path | None,
    form: Literal["csv", "jsonl"] | None,
    **given: Any,  # noqa: ANN401 - options are passed on by name
) -> None:
    """Show the summary of FILE's last run and write its results workbook again, from the journal.

    \b
    campaign results tet-offer.toml
    campaign results tet-offer.toml --run 1 --results first-run.xlsx
    campaign results tet-offer.toml --annotate customers-sent.xlsx
    campaign results tet-offer.toml --html report.html
    campaign results tet-offer.toml --format jsonl > rows.jsonl
    """
    paths = campaign_paths(file, given["results"], journal=given["journal"])
    with TerminalObserver(yes=True, quiet=given["quiet"]) as observer:
        if form is not None:
            _export(recorded_report(paths, observer, number), form, annotate=annotate, html=html, **given)
        report = report_on(paths, observer, number, annotate, html)
    sys.exit(show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"], out=True))


def _export(report: Report, form: Literal["csv", "jsonl"], **given: Any) -> NoReturn:  # noqa: ANN401 - as above
    """Print every row for another program; nothing else is written."""
    others = {"--json": given["as_json"], **{f"--{name}": given[name] for name in ("results", "annotate", "html")}}
    for name in (name for name, value in others.items() if value):
        what = f"prints the rows, and {name} asks for something else"
        raise UsageError(Problem("--format", what, f"leave out {name}"))
    print_text(report.exported(form))
    sys.exit(exit_code(report.tally, interrupted=False, finished=report.state == "finished"))
