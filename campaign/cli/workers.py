"""`campaign workers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from campaign.cli.console import say
from campaign.cli.databases import named_database
from campaign.cli.json_output import print_json
from campaign.cli.options import JOURNAL, output_options
from campaign.journal.cluster import open_cluster
from campaign.review.status_text import UNWATCHED, stuck_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.cluster import WorkerRecord

HEADERS = ("Name", "Host", "Process", "Version", "For", "Rows/s", "Shards", "Last sign")


@click.command(short_help="Show the workers of a database.")
@JOURNAL
@output_options
def workers(**given: Any) -> None:  # noqa: ANN401 - options are passed on by name
    """Show which workers are at work in a PostgreSQL database.

    \b
    campaign workers --journal postgresql://campaign@db.example.com/campaigns
    """
    with open_cluster(named_database(given["journal"]), create=False) as store:
        found, unwatched, stuck = store.workers(), store.unwatched(), store.stuck_runs()
    if given["as_json"]:
        print_json({"workers": [as_json(each) for each in found]})
        return
    if not found:
        say("No worker is at work. Start one: campaign worker --journal URL", out=True)
    else:
        _show(found)
    for each in stuck:
        say(f"Run {each.run} of {each.campaign}: {stuck_text(each.unable)}.", out=True)
    for run in unwatched:
        say(f"Run {run.number} of {run.campaign} is {UNWATCHED[run.waits_for]} (campaign resume).", out=True)


def _show(found: Sequence[WorkerRecord]) -> None:
    lines = [HEADERS, *map(_cells, found)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADERS))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(), out=True)


def _cells(worker: WorkerRecord) -> tuple[str, ...]:
    sign = f"{worker.silent:.0f} s ago" + (", leaving" if worker.draining else "")
    rate = "" if worker.rate is None else f"{worker.rate:.1f}"
    return (
        worker.name, worker.host, str(worker.process), worker.version, worker.only or "any", rate, str(worker.shards),
        sign,
    )  # fmt: skip


def as_json(worker: WorkerRecord) -> dict[str, object]:
    """A worker for programs."""
    return {
        "name": worker.name,
        "host": worker.host,
        "process": worker.process,
        "version": worker.version,
        "campaign": worker.only,
        "started_at": worker.started_at,
        "last_sign_seconds": worker.silent,
        "rate": worker.rate,
        "shards": worker.shards,
        "leaving": worker.draining,
    }
