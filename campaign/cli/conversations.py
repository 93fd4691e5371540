"""`campaign conversations`."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from campaign.channels import CHANNELS
from campaign.cli.asking_observer import AskingTerminalObserver
from campaign.cli.console import say
from campaign.cli.json_output import print_json
from campaign.cli.options import credentials, output_options, proxies
from campaign.cli.parameters import OneOf, WholeNumber, as_argument
from campaign.cli.rooms import OUT, asked_exit_code
from campaign.config_values import parse_concurrency, parse_rate
from campaign.runs.conversations import ConversationOptions, conversations_as_json, find_conversations
from campaign.settings import DeliverySettings
from campaign.text import duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.runs.conversations import ConversationReport


def moment(value: str) -> float:
    """Read a date, or a moment of this machine's time zone, in seconds since the epoch.

    Raises:
        click.BadParameter: it is neither.
    """
    try:
        return datetime.fromisoformat(value.strip()).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise click.BadParameter(f"“{value}” is no date; write it as 2026-10-01 or 2026-10-01T09:00") from error


@click.command(short_help="Write the conversations of a period as a list.")
@click.option("--channel", type=OneOf(list(CHANNELS)), required=True, help="Whose API to speak.")
@click.option("--since", type=moment, required=True, metavar="DATE", help="The beginning of the period: 2026-10-01.")
@click.option("--until", type=moment, metavar="DATE", help="Its end; default: now.")
@OUT
@click.option("--server", metavar="URL", help="The server's base address; default: the channel's own.")
@click.option("--rate", metavar="RATE", help="10/s, 600/min, or auto: as fast as the server allows.")
@click.option("--concurrency", type=WholeNumber(1, 1000), metavar="N", help="Requests in flight at once.")
@output_options
def conversations(channel: str, out: Path, **given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Write the conversations with a message since DATE as a list, the latest first, so that no id is copied by hand.

    For Kitechat: page_id, conversation_id, lead_id, channel, the last message and its time; and, where the key may read
    contacts, name, phone, email and tags. OUT.xlsx is a list that `campaign run` takes. If the command is interrupted,
    the same command goes on.

    \b
    campaign conversations --channel kitechat --since 2026-10-01 -o conversations.xlsx
    """
    since, until = given["since"], given["until"]
    if until is not None and until <= since:
        raise click.BadParameter("is not after --since", param_hint="--until")
    settings = DeliverySettings(
        rate=None if given["rate"] is None else parse_rate(given["rate"]),
        concurrency=parse_concurrency(given["concurrency"] or DeliverySettings().concurrency),
    )
    options = ConversationOptions(channel, since, until, out, given["server"], settings, proxies())
    observer = AskingTerminalObserver(quiet=given["quiet"])
    report = find_conversations(options, credentials, observer)
    sys.exit(show_conversations(report, json_wanted=given["as_json"], quiet=given["quiet"]))


def show_conversations(report: ConversationReport, *, json_wanted: bool, quiet: bool) -> int:
    """Print how it ended: text on stderr, JSON on stdout. Returns the exit code."""
    if not quiet:
        for line in conversations_as_text(report):
            say(line)
    elif report.stopped is not None and not report.stopped.interrupted:
        say(f"Stopped: {report.stopped.text}.", color="red")
    if report.trouble is not None:
        say(str(report.trouble), color="red")
    if json_wanted:
        print_json(conversations_as_json(report))
    return asked_exit_code(report.stopped, failed=report.trouble is not None, some_not=report.unread > 0)


def conversations_as_text(report: ConversationReport) -> Iterator[str]:
    """The lines for a terminal."""
    found = "1 conversation" if report.conversations == 1 else f"{report.conversations:,} conversations"
    ended = f"Stopped: {report.stopped.text}." if report.stopped else "Finished:"
    yield f"{ended} {found}, {report.contacts:,} with a contact."
    for note in report.notes:
        yield f"  Note: {note}"
    requests = "1 request" if report.requests == 1 else f"{report.requests:,} requests"
    yield f"{requests} in {duration(report.seconds)}."
    if report.results:
        yield f"List: {report.results}"
    if report.stopped:
        yield "The same command goes on."
    elif report.results and report.conversations:
        yield f"Next: campaign check {as_argument(report.results)} --template kitechat-text --set text=TEXT"
