"""`campaign check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.check_report import check_campaign
from campaign.cli.options import ROWS, campaign_options, load, output_options, row_options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Plan without sending: the mapping, the counts, every problem by cell.")
@campaign_options
@row_options
@ROWS
@output_options
def check(file: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Read, render and validate every row of FILE's list, and send nothing.

    \b
    campaign check tet-offer.toml
    campaign check customers.xlsx --template livechat-text --map msg="Nội dung" --server https://chat.example.com
    """
    campaign, rows = load(file, given), given["rows"] or ()
    sys.exit(check_campaign(campaign, json_wanted=given["as_json"], quiet=given["quiet"], rows=rows))
