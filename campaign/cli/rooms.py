"""`campaign rooms`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.asking_observer import AskingTerminalObserver, sharing_of
from campaign.cli.console import say
from campaign.cli.exit_codes import ALL_SENT, INTERNAL_FAULT, INTERRUPTED, NOTHING_SENT, SOME_NOT_SENT, STOPPED
from campaign.cli.json_output import print_json
from campaign.cli.options import output_options, pace_options, pair, pairs, proxies
from campaign.cli.parameters import FilePath, WholeNumber, as_argument
from campaign.config_values import parse_concurrency, parse_rate
from campaign.findings import known_codes
from campaign.review.phrases import rows_of
from campaign.runs.rooms import RoomOptions, find_rooms
from campaign.settings import DeliverySettings
from campaign.sheets import ReadOptions
from campaign.text import duration, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from campaign.delivery import StopReason
    from campaign.runs.room_report import RoomReport

OUT = click.option(
    "-o", "--out", type=FilePath(dir_okay=False), required=True, metavar="OUT.xlsx", help="The workbook to write."
)


@click.command(short_help="Find or open the conversation of each visitor of a list.")
@click.argument("recipients", metavar="LIST", type=FilePath())
@click.option("--server", required=True, metavar="URL", help="The server's base address.")
@OUT
@click.option("--sheet", metavar="NAME", help="The sheet to read; default: the first visible one.")
@click.option(
    "--header-row", type=WholeNumber(1, 1_048_576), metavar="N", help="The row that has the headers; default: 1."
)
@click.option(
    "--map",
    "mapped",
    type=pair,
    multiple=True,
    callback=pairs,
    metavar="VARIABLE=HEADER",
    help="Name a variable's column.",
)
@click.option("--encoding", metavar="NAME", help="The encoding of a CSV, such as cp1258.")
@click.option("--delimiter", metavar="CHARACTER", help="What separates the fields of a CSV, such as ;")
@click.option(
    "--hidden-rows", type=click.Choice(["send", "skip"]), help="Ask for or leave out rows that the sheet hides."
)
@click.option("--accept", multiple=True, metavar="CODE", help="Ask in spite of findings with this code.")
@pace_options
@output_options
def rooms(recipients: Path, server: str, out: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Find the open conversation of each visitor on LIST, or open one, and write the list with token and rid.

    LIST has a column token, or name, phone or email: a visitor without a token is registered first. For Rocket.Chat
    livechat. OUT.xlsx is a list that `campaign run` takes. If the command is interrupted, the same command goes on.

    \b
    campaign rooms customers.xlsx --server https://chat.example.com -o with-rooms.xlsx
    campaign rooms customers.csv --server https://chat.example.com -o with-rooms.xlsx --map phone="Số ĐT"
    """
    settings = DeliverySettings(
        rate=None if given["rate"] is None else parse_rate(given["rate"]),
        concurrency=parse_concurrency(given["concurrency"] or DeliverySettings().concurrency),
    )
    read = ReadOptions(given["sheet"], given["header_row"] or 1, given["encoding"], given["delimiter"])
    options = RoomOptions(
        recipients,
        server,
        out,
        read,
        columns=given["mapped"],
        hidden_rows=given["hidden_rows"],
        accept=known_codes(given["accept"]),
        settings=settings,
        proxies=proxies(),
    )
    observer = AskingTerminalObserver(yes=given["yes"], quiet=given["quiet"])
    report = find_rooms(options, observer)
    sys.exit(show_rooms(report, server, json_wanted=given["as_json"], quiet=given["quiet"]))


def show_rooms(report: RoomReport | None, server: str, *, json_wanted: bool, quiet: bool) -> int:
    """Print how it ended, or that nothing was asked: text on stderr, JSON on stdout. Returns the exit code."""
    if report is None:
        say("Nothing was asked.")
        return NOTHING_SENT
    if not quiet:
        for line in rooms_as_text(report, server):
            say(line)
    elif report.stopped is not None and not report.stopped.interrupted:
        say(_stopped(report.stopped), color="red")
    if report.trouble is not None:
        say(str(report.trouble), color="red")
    if json_wanted:
        print_json(rooms_as_json(report))
    return asked_exit_code(
        report.stopped, failed=report.trouble is not None, some_not=report.sent + report.skipped < report.rows
    )


def asked_exit_code(stopped: StopReason | None, *, failed: bool, some_not: bool) -> int:
    """The exit code: 0 everything was found, 1 some of it was not, 3 stopped before the end."""
    if stopped is not None:
        return INTERNAL_FAULT if stopped.fault else INTERRUPTED if stopped.interrupted else STOPPED
    if failed:
        return STOPPED
    return SOME_NOT_SENT if some_not else ALL_SENT


def rooms_as_text(report: RoomReport, server: str) -> Iterator[str]:
    """The lines for a terminal: what was found, what was not and why, and what to do next."""
    became = f"{rows_of(report.sent)} of {report.rows:,} with a conversation"
    became += f", {report.opened:,} of them opened" if report.opened else ""
    yield f"{_stopped(report.stopped) if report.stopped else 'Finished:'} {became}."
    for reason in report.reasons:
        kind = "not asked" if reason.invalid else "refused"
        which = listed((str(number) for number in reason.rows), most=6)
        yield f"  {len(reason.rows):,} {kind} (row{'' if len(reason.rows) == 1 else 's'} {which}): {reason.reason}"
    if report.sharing:
        yield f"  {sharing_of(report.sharing)}"
    requests = "1 request" if report.progress.requests == 1 else f"{report.progress.requests:,} requests"
    yield f"{requests} in {duration(report.seconds)}."
    if report.results:
        yield f"List: {report.results}"
    if report.pending:
        yield f"{rows_of(report.pending)} not settled: the same command goes on."
    elif report.results and report.sent:
        text = "" if "msg" in report.variables else " --set msg=TEXT"
        yield f"Next: campaign run {as_argument(report.results)} --template livechat-text{text} --server {server}"


def rooms_as_json(report: RoomReport) -> Mapping[str, object]:
    """The object of `--json`, with the names that `campaign run` has: `sent` are rows with a conversation."""
    return {
        "run": 1,
        "state": "finished" if report.stopped is None else "stopped",
        "reason": report.stopped.text if report.stopped else None,
        "rows": report.rows,
        "sent": report.sent,
        "failed": report.failed,
        "in_doubt": 0,
        "invalid": report.invalid,
        "skipped": report.skipped,
        "pending": report.pending,
        "deleted": 0,
        "requests": report.progress.requests,
        "throttled": report.progress.throttled,
        "seconds": round(report.seconds, 3),
        "results": str(report.results) if report.results else None,
        "warnings": [finding.as_json() for finding in report.findings],
    }


def _stopped(stopped: StopReason) -> str:
    return f"Stopped: {stopped.text}."
