"""`campaign abandon`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say
from campaign.cli.exit_codes import ALL_SENT, NOTHING_SENT
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import (
    ASK_NOT,
    FILE,
    JOURNAL,
    MOVED,
    RESULTS,
    campaign_paths,
    credentials,
    operator,
    output_options,
    proxies,
)
from campaign.cli.reports import show_report
from campaign.runs.by_hand import abandon_run

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="End a run without its waiting rows.")
@FILE
@ASK_NOT
@MOVED
@RESULTS
@JOURNAL
@output_options
def abandon(file: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """End FILE's last run: its waiting rows are skipped, and nothing is sent.

    Rows that were cut off while sending are settled first: looked up where the server can be asked, else in doubt.

    \b
    campaign abandon tet-offer.toml
    """
    paths = campaign_paths(file, given["results"], moved=given["moved"], journal=given["journal"])
    with TerminalObserver(yes=given["yes"], quiet=given["quiet"]) as observer:
        report = abandon_run(paths, credentials, operator(), observer, proxies=proxies())
    if report is None:
        say("Nothing was changed.")
        sys.exit(NOTHING_SENT)
    show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"])
    sys.exit(ALL_SENT)
