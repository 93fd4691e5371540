"""`campaign run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.attend import Terminal
from campaign.cli.options import RESULTS, campaign_options, delivery_options, load, output_options
from campaign.cli.plan_report import dry_run
from campaign.cli.show import show_report
from campaign.runs import Wishes, start

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Plan, ask, deliver, and write the results workbook.")
@campaign_options
@delivery_options
@click.option("--skip-invalid", is_flag=True, help="Send the valid rows although some are invalid.")
@click.option("--new", is_flag=True, help="Start over although a run is on record.")
@click.option("--sandbox", is_flag=True, help="Rehearse: deliver to a local server, with a journal of its own.")
@click.option("--dry-run", is_flag=True, help="Stop before asking; nothing is sent or recorded.")
@RESULTS
@output_options
def run(file: Path, **given: Any) -> None:  # noqa: ANN401 - options go on by name
    """Send a message to every row of FILE's list, and write what became of each into a workbook.

    FILE is a campaign file, or a spreadsheet together with --template.

    \b
    campaign run tet-offer.toml --sandbox       rehearse first
    campaign run tet-offer.toml --limit 10      a few real ones, then: campaign resume tet-offer.toml
    campaign run customers.xlsx --template livechat-text --server https://chat.example.com
    """
    campaign = load(file, given)
    if given["dry_run"]:
        sys.exit(dry_run(campaign, given))
    wishes = Wishes(
        limit=given["limit"],
        skip_invalid=given["skip_invalid"],
        new=given["new"],
        sandbox=given["sandbox"],
        results=given["results"],
    )
    with Terminal(yes=given["yes"] or given["sandbox"], quiet=given["quiet"]) as terminal:
        report = start(campaign, wishes, terminal)
    options = any(given[name] for name in ("template", "mapped", "values"))
    sys.exit(show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"], options=options))
