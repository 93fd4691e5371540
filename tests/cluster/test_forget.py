"""`campaign forget` for a run that workers have delivered."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from campaign.journal import Outcome, State
from campaign.journal.cluster import Order, open_cluster
from campaign.journal.events import begun, ended
from campaign.journal.postgres import PostgresJournal
from campaign.journal.postgres.acts import Known, batches_of, lines_of
from campaign.journal.postgres.record import record
from campaign.sandbox import Fault, FaultPlan, SandboxSettings
from tests.integration.conftest import Campaign, RunningSandbox
from tests.unit.journal.planning import FACTS, NOON, message, plan

from .conftest import FileMaker, StartWorker, wait_for

_TABLES = """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND (table_schema = 'campaign' OR table_name LIKE 'procrastinate%')
"""


def texts(database: str) -> str:
    """All that is in the tables."""
    found: list[str] = []
    with psycopg.connect(database) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            query = sql.SQL("SELECT whole::text FROM {} AS whole").format(sql.Identifier(schema, table))
            found += [f"{table}: {line}" for (line,) in connection.execute(query)]
    return "\n".join(found)


@pytest.mark.slow
@pytest.mark.usefixtures("api_key")
@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_nothing_of_the_people_is_left_in_any_table(
    command: Campaign,
    campaign_file: FileMaker,
    server: RunningSandbox,
    start_worker: StartWorker,
    *,
    database: str,
    channel: str,
) -> None:
    faults = FaultPlan(script=(Fault.RESET_AFTER, None, Fault.SERVER_ERROR_AFTER, None, Fault.HTML_AFTER))
    server.sandbox._settings = SandboxSettings(faults=faults)
    start_worker("one"), start_worker("two")
    file, journal = campaign_file(40, channel), ("--journal", database)
    command("run", file, "--yes", *journal)
    personal = ("message 7", "room7", "token7", "conversation7", b"message 7".hex())
    assert sum(part in texts(database) for part in personal) >= 3
    assert command("forget", file, "--yes", *journal).code == 0
    left = texts(database)
    assert [part for part in personal if part in left] == []
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM campaign.procrastinate_jobs").fetchone() == (0,)
    assert command("status", file, "--json", *journal).json["runs"][0]["rows"] == 40


def test_a_run_that_workers_deliver_is_not_forgotten(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    file, journal = campaign_file(20), ("--journal", database)
    with PostgresJournal.open(database, "offer") as opened:
        assert command("run", file, "--yes", "--limit", "1", *journal).code == 3
        server.sandbox._settings = SandboxSettings(latency=0.5)
        orders = opened.orders()
        assert orders is not None
        run = opened.last_run()
        assert run is not None
        orders.place(run.number, Order(run.manifest))
        refused = command("forget", file, "--yes", *journal)
        assert refused.code == 2
        assert "is being delivered by workers (one)" in refused.stderr
        server.answer_at_once()
        wait_for(lambda: not orders.state(run.number).open)
    assert command("forget", file, "--yes", *journal).code == 0
    assert "message 7" not in texts(database)


def test_an_answer_that_comes_after_a_run_was_forgotten_is_not_kept(database: str) -> None:
    with PostgresJournal.open(database, "offer") as journal, open_cluster(database) as store:
        plan(journal, [message(2)])
        orders = journal.orders()
        assert orders is not None
        orders.place(1, Order(FACTS))
        (run,) = store.open_runs()
        first, second = ((store.register(name, None), name) for name in ("first", "second"))
        (shard,) = journal._database.row("SELECT shard FROM campaign.message") or (0,)
        part = store.take_over(run, shard % run.jobs, first, lambda _: True)
        assert part is not None
        known = {1: Known(shard, 0, "pending")}

        def write(*events: object) -> None:
            batches, after = batches_of(lines_of(events), known, part.epochs)  # type: ignore[arg-type] # of one kind
            with journal._database.transaction() as connection:
                record(connection, run.key, batches)
            known.update(after)

        write(begun(7, 1, 1, NOON))
        store.leave(first[0])
        assert store.take_over(run, shard % run.jobs, second, lambda _: True) is not None
        assert [row.state for row in journal.results(1)] == [State.IN_DOUBT]
        journal.forget(1)
        write(ended(7, 1, 1, "sent", Outcome(State.SENT, message_id="of-a-person", at=NOON + 1, reason="to a person")))
        assert [row.state for row in journal.results(1)] == [State.IN_DOUBT]
        assert "person" not in texts(database)
