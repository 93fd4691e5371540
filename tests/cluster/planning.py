"""Plans a campaign into a journal: `python -m tests.cluster.planning CAMPAIGN JOURNAL` prints its seconds as JSON.

The journal is a path or the address of a database. `plan` is the whole of it, `store` what the journal takes of it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from campaign.campaign_file import load_campaign
from campaign.journal import JournalStore, RunManifest
from campaign.journal.postgres import PostgresJournal
from campaign.journal.sqlite import SqliteJournal
from campaign.plan_record import write_plan
from campaign.planning import prepare


def plan(campaign: Path, journal: JournalStore) -> dict[str, float]:
    """Plan a campaign as its next run."""
    began, store, add = time.perf_counter(), 0.0, journal.add

    def timed(*arguments: object) -> None:
        nonlocal store
        before = time.perf_counter()
        add(*arguments)  # type: ignore[arg-type] # they are passed on
        store += time.perf_counter() - before

    journal.add = timed  # type: ignore[method-assign, assignment] # to know what it takes
    prepared = prepare(load_campaign(campaign))
    headers = tuple(column.header for column in prepared.recipients.columns)
    run = journal.begin_run(RunManifest(prepared.channel.name, prepared.server, "template", "list", None, headers))
    for _ in write_plan(prepared, journal, run):
        pass
    before = time.perf_counter()
    journal.seal(run.number)
    ended = time.perf_counter()
    return {"plan": ended - began, "store": store + ended - before}


def main(campaign: Path, where: str) -> None:
    if "://" in where:
        with PostgresJournal.open(where, f"planning {time.time()}") as database:
            print(json.dumps(plan(campaign, database)))
    else:
        with SqliteJournal.open_or_create(Path(where)) as file:
            print(json.dumps(plan(campaign, file)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
