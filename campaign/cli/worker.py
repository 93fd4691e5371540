"""`campaign worker`."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import threading
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say, warn
from campaign.cli.credentials import find_credentials
from campaign.cli.databases import egress_name, named_database
from campaign.cli.json_output import print_json
from campaign.cli.options import EGRESS, JOURNAL, output_options, proxies
from campaign.cli.parameters import WholeNumber
from campaign.cli.signals import interruptible
from campaign.errors import JournalServerError, Problem, RunStateError
from campaign.journal.cluster import open_cluster

if TYPE_CHECKING:
    from campaign.channels import Channel
    from campaign.cluster.worker import WorkerOptions


@click.command(short_help="Deliver runs from a database, on one of many machines.")
@JOURNAL
@EGRESS
@click.option("--name", metavar="NAME", help="By which to call this worker; default: the machine's name.")
@click.option("--for", "only", metavar="CAMPAIGN", help="Work for one campaign only, by its name.")
@click.option(
    "--concurrency", type=WholeNumber(1, 1000), default=64, metavar="N", help="Requests in flight at once, of all runs."
)
@click.option("--until-idle", is_flag=True, help="Leave once no run is left to workers.")
@click.option("--drain", metavar="NAME", help="Let the workers of this name end what they have, and leave.")
@output_options
def worker(**given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Deliver the runs that `campaign run` has left to workers in a PostgreSQL database.

    Start one on each machine. It takes keys from its own environment, as `campaign run` does. The first Ctrl-C or
    SIGTERM ends it: requests under way end, and other workers go on at once with what it had.

    \b
    campaign worker --journal postgresql://campaign@db.example.com/campaign
    campaign worker --drain machine-2
    """
    address = named_database(given["journal"])
    if given["drain"] is not None:
        _drain(address, given["drain"], quiet=given["quiet"], as_json=given["as_json"])
        return
    from campaign.cluster.worker import WorkerOptions  # noqa: PLC0415 - loaded when it is used

    options = WorkerOptions(
        name=given["name"] or platform.node(),
        find=_credentials,
        only=given["only"],
        concurrency=given["concurrency"],
        proxies=proxies(),
        until_idle=given["until_idle"],
        egress=egress_name(given["egress"], address),
    )
    asked_to_end = threading.Event()
    while not asked_to_end.is_set():
        try:
            _work(address, options, asked_to_end, quiet=given["quiet"])
        except JournalServerError:  # it was said
            continue
        break
    if not given["quiet"]:
        say(f"Worker {options.name} has left.")
    sys.exit(0)


def _work(address: str, options: WorkerOptions, asked_to_end: threading.Event, *, quiet: bool) -> None:
    """Live as a worker until a signal, or until nothing is left to do.

    Raises:
        JournalServerError: the database is on another server by now.
    """
    from campaign.cluster.worker import Worker  # noqa: PLC0415 - loaded when it is used

    with open_cluster(address) as store:
        work = Worker(store, options, warn)

        def stop(_reason: str) -> None:
            asked_to_end.set()
            work.stop()

        if not quiet:
            say(f"Worker {options.name} is at work for {store.where}. Ctrl-C ends it.")
        with interruptible(stop, work.abort):
            asyncio.run(work.run())


def _credentials(channel: Channel) -> dict[str, str]:
    """Find the credentials of a channel, without a prompt: a worker has no operator beside it."""
    return find_credentials(channel, os.environ, None, warn)


def _drain(address: str, name: str, *, quiet: bool, as_json: bool) -> None:
    with open_cluster(address, create=False) as store:
        count = store.drain(name)
        if not count:
            names = ", ".join(sorted({each.name for each in store.workers()})) or "none"
            raise RunStateError(Problem(store.where, f"no worker is called {name}", f"at work: {names}"))
    if not quiet:
        say(f"{name} ends what it has under way, and leaves.")
    if as_json:
        print_json({"name": name, "workers": count})
