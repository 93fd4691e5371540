"""`campaign worker`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import sys
import threading
from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say
from campaign.cli.console import warn as warn_at_once
from campaign.cli.credentials import find_credentials
from campaign.cli.databases import egress_name, named_database
from campaign.cli.json_output import print_json
from campaign.cli.options import EGRESS, JOURNAL, QUIET, proxies
from campaign.cli.parameters import ListenAddress, WholeNumber
from campaign.cli.signals import interruptible
from campaign.cli.worker_output import WorkerOutput
from campaign.errors import JournalServerError, Problem, RunStateError, UsageError
from campaign.journal.cluster import open_cluster
from campaign.paths import INSTALL_CLUSTER

if TYPE_CHECKING:
    import socket

    from campaign.channels import Channel
    from campaign.cluster.worker import Worker, WorkerOptions
    from campaign.journal.postgres.cluster import ClusterStore

LONGEST_NAME = 100


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
@click.option(
    "--metrics",
    type=ListenAddress(),
    metavar="[HOST:]PORT",
    help="Answer /metrics (for Prometheus) and /health there; HOST is 127.0.0.1 by default.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output: for each event, a line.")
@QUIET
@click.option("-v", "--verbose", is_flag=True, help="Show each event, and where an error came from.")
def worker(**given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Deliver the runs that `campaign run` has left to workers in a PostgreSQL database.

    Start one on each machine. It takes keys from its own environment, as `campaign run` does. The first Ctrl-C or
    SIGTERM ends it: requests under way end, and other workers go on at once with what it had.

    \b
    campaign worker --journal postgresql://campaign@db.example.com/campaigns
    campaign worker --metrics 9464 --json
    campaign worker --drain machine-2
    """
    address = named_database(given["journal"])
    if given["drain"] is not None:
        _drain(address, given["drain"], quiet=given["quiet"], as_json=given["as_json"])
        return
    from campaign.cluster.worker import WorkerOptions  # noqa: PLC0415 - loaded when it is used

    options = WorkerOptions(
        name=_name(given["name"]),
        find=_credentials,
        only=given["only"],
        concurrency=given["concurrency"],
        proxies=proxies(),
        until_idle=given["until_idle"],
        egress=egress_name(given["egress"], address),
    )
    listening = _listen(*given["metrics"]) if given["metrics"] else None
    with (
        listening or contextlib.nullcontext(),
        WorkerOutput(options.name, as_json=given["as_json"], verbose=given["verbose"]) as output,
    ):
        _live(address, options, output, listening, quiet=given["quiet"])
    if not given["quiet"]:
        say(f"Worker {options.name} has left.")
    sys.exit(0)


def _name(given: str | None) -> str:
    """The name that `--name` gives a worker; without one, that of the machine.

    Raises:
        UsageError: it is none.
    """
    name = platform.node() if given is None else given.strip()
    if given is not None and not (name and name.isprintable() and len(name) <= LONGEST_NAME):
        what = f"a worker has a name of 1 to {LONGEST_NAME} printable characters"
        raise UsageError(Problem("--name", what, "leave it out for the machine's name"))
    return name


def _live(
    address: str, options: WorkerOptions, output: WorkerOutput, listening: socket.socket | None, *, quiet: bool
) -> None:
    """Work until a signal, or until nothing is left to do; begin anew where the database is on another server."""
    from campaign.cluster.worker import Worker  # noqa: PLC0415 - loaded when it is used

    asked_to_end = threading.Event()
    while not asked_to_end.is_set():
        with open_cluster(address) as store:
            work = Worker(store, options, output.warn, output.observe)

            def stop(_reason: str, work: Worker = work) -> None:
                asked_to_end.set()
                work.stop()

            if not quiet:
                say(f"Worker {options.name} is at work for {store.where}. Ctrl-C ends it.")
            with interruptible(stop, work.abort), contextlib.suppress(JournalServerError):  # it was said
                asyncio.run(_work(work, store, listening, quiet=quiet))
                return


def _listen(host: str, port: int) -> socket.socket:
    try:
        from campaign.cluster.metrics_server import listen  # noqa: PLC0415 - loaded when it is used
    except ImportError as error:
        what = f"needs {error.name}, which is not installed"
        raise UsageError(Problem("--metrics", what, INSTALL_CLUSTER)) from error
    return listen(host, port)


async def _work(work: Worker, store: ClusterStore, listening: socket.socket | None, *, quiet: bool) -> None:
    if listening is None:
        await work.run()
        return
    from campaign.cluster.metrics_server import MetricsServer, url_of  # noqa: PLC0415 - loaded when it is used

    async with MetricsServer(listening.dup(), work.figures, store.progress):
        if not quiet:
            say(f"Its metrics are at {url_of(listening)}/metrics.")
        await work.run()


def _credentials(channel: Channel) -> dict[str, str]:
    """Find the credentials of a channel, without a prompt: a worker has no operator beside it."""
    return find_credentials(channel, os.environ, None, warn_at_once)


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
