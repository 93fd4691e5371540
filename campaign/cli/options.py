"""Options that commands share, and how they override the campaign file."""

from __future__ import annotations

import functools
import getpass
import os
import platform
from typing import TYPE_CHECKING, Any, TypeVar

import click

from campaign.campaign_file import LIST_SETTINGS, campaign_name
from campaign.campaign_file import load as load_campaign
from campaign.cli.console import key_prompt, warn
from campaign.cli.credentials import find_credentials
from campaign.cli.parameters import FilePath, WholeNumber, row_ranges
from campaign.cli.proxies import find_proxies
from campaign.errors import Problem, UsageError
from campaign.file_of_today import journal_in_file
from campaign.paths import NOT_AN_ADDRESS, is_address, real_file
from campaign.runs.options import RunPaths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from campaign.campaign_file import Overrides
    from campaign.channels import Channel
    from campaign.config import Campaign
    from campaign.delivery.proxies import ProxySettings

JOURNAL_VARIABLE = "CAMPAIGN_JOURNAL"
"""The environment variable with the address of the database that contains the journals."""

LONGEST_EGRESS = 100

Command = TypeVar("Command", bound="Callable[..., Any]")

FILE = click.argument("file", type=FilePath())


def pair(value: str) -> tuple[str, str]:
    """Split NAME=TEXT at the first equals sign.

    Raises:
        click.BadParameter: there is no equals sign, or no name before it.
    """
    name, sign, text = value.partition("=")
    if not sign or not name.strip():
        raise click.BadParameter(f"“{value}” has no = between the variable and its value")
    return name.strip(), text


