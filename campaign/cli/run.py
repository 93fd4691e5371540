"""`campaign run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.campaign_file import server_in_file
from campaign.cli.after import notify_after
from campaign.cli.check_report import dry_run, nothing_sent, numbers_of
from campaign.cli.json_output import print_json
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import (
    EGRESS,
    JOURNAL,
    MOVED,
    RESULTS,
    ROWS,
    campaign_options,
    credentials,
    delivery_options,
    egress_name,
    journal_address,
    load,
    operator,
    output_options,
    proxies,
    row_options,
)
from campaign.cli.reports import show_report
from campaign.delivery.proxies import NO_PROXIES
from campaign.planning import prepare
from campaign.refusals import RefusedPlanError
from campaign.runs import RunOptions
from campaign.runs.whole_run import run_plan

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.planning import Plan
    from campaign.runs import Report


@click.command(short_help="Plan, ask, deliver, and write the results workbook.")
@campaign_options
@row_options
@delivery_options
@click.option("--skip-invalid", is_flag=True, help="Send the valid rows even if others are invalid.")
@click.option("--new", is_flag=True, help="Start over even if there is an earlier run; says who gets it again.")
@click.option("--skip-sent", is_flag=True, help="Start over without the rows that were sent, or are in doubt.")
@click.option("--sandbox", is_flag=True, help="Rehearse: deliver to a local server, with its own files.")
@click.option("--dry-run", is_flag=True, help="Stop before asking; nothing is sent or recorded.")
@ROWS
@MOVED
@RESULTS
@JOURNAL
@EGRESS
@output_options
def run(file: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Send a message to every row of FILE's list, and write the outcome of each row to a workbook.

    FILE is a campaign file, or a spreadsheet together with --template.

    \b
    campaign run tet-offer.toml --sandbox       rehearse first
    campaign run tet-offer.toml --limit 10      ten real messages, then: campaign resume tet-offer.toml
    campaign run customers.xlsx --template livechat-text --server https://chat.example.com
    campaign run orders.toml --skip-sent --yes  every night: only the new rows
    """
    campaign = load(file, given)
    address = None if given["sandbox"] else journal_address(file, given["journal"])
    egress = egress_name(given["egress"], address, sandbox=given["sandbox"])
    if given["dry_run"]:
        sys.exit(dry_run(campaign, given, address))
    named = {name: given[name] for name in ("limit", "skip_invalid", "new", "skip_sent", "results", "moved")}
    used = NO_PROXIES if given["sandbox"] else proxies()
    named |= {"journal": address, "egress": egress}
    options = RunOptions(**named, server_in_file=server_in_file(file), proxies=used, by=operator())
    with TerminalObserver(yes=given["yes"] or given["sandbox"], quiet=given["quiet"]) as observer:
        plan = prepare(campaign, rehearsal=given["sandbox"], rows=given["rows"] or ())
        report = deliver_plan(plan, options, observer, json_wanted=given["as_json"])
    changed = any(given[name] for name in ("template", "mapped", "values"))
    code = show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"], options=changed)
    notify_after(campaign.after, report, file)
    sys.exit(code)


def deliver_plan(plan: Plan, options: RunOptions, observer: TerminalObserver, *, json_wanted: bool) -> Report | None:
    """Deliver a plan; where it is refused, print the JSON object of a run that was not begun.

    Raises:
        CampaignError: something is wrong, and nothing was sent.
    """
    try:
        return run_plan(plan, credentials, options, observer)
    except RefusedPlanError as error:
        if json_wanted:
            print_json(nothing_sent(error.reason, numbers_of(error.rows), error.findings))
        raise
