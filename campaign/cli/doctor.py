"""`campaign doctor`."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaign.campaign_file import load as load_campaign
from campaign.channels.address import server_address
from campaign.cli.console import is_terminal, show_lines, size_of_terminal, width_of
from campaign.cli.credentials import find_credentials
from campaign.cli.databases import database_address
from campaign.cli.exit_codes import ALL_SENT, SOME_NOT_SENT
from campaign.cli.json_output import print_json
from campaign.cli.options import JOURNAL, campaign_paths, output_options, proxies
from campaign.cli.parameters import FilePath
from campaign.delivery.ports import SystemClock
from campaign.doctor.checks import CheckState, as_json, check_lines, has_problem
from campaign.doctor.examination import DoctorContext, examine
from campaign.doctor.key import KeySearch
from campaign.doctor.terminal import Terminal, file_name_encoding
from campaign.errors import KeyMissingError

if TYPE_CHECKING:
    from campaign.channels import Channel
    from campaign.errors import Problem


@click.command(short_help="Look for what would stop a run; send no message.")
@click.argument("file", type=FilePath(), required=False)
@click.option("--template", metavar="PATH|NAME", help="The template, where FILE is a list.")
@click.option("--server", metavar="URL", help="The server's base address.")
@JOURNAL
@output_options
def doctor(file: Path | None, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Look at versions, terminal, folder, journal, key, proxy, server, limit and clock; FILE is the campaign's.

    No message is sent and nothing is changed: the server gets one harmless request, which its maker documents as
    reading. Without FILE, only what concerns every campaign is looked at. Ends with 0 where nothing would stop a run,
    else with 1; a warning stops none.

    \b
    campaign doctor tet-offer.toml
    campaign doctor --server https://chat.example.com
    campaign doctor tet-offer.toml --json
    """
    checks = list(examine(_context(file, given)))
    if given["as_json"]:
        print_json(as_json(checks))
    else:
        wanted = [each for each in checks if not given["quiet"] or each.state is not CheckState.OK]
        if wanted:
            show_lines(check_lines(wanted, width_of(sys.stdout)), out=True)
    sys.exit(SOME_NOT_SENT if has_problem(checks) else ALL_SENT)


def _context(file: Path | None, given: dict[str, Any]) -> DoctorContext:
    """What the options, the environment and the terminal say."""
    load = None
    if file is not None:
        load = partial(load_campaign, file, template=given["template"], server=given["server"])
    server = given["server"]
    return DoctorContext(
        terminal=_terminal(),
        clock=SystemClock(),
        load=load,
        paths=partial(campaign_paths, file, journal=given["journal"]) if file is not None else None,
        key=_search_key,
        proxies=proxies,
        server=server_address(server, where="--server") if server is not None and file is None else None,
        journal=database_address(given["journal"]) if file is None else None,
        folder=Path.cwd(),
    )


def _terminal() -> Terminal:
    output = sys.stdout
    columns = size_of_terminal()[0] if is_terminal(output) else None
    encoding = getattr(output, "encoding", None) or ""
    return Terminal(encoding, file_name_encoding(), columns, os.name == "nt")


def _search_key(channel: Channel) -> KeySearch:
    """Search as a run does, but ask nobody."""
    warnings: list[Problem] = []
    try:
        values = find_credentials(channel, os.environ, None, warnings.append)
    except KeyMissingError as error:
        return KeySearch(None, error, tuple(warnings))
    return KeySearch(values, None, tuple(warnings))