def pairs(_context: click.Context, _option: click.Parameter, given: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The pairs of a repeated option by name.

    Raises:
        click.BadParameter: two of them give the same name different texts.
    """
    found: dict[str, str] = {}
    for name, text in given:
        if found.setdefault(name, text) != text:
            raise click.BadParameter(f"gives “{name}” twice, as “{found[name]}” and “{text}”; leave one out")
    return found


SUPPRESS = click.option(
    "--suppress",
    multiple=True,
    metavar="[VARIABLE=]FILE",
    help="Leave out rows whose value is in this list; may be repeated.",
)


def campaign_options(command: Command) -> Command:
    """FILE, and the options that override the campaign file."""
    for decorate in reversed(_CAMPAIGN_OPTIONS):
        command = decorate(command)
    return command


_CAMPAIGN_OPTIONS = (
    FILE,
    click.option("--template", metavar="PATH|NAME", help="A template file, or a shipped one by name."),
    click.option("--recipients", type=FilePath(), metavar="FILE", help="The list, instead of the campaign's own."),
    click.option("--sheet", metavar="NAME", help="The sheet to read; default: the first visible one."),
    click.option(
        "--header-row", type=WholeNumber(1, 1_048_576), metavar="N", help="The row that has the headers; default: 1."
    ),
    click.option(
        "--map",
        "mapped",
        type=pair,
        multiple=True,
        callback=pairs,
        metavar="VARIABLE=HEADER",
        help="Name a variable's column.",
    ),
    click.option(
        "--set",
        "values",
        type=pair,
        multiple=True,
        callback=pairs,
        metavar="VARIABLE=VALUE",
        help="The same text for every row.",
    ),
    click.option("--server", metavar="URL", help="The server's base address."),
    click.option("--encoding", metavar="NAME", help="The encoding of a CSV, such as cp1258."),
    click.option("--delimiter", metavar="CHARACTER", help="What separates the fields of a CSV, such as ;"),
    click.option(
        "--hidden-rows", type=click.Choice(["send", "skip"]), help="Send or leave out rows that the sheet hides."
    ),
    click.option("--label", metavar="HEADER", help="The column by whose text rows are called, besides their number."),
    click.option(
        "--legacy-font", type=click.Choice(["convert"]), help="Convert text of TCVN3 and VNI fonts to Unicode."
    ),
    click.option(
        "--accept", multiple=True, metavar="CODE", help="Send in spite of findings with this code; may be repeated."
    ),
)


def row_options(command: Command) -> Command:
    """Which rows are sent."""
    for decorate in reversed(_ROW_OPTIONS):
        command = decorate(command)
    return command


_ROW_OPTIONS = (
    click.option(
        "--where", multiple=True, metavar="EXPR", help="Send only rows for which this is true, as in {% if EXPR %}."
    ),
    SUPPRESS,
    click.option(
        "--key", multiple=True, metavar="NAME", help="A variable or header that makes two rows the same, in any run."
    ),
)


def delivery_options(command: Command) -> Command:
    """Options of the delivery of a run."""
    for decorate in reversed(_RUN_OPTIONS):
        command = decorate(command)
    return pace_options(command)


def pace_options(command: Command) -> Command:
    """How fast, and whether to ask first."""
    for decorate in reversed(_PACE_OPTIONS):
        command = decorate(command)
    return command


_RUN_OPTIONS = (
    click.option("--limit", type=WholeNumber(1), metavar="N", help="Send N rows, leave the rest for resume."),
    click.option("--not-before", metavar="TIME", help="Send nothing before a moment: 2026-11-27T09:00."),
    click.option("--window", metavar="08:00-20:00", help="Send in this part of the day, and wait outside it."),
)
_PACE_OPTIONS = (
    click.option("--rate", metavar="RATE", help="10/s, 600/min, or auto: as fast as the server allows."),
    click.option("--concurrency", type=WholeNumber(1, 1000), metavar="N", help="Requests in flight at once."),
    click.option("--yes", is_flag=True, help="Do not ask first."),
)


ROWS = click.option(
    "--rows", type=row_ranges, metavar="3,9-12", help="Which rows, as the spreadsheet numbers them: 3,9 or 2-5."
)
ASK_NOT = click.option("--yes", is_flag=True, help="Do not ask on a terminal.")

RESULTS = click.option("--results", type=FilePath(dir_okay=False), metavar="PATH", help="Where to write the workbook.")
MOVED = click.option("--moved", is_flag=True, help="The campaign's files were moved or copied here on purpose.")
JOURNAL = click.option(
    "--journal",
    metavar="URL",
    help="The PostgreSQL database that contains the journal: postgresql://USER@HOST/DATABASE.",
)
EGRESS = click.option(
    "--egress",
    metavar="NAME",
    help="What shares a client address with other machines, such as a NAT; default: the host.",
)
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
    names = ("template", "recipients", "server", "rate", "concurrency", "not_before", "window", *LIST_SETTINGS)
    overrides: Overrides = {name: given.get(name) for name in names}  # type: ignore[assignment] # named above
    overrides["columns"], overrides["values"] = given["mapped"], given["values"]
    overrides["accept"] = given["accept"]
    for rule in ("where", "suppress", "key"):
        overrides[rule] = given.get(rule) or ()
    return load_campaign(file, **overrides)


def campaign_paths(
    file: Path, results: Path | None = None, *, moved: bool = False, journal: str | None = None
) -> RunPaths:
    """Where the files of FILE's campaign are, by whichever name FILE is called, and its journal.

    Args:
        file: the campaign file, or a list.
        results: the workbook, where another place was named.
        moved: the campaign's files were moved or copied here on purpose.
        journal: the address of the journal's database, where `--journal` named one.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read.
        UsageError: the address is none.
    """
    home = real_file(file)
    return RunPaths(home.parent, campaign_name(file), results, home, moved, journal_address(file, journal))


def journal_address(file: Path, given: str | None) -> str | None:
    """The address of the database that contains the journal: as `--journal`, the file or the environment says.

    Raises:
        CampaignFileError: the campaign file is there and cannot be read, or names an address that is none.
        UsageError: the address is none.
    """
    return database_address(given, None if given else journal_in_file(file))


def database_address(given: str | None, in_file: str | None = None) -> str | None:
    """The address of the database that contains the journal: as `--journal`, a file or the environment says.

    Raises:
        UsageError: the address is none.
    """
    address = given or in_file or os.environ.get(JOURNAL_VARIABLE, "").strip() or None
    if address is not None and not is_address(address):
        raise UsageError(Problem("--journal" if given else JOURNAL_VARIABLE, NOT_AN_ADDRESS))
    return address


def egress_name(given: str | None, address: str | None, *, sandbox: bool = False) -> str | None:
    """The egress that `--egress` names; None where it names none.

    Args:
        given: the option's value.
        address: the address of the journal's database; None where that is a file.
        sandbox: whether the run is a rehearsal, which shares nothing.

    Raises:
        UsageError: it is no name, or nothing is shared.
    """
    if given is None or sandbox:
        return None
    name = given.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_EGRESS:
        what = f"an egress has a name of 1 to {LONGEST_EGRESS} printable characters"
        raise UsageError(Problem("--egress", what, "machines behind one NAT need the same name, such as office"))
    if address is None:
        what = "says which machines share an address, and a journal in a file is one machine's"
        raise UsageError(Problem("--egress", what, "leave it out, or name the database with --journal"))
    return name


def operator() -> str:
    """Who is at work, for the record: user@host."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user in the system's list, or no list
        user = "unknown"
    return f"{user}@{platform.node()}"


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
