"""`campaign stop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say
from campaign.cli.json_output import print_json
from campaign.cli.options import FILE, JOURNAL, campaign_paths, operator, output_options
from campaign.runs.by_hand import stop_delivery

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Stop the delivery of another process.")
@FILE
@JOURNAL
@output_options
def stop(file: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Stop the delivery of FILE that another process is running, as its first Ctrl-C would.

    What is under way ends and is recorded, the workbook is written, and `campaign resume` goes on.

    \b
    campaign stop tet-offer.toml
    """
    found = stop_delivery(campaign_paths(file, journal=given["journal"]), operator())
    if not given["quiet"]:
        state = "It is stopping" if found.taken else "It has not noticed yet, and stops before it sends anything more"
        say(f"This campaign {found.holder}. {state}.")
    if given["as_json"]:
        print_json({"holder": found.holder, "stopping": found.taken})
