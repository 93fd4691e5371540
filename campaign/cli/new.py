"""`campaign new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaign.channels import CHANNELS
from campaign.cli.console import say
from campaign.cli.parameters import FilePath, OneOf
from campaign.starter import make_starter

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Make a campaign to start from.")
@click.argument("folder", metavar="DIR", type=FilePath(file_okay=False))
@click.option(
    "--channel",
    type=OneOf(list(CHANNELS)),
    default=next(iter(CHANNELS)),
    show_default=True,
    help="Whose API to speak.",
)
def new(folder: Path, channel: str) -> None:
    """Make a campaign file, named after DIR, a template and a sample workbook to edit in it; overwrites nothing.

    \b
    campaign new tet-offer --channel kitechat
    """
    for path in make_starter(folder, CHANNELS.find(channel)):
        say(f"made {path}")
    file = f'"{folder / "campaign.toml"}"' if " " in str(folder) else folder / "campaign.toml"
    say(f"Next: campaign check {file}, then: campaign run {file} --sandbox")
