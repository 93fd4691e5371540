"""Parts of a run, through the package's API; each prints its seconds as JSON.

`python -m tests.benchmarks.parts plan CAMPAIGN JOURNAL BODIES` writes a plan to a journal, and its bodies to a file.
`python -m tests.benchmarks.parts deliver JOURNAL URL CONCURRENCY ROWS` delivers the next rows of the plan in a journal.
`python -m tests.benchmarks.parts results CAMPAIGN WORKBOOK` writes the results workbook of a campaign's run.
`python -m tests.benchmarks.parts copy WORKBOOK COPY` writes the cells of a workbook's sheets with openpyxl alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from openpyxl import Workbook, load_workbook

from campaign.campaign_file import load_campaign
from campaign.journal import RunManifest, State
from campaign.journal.sqlite import SqliteJournal
from campaign.plan_record import write_plan
from campaign.planning import prepare
from campaign.review.results_workbook import write_results
from campaign.runs import Run
from campaign.settings import DeliverySettings
from tests.benchmarks.bare import timed
from tests.benchmarks.bench import FASTEST


def plan(campaign: Path, path: Path, bodies: Path) -> dict[str, float]:
    """Plan a campaign into a new journal."""
    parts: dict[str, float] = {}
    with timed("plan", parts), SqliteJournal.open_or_create(path) as journal, bodies.open("wb") as file:
        prepared = prepare(load_campaign(campaign))
        headers = tuple(column.header for column in prepared.recipients.columns)
        run = journal.begin_run(
            RunManifest(prepared.channel.name, prepared.server, "template", "recipients", None, headers)
        )
        for message, _ in write_plan(prepared, journal, run):
            assert message.body is not None, message.reason
            file.write(message.body + b"\n")
        journal.seal(run.number)
    return parts


def deliver_plan(path: Path, url: str, concurrency: int, rows: int) -> dict[str, float]:
    """Deliver the next rows of the first run of a journal."""
    parts: dict[str, float] = {}
    settings = DeliverySettings(rate=float(FASTEST), concurrency=concurrency, limit=rows)
    with SqliteJournal.open(path) as journal:
        record = journal.run(1)
        assert record is not None
        before = journal.tally(1)
        run = Run(journal, record, {"api_key": "none is checked"}, server=url)
        with timed("deliver", parts):
            delivery = run.begin_delivery(settings)
            asyncio.run(delivery.perform())
        after = journal.tally(1)
    assert delivery.reason is None, delivery.reason
    assert after.count(State.SENT) == min(before.count(State.SENT) + rows, after.rows), after.states
    return parts


def results(campaign: Path, workbook: Path) -> dict[str, float]:
    """Write the workbook of the first run of a campaign's journal."""
    parts: dict[str, float] = {}
    workbook.unlink(missing_ok=True)
    with SqliteJournal.open(campaign.with_suffix(".journal.db")) as journal:
        record = journal.run(1)
        assert record is not None
        with timed("results", parts):
            write_results(journal, record, workbook)
    return parts


def copy(workbook: Path, path: Path) -> dict[str, float]:
    """Write the same cells with openpyxl's write-only mode; the time to read them is not counted."""
    parts: dict[str, float] = {}
    sheets = [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(workbook, read_only=True).worksheets]
    with timed("copy", parts):
        written = Workbook(write_only=True)
        for rows in sheets:
            sheet = written.create_sheet()
            for row in rows:
                sheet.append(row)
        written.save(path)
    return parts


def main(part: str, arguments: Sequence[str]) -> None:
    """Run one part and print its seconds."""
    if part == "deliver":
        parts = deliver_plan(Path(arguments[0]), arguments[1], int(arguments[2]), int(arguments[3]))
    elif part == "plan":
        parts = plan(Path(arguments[0]), Path(arguments[1]), Path(arguments[2]))
    else:
        parts = (results if part == "results" else copy)(Path(arguments[0]), Path(arguments[1]))
    print(json.dumps(parts))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
