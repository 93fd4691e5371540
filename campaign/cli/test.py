"""`campaign test`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.campaign_file import server_in_file
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import (
    MOVED,
    ROWS,
    campaign_options,
    load,
    operator,
    output_options,
    pace_options,
    pair,
    pairs,
    proxies,
)
from campaign.cli.reports import show_report
from campaign.cli.run import deliver_plan
from campaign.planning import prepare
from campaign.runs import RunOptions
from campaign.trial import Trial

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Send a few messages to a conversation of your own.")
@campaign_options
@click.option(
    "--to",
    type=pair,
    multiple=True,
    callback=pairs,
    required=True,
    metavar="VARIABLE=VALUE",
    help="A variable of the destination, with the value of your own conversation; repeat it for each of them.",
)
@ROWS
@pace_options
@MOVED
@output_options
def test(file: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Send the messages of some rows of FILE's list, the first 3 unless --rows names others, to your own conversation.

    The rest is as the rows say. No recipient on the list gets anything, and nothing of it counts as sent: the test has
    a journal and a results workbook of its own, and each test is a new one.

    \b
    campaign test tet-offer.toml --to conversation_id=24900001
    campaign test orders.toml --to token=my-token --to rid=my-room --rows 2-4
    """
    campaign = load(file, given)
    options = RunOptions(server_in_file=server_in_file(file), proxies=proxies(), by=operator(), moved=given["moved"])
    trial = Trial(given["to"], given["rows"] or ())
    with TerminalObserver(yes=given["yes"], quiet=given["quiet"]) as observer:
        plan = prepare(campaign, trial=trial)
        report = deliver_plan(plan, options, observer, json_wanted=given["as_json"])
    changed = any(given[name] for name in ("template", "mapped", "values"))
    sys.exit(show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"], options=changed))
