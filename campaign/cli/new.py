"""`campaign new`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from campaign.channels import CHANNELS
from campaign.cli.console import say
from campaign.cli.parameters import FilePath, OneOf
from campaign.errors import RecipientsError
from campaign.recipients import variable_name
from campaign.sheets import open_sheet
from campaign.sheets.files import kind_of
from campaign.starter import make_starter
from campaign.text import listed

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
@click.option("--from", "source", type=FilePath(exists=True, dir_okay=False), metavar="LIST", help="Your list.")
def new(folder: Path, channel: str, source: Path | None) -> None:
    """Make a campaign file, named after DIR, a template and a sample workbook to edit in it; overwrites nothing.

    With --from, the campaign file names your own list in place of the sample.

    \b
    campaign new tet-offer --channel kitechat
    campaign new tet-offer --from customers.xlsx
    """
    if source is not None:
        kind_of(source)  # raises for what can never be a list, before anything is written
    for path in make_starter(folder, CHANNELS.find(channel), source):
        say(f"made {path}")
    file = f'"{folder / "campaign.toml"}"' if " " in str(folder) else folder / "campaign.toml"
    if source is None:
        say(f"Next: campaign check {file}, then: campaign run {file} --sandbox")
        return
    say(_variables_of(source))
    say(f"Next: write the message in {folder / 'message.toml'} with its variables, then: campaign check {file}")


def _variables_of(source: Path) -> str:
    """What the headers of a list become, or what the campaign file has to say of the list before it can be read."""
    try:
        columns = open_sheet(source).columns
    except RecipientsError as error:
        return str(error)
    variables = [name for column in columns if (name := variable_name(column.header))]
    return f"variables of {source.name}: {listed(variables) or 'none'}"
