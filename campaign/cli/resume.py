"""`campaign resume`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.campaign_file import server_in_file, suppress_sections
from campaign.cli.after import notify_after
from campaign.cli.databases import egress_name
from campaign.cli.observer import TerminalObserver
from campaign.cli.options import (
    EGRESS,
    FILE,
    JOURNAL,
    MOVED,
    RESULTS,
    ROWS,
    SUPPRESS,
    WATCH_ONLY,
    campaign_paths,
    credentials,
    delivery_options,
    operator,
    output_options,
    proxies,
)
from campaign.cli.parameters import OneOf
from campaign.cli.reports import show_report
from campaign.errors import Problem, UsageError
from campaign.file_of_today import after_in_file
from campaign.journal import State
from campaign.runs import RunOptions
from campaign.runs.whole_run import resume_run

if TYPE_CHECKING:
    from pathlib import Path


@click.command(short_help="Continue an unfinished run.")
@FILE
@delivery_options
@click.option("--server", metavar="URL", help="Another address of the same server.")
@click.option(
    "--retry",
    type=OneOf(["failed", "in-doubt"]),
    multiple=True,
    help="Send rows that failed, or are in doubt, once more.",
)
@click.option("--look", is_flag=True, help="Look up the rows in doubt at the server, and send nothing.")
@click.option(
    "--recover", is_flag=True, help="Go on although some of the journal may be lost: rows that wait may have been sent."
)
@SUPPRESS
@MOVED
@ROWS
@RESULTS
@JOURNAL
@EGRESS
@WATCH_ONLY
@output_options
def resume(file: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Continue FILE's last run: send the pending rows, from the journal alone.

    It does not matter if the list was edited or deleted meanwhile: the messages were fixed when the run was planned.

    \b
    campaign resume tet-offer.toml
    campaign resume tet-offer.toml --retry failed
    campaign resume tet-offer.toml --retry in-doubt --rows 3,9
    campaign resume tet-offer.toml --look
    """
    if given["rows"] and not given["retry"]:
        raise UsageError(
            Problem("--rows", "names the rows to send once more", "add --retry failed or --retry in-doubt")
        )
    if given["look"] and (given["retry"] or given["limit"]):
        raise UsageError(Problem("--look", "sends nothing", "leave out --retry and --limit, or --look"))
    paths = campaign_paths(file, given["results"], journal=given["journal"])
    options = RunOptions(
        limit=given["limit"],
        rate=given["rate"],
        concurrency=given["concurrency"],
        not_before=given["not_before"],
        window=given["window"],
        server=given["server"],
        recover=given["recover"],
        moved=given["moved"],
        look=given["look"],
        watch_only=given["watch_only"],
        by=operator(),
        server_in_file=server_in_file(file),
        proxies=proxies(),
        retry=tuple({State(name.replace("-", "_")) for name in given["retry"]}),
        rows=given["rows"] or (),
        suppress=suppress_sections(given["suppress"]),
        egress=egress_name(given["egress"], paths.address),
    )
    after = after_in_file(file)
    with TerminalObserver(yes=given["yes"], quiet=given["quiet"]) as observer:
        report = resume_run(paths, credentials, options, observer)
    code = show_report(report, file, json_wanted=given["as_json"], quiet=given["quiet"])
    notify_after(after, report, file)
    sys.exit(code)
