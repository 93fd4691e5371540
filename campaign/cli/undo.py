"""`campaign undo`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.observer import TerminalObserver
from campaign.cli.options import (
    EGRESS,
    FILE,
    JOURNAL,
    MOVED,
    RESULTS,
    ROWS,
    campaign_paths,
    credentials,
    egress_name,
    operator,
    output_options,
    pace_options,
    proxies,
)
from campaign.cli.parameters import WholeNumber
from campaign.cli.reports import show_undo
from campaign.runs import RunOptions
from campaign.runs.resuming import named_rows
from campaign.runs.undo import undo_run

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Delete what a run has sent, where the server allows it.")
@FILE
@click.option("--run", "number", type=WholeNumber(1), metavar="N", help="A run other than the last.")
@ROWS
@pace_options
@MOVED
@RESULTS
@JOURNAL
@EGRESS
@output_options
def undo(file: Path, number: int | None, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Delete the messages that FILE's last run has sent, where the server lets a client delete.

    Rocket.Chat does; Kitechat does not. Recipients may have read the messages by then. A row is deleted once
    the server says so, or does not have the message any more. If the command is interrupted, the same command goes on.

    \b
    campaign undo tet-offer.toml
    campaign undo tet-offer.toml --rows 2-5
    campaign undo tet-offer.toml --run 1
    """
    paths = campaign_paths(file, given["results"], journal=given["journal"])
    options = RunOptions(
        rate=given["rate"],
        concurrency=given["concurrency"],
        rows=given["rows"] or (),
        moved=given["moved"],
        by=operator(),
        proxies=proxies(),
        egress=egress_name(given["egress"], paths.address),
    )
    with TerminalObserver(yes=given["yes"], quiet=given["quiet"]) as observer:
        report = undo_run(paths, credentials, options, observer, number=number)
    again = (f" --run {number}" if number else "") + (f" --rows {named_rows(options.rows)}" if options.rows else "")
    sys.exit(show_undo(report, file, again, json_wanted=given["as_json"], quiet=given["quiet"]))
