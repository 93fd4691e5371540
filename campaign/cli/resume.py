"""`campaign resume`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.campaign_file import campaign_name
from campaign.cli.attend import Terminal
from campaign.cli.options import FILE, RESULTS, delivery_options, output_options, throttle
from campaign.cli.show import show_report
from campaign.journal import State
from campaign.runs import Places, Wishes
from campaign.runs import resume as go_on

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Go on with an unfinished run.")
@FILE
@delivery_options
@click.option("--server", metavar="URL", help="Another address of the same server.")
@click.option(
    "--retry",
    type=click.Choice(["failed", "in-doubt"]),
    multiple=True,
    help="Send rows that failed, or are in doubt, once more.",
)
@RESULTS
@output_options
def resume(file: Path, **given: Any) -> None:  # noqa: ANN401 - options go on by name
    """Go on with FILE's last run: send what still waits, from the journal alone.

    The list may have been edited or deleted meanwhile; what is sent was fixed when the run was planned.

    \b
    campaign resume tet-offer.toml
    campaign resume tet-offer.toml --retry failed
    """
    where = Places(file.parent, campaign_name(file), given["results"])
    wishes = Wishes(limit=given["limit"], server=given["server"], throttle=throttle(given))
    retry = {State(name.replace("-", "_")) for name in given["retry"]}
    with Terminal(yes=given["yes"], quiet=given["quiet"]) as terminal:
        report = go_on(where, wishes, terminal, retry)
    sys.exit(show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"]))
