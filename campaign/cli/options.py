"""Options that commands share, and how they override the campaign file."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from campaign.campaign_file import campaign_name, real_file
from campaign.campaign_file import load as load_campaign
from campaign.cli.console import key_prompt, warn
from campaign.cli.credentials import find_credentials
from campaign.cli.proxies import find_proxies
from campaign.runs.options import RunPaths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from campaign.channels import Channel
    from campaign.config import Campaign
    from campaign.delivery.proxies import ProxySettings

Command = TypeVar("Command", bound="Callable[..., Any]")

FILE = click.argument("file", type=click.Path(path_type=Path))


def pair(value: str) -> tuple[str, str]:
    """Split NAME=TEXT at the first equals sign.

    Raises:
        click.BadParameter: there is no equals sign, or no name before it.
    """
    name, sign, text = value.partition("=")
    if not sign or not name.strip():
        raise click.BadParameter(f"“{value}” has no = between the variable and its value")
    return name.strip(), text


def campaign_options(command: Command) -> Command:
    """FILE, and the options that override the campaign file."""
    for decorate in reversed(_CAMPAIGN_OPTIONS):
        command = decorate(command)
    return command


_CAMPAIGN_OPTIONS = (
    FILE,
    click.option("--template", metavar="PATH|NAME", help="A template file, or a shipped one by name."),
    click.option(
        "--recipients", type=click.Path(path_type=Path), metavar="FILE", help="The list, instead of the campaign's own."
    ),
    click.option("--sheet", metavar="NAME", help="The sheet to read; default: the first visible one."),
    click.option(
        "--map", "mapped", type=pair, multiple=True, metavar="VARIABLE=HEADER", help="Name a variable's column."
    ),
    click.option(
        "--set", "values", type=pair, multiple=True, metavar="VARIABLE=VALUE", help="The same text for every row."
    ),
    click.option("--server", metavar="URL", help="The server's base address."),
)


def delivery_options(command: Command) -> Command:
    """Options of the delivery of a run."""
    for decorate in reversed(_DELIVERY_OPTIONS):
        command = decorate(command)
    return command


_DELIVERY_OPTIONS = (
    click.option("--rate", metavar="RATE", help="10/s, 600/min, or auto: as fast as the server allows."),
    click.option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="Requests in flight at once."),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Send N rows, leave the rest for resume."),
    click.option("--yes", is_flag=True, help="Do not ask before sending."),
)

RESULTS = click.option(
    "--results", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH", help="Where to write the workbook."
)
MOVED = click.option("--moved", is_flag=True, help="The campaign's files were moved or copied here on purpose.")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="Report only what went wrong.")
VERBOSE = click.option("-v", "--verbose", is_flag=True, expose_value=False, help="Show where an error came from.")


def output_options(command: Command) -> Command:
    """Options of the output."""
    return functools.reduce(lambda decorated, decorate: decorate(decorated), (VERBOSE, QUIET, JSON), command)


def load(file: Path, given: Mapping[str, Any]) -> Campaign:
    """Load the campaign, with the options of the command line in place of the file's settings.

    Raises:
        CampaignFileError: every problem of the file, by key.
    """
    names = ("template", "recipients", "sheet", "server", "rate", "concurrency")
    overrides = {name: given.get(name) for name in names}
    return load_campaign(file, **overrides, columns=dict(given["mapped"]), values=dict(given["values"]))


def campaign_paths(file: Path, results: Path | None) -> RunPaths:
    """Where the files of FILE's campaign are, by whichever name FILE is called.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read.
    """
    home = real_file(file)
    return RunPaths(home.parent, campaign_name(file), results, home)


def proxies() -> ProxySettings:
    """The machine's proxies, from the environment.

    Raises:
        UsageError: one is not usable.
    """
    return find_proxies(os.environ)


def credentials(channel: Channel) -> dict[str, str]:
    """Find the credentials of a channel: from the environment, a file named there, or a hidden prompt.

    Raises:
        KeyMissingError: one is missing, or cannot be sent in a header.
    """
    return find_credentials(channel, os.environ, key_prompt(), warn)
