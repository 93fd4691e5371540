"""`campaign forget`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say
from campaign.cli.exit_codes import NOTHING_SENT
from campaign.cli.json_output import print_json
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import ASK_NOT, FILE, JOURNAL, MOVED, campaign_paths, operator, output_options
from campaign.cli.parameters import WholeNumber
from campaign.runs.by_hand import forget_run

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Delete a run's personal data from the journal.")
@FILE
@click.option("--run", "number", type=WholeNumber(1), metavar="N", help="A run other than the last.")
@ASK_NOT
@MOVED
@JOURNAL
@output_options
def forget(file: Path, number: int | None, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Delete what the journal holds about the people of FILE's last run: cells, messages, destinations and reasons.

    States and counts stay, and of each message a digest, by which --skip-sent still knows who has it.

    \b
    campaign forget tet-offer.toml
    campaign forget tet-offer.toml --run 1
    """
    paths = campaign_paths(file, moved=given["moved"], journal=given["journal"])
    with TerminalObserver(yes=given["yes"], quiet=given["quiet"]) as observer:
        found = forget_run(paths, number, operator(), observer)
    if found is None:
        say("Nothing was changed.")
        sys.exit(NOTHING_SENT)
    if not given["quiet"]:
        say(f"The personal data of run {found.run} are deleted from {found.where}; its counts stay.")
        if found.workbook:
            say(f"{found.workbook} still contains them, as do its copies, pages and the list: delete those yourself.")
        if found.file:
            say(f"{found.file}, from which the journal was imported, contains them too: delete it yourself.")
        for other in found.others:
            say(f"Run {other} still has its data: campaign forget {file} --run {other}")
    if given["as_json"]:
        workbook = str(found.workbook) if found.workbook else None
        print_json({"run": found.run, "rows": found.rows, "with_data": list(found.others), "workbook": workbook})
