"""`campaign resolve`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say
from campaign.cli.exit_codes import ALL_SENT, NOTHING_SENT
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import ASK_NOT, FILE, JOURNAL, MOVED, RESULTS, campaign_paths, operator, output_options
from campaign.cli.parameters import OneOf, WholeNumber, row_ranges
from campaign.cli.reports import show_report
from campaign.runs.by_hand import resolve_rows

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Settle rows in doubt by hand.")
@FILE
@click.option("--rows", type=row_ranges, required=True, metavar="3,9-12", help="Which rows, as in the list.")
@click.option("--as", "settled", type=OneOf(["sent", "not-sent"]), required=True, help="What the server says of them.")
@click.option("--run", "number", type=WholeNumber(1), metavar="N", help="A run other than the last.")
@ASK_NOT
@MOVED
@RESULTS
@JOURNAL
@output_options
def resolve(file: Path, rows: tuple[range, ...], settled: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Put rows of FILE's last run that are in doubt on record as sent or not sent, once you have looked at the server.

    Rows that were not sent wait again, and `campaign resume` sends them; those of an earlier run go to its
    sheet To fix. Who decided, and when, is recorded.

    \b
    campaign resolve tet-offer.toml --rows 3,9 --as sent
    campaign resolve tet-offer.toml --rows 12-15 --as not-sent
    """
    paths = campaign_paths(file, given["results"], moved=given["moved"], journal=given["journal"])
    with TerminalObserver(yes=given["yes"], quiet=given["quiet"]) as observer:
        report = resolve_rows(
            paths, rows, sent=settled == "sent", by=operator(), observer=observer, number=given["number"]
        )
    if report is None:
        say("Nothing was changed.")
        sys.exit(NOTHING_SENT)
    show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"])
    sys.exit(ALL_SENT)
