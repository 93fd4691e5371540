"""`campaign status`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import is_terminal, say, show_lines, warn, width_of
from campaign.cli.exit_codes import INTERRUPTED
from campaign.cli.json_output import print_json
from campaign.cli.options import FILE, JOURNAL, campaign_paths, output_options
from campaign.cli.parameters import as_argument
from campaign.cli.watch import watch_lines, watch_screen, watch_silently
from campaign.review.next_steps import NextCommands
from campaign.review.status import as_json
from campaign.review.status_text import status_lines
from campaign.runs.status import StatusReader

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Show how every run stands, also while it is delivered.")
@FILE
@click.option("--watch", is_flag=True, help="Show it again and again until the run ends; Ctrl-C ends only that.")
@JOURNAL
@output_options
def status(file: Path, *, watch: bool, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Show every run of FILE's campaign, and what a run under way is doing; also from a second terminal.

    Nothing is changed, and a delivery is not disturbed. With --json or -q, --watch waits until the run has ended.

    \b
    campaign status tet-offer.toml
    campaign status tet-offer.toml --watch
    """
    reader = StatusReader(campaign_paths(file, journal=given["journal"]))
    found = reader.read()
    commands = NextCommands(as_argument(file, found.database), None)
    for note in found.notes:
        warn(note)
    silent = given["quiet"] or given["as_json"]
    if watch and found.active is not None:
        try:
            if silent:
                watch_silently(reader)
            elif is_terminal(sys.stdout):
                watch_screen(reader, commands)
            else:
                watch_lines(reader)
        except KeyboardInterrupt:
            say("Watching is over; the run goes on.")
            sys.exit(INTERRUPTED)
        found = reader.read_anew()
    if given["as_json"]:
        print_json(as_json(found))
    elif not given["quiet"]:
        show_lines(status_lines(found, commands, width_of(sys.stdout)), out=True)
