"""What a worker does where something goes wrong: its lease, the database, a signal, a key that it lacks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from campaign.campaign_file import load_campaign
from campaign.channels import Channel
from campaign.cluster.worker import Worker, WorkerOptions
from campaign.errors import JournalError, KeyMissingError, Problem
from campaign.journal import State
from campaign.journal.cluster import open_cluster
from campaign.journal.postgres.database import Database
from campaign.journal.postgres.migrations import VERSION
from campaign.planning import prepare
from campaign.runs import Report, Run, RunObserver, RunOptions
from campaign.runs.whole_run import run_plan
from campaign.sandbox import SandboxSettings
from tests import postgres as postgres_server
from tests.integration.conftest import Campaign, RunningSandbox

from .conftest import FileMaker, StartWorker, begin_worker, names, wait_for


class Interrupting(RunObserver):
    """Interrupts the watch once it shows something."""

    def __init__(self, *, stops: bool) -> None:
        self.run: Run | None = None
        self._stops = stops

    def stops_workers(self) -> bool:
        return self._stops

    @contextlib.contextmanager
    def delivering(self, run: Run, rows: int) -> Iterator[None]:
        self.run = run
        yield
        assert rows


def watched(database: str, file: Path, observer: RunObserver | None = None) -> tuple[threading.Thread, list[Report]]:
    """Run a campaign in a thread of its own."""
    reports: list[Report] = []

    def work() -> None:
        options = RunOptions(journal=database, watch_only=True, by="an@desk")
        report = run_plan(prepare(load_campaign(file)), lambda _channel: {}, options, observer or RunObserver())
        assert report is not None
        reports.append(report)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, reports


def slowly(file: Path, pace: int = 100) -> Path:
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", f"{pace}/s"), encoding="utf-8")
    return file


def rows_taken(server: RunningSandbox) -> Counter[str]:
    return Counter(str(body.get("msg") or body["message"]["text"]) for body in server.bodies())


@pytest.mark.slow
@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_a_worker_whose_lease_was_lost_begins_a_new_life(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str, channel: str
) -> None:
    start_worker("one")
    thread, reports = watched(database, slowly(campaign_file(200, channel), 150))
    wait_for(lambda: server.ledger.taken_count > 20)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.worker SET lost = true")
    thread.join(30)
    (report,) = reports
    assert report.state == "finished"
    taken = rows_taken(server)
    assert max(taken.values()) == 1
    assert len(taken) + report.tally.count(State.IN_DOUBT) >= 200
    if channel == "livechat":
        assert len(taken) == 200
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM campaign.worker WHERE name = 'one'").fetchone() == (2,)


@pytest.mark.slow
def test_a_worker_and_the_watch_outlast_a_crash_of_the_database(
    campaign_file: FileMaker, server: RunningSandbox
) -> None:
    with postgres_server.own_server() as (address, restart):
        with open_cluster(address) as store:
            store.set_lease(6.0)
        one = begin_worker(address)
        thread, reports = watched(address, slowly(campaign_file(300), 150))
        wait_for(lambda: server.ledger.taken_count > 20)
        restart()
        thread.join(40)
        one.stop()
    assert reports[0].tally.count(State.SENT) == 300
    assert max(rows_taken(server).values()) == 1


def test_an_abort_cancels_requests_and_another_worker_settles_their_rows(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    file = campaign_file(40, "kitechat")
    server.sandbox._settings = SandboxSettings(latency=0.5)
    first = start_worker("first")
    thread, reports = watched(database, file)
    wait_for(lambda: server.ledger.entries)
    began = time.monotonic()
    first.worker.stop()
    first.worker.abort()
    first.thread.join(10)
    assert time.monotonic() - began < 2
    server.answer_at_once()
    start_worker("second")
    thread.join(30)
    tally = reports[0].tally
    assert 0 < tally.count(State.IN_DOUBT) <= 16
    assert tally.count(State.SENT) == 40 - tally.count(State.IN_DOUBT)
    assert max(rows_taken(server).values()) == 1


def test_workers_that_start_at_once_make_the_tables_together(postgres: str) -> None:
    name = f"own_{uuid.uuid4().hex}"
    address = urlsplit(postgres)._replace(path=f"/{name}").geturl()
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(names_after_making, [address] * 4)) == [[]] * 4
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def names_after_making(address: str) -> list[str]:
    with open_cluster(address):
        return names(address)


@pytest.mark.slow
def test_workers_keep_the_rate_of_a_run_together(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    for name in ("one", "two", "three"):
        start_worker(name)
    thread, reports = watched(database, slowly(campaign_file(200)))
    thread.join(30)
    assert reports[0].tally.count(State.SENT) == 200
    times = sorted(entry.time for entry in server.ledger.taken())
    assert times[-1] - times[0] >= 0.9 * (len(times) - 1) / 100


def test_an_interrupt_ends_the_watch_and_the_run_goes_on(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker()
    observer = Interrupting(stops=False)
    thread, reports = watched(database, slowly(campaign_file(150)), observer)
    wait_for(lambda: server.ledger.taken_count > 10)
    assert observer.run is not None
    observer.run.stop("interrupted")
    thread.join(10)
    (report,) = reports
    assert (report.state, report.interrupted) == ("stopped", False)
    assert report.reason == "it is still being delivered by workers"
    wait_for(lambda: server.ledger.taken_count == 150)


def test_an_interrupt_stops_all_workers_where_the_operator_says_so(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker()
    observer = Interrupting(stops=True)
    thread, reports = watched(database, slowly(campaign_file(500)), observer)
    wait_for(lambda: server.ledger.taken_count > 10)
    assert observer.run is not None
    observer.run.stop("interrupted")
    thread.join(10)
    (report,) = reports
    assert (report.interrupted, report.reason) == (True, "interrupted by an@desk")
    assert report.tally.count(State.SENT) == server.ledger.taken_count < 500


def test_a_watch_that_is_cancelled_leaves_the_run_to_the_workers(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker()
    observer = Interrupting(stops=False)
    thread, reports = watched(database, slowly(campaign_file(100)), observer)
    wait_for(lambda: server.ledger.taken_count > 5)
    assert observer.run is not None
    observer.run.cancel()
    thread.join(10)
    assert reports[0].reason == "it is still being delivered by workers"


def test_a_worker_without_the_key_leaves_the_run_to_others(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    def without(_channel: Channel) -> dict[str, str]:
        raise KeyMissingError(Problem("KITECHAT_API_KEY", "is not set"))

    keyless = start_worker("keyless", find=without)
    thread, reports = watched(database, campaign_file(20, "kitechat"))
    wait_for(lambda: keyless.said)
    assert "offer, run 1: is left to other workers (KITECHAT_API_KEY: is not set)" in keyless.said
    start_worker("able")
    thread.join(30)
    assert reports[0].tally.count(State.SENT) == 20
    assert len(keyless.said) == 1
    assert len(server.ledger.taken()) == 20


def test_a_run_that_cannot_be_begun_takes_no_connection_for_each_trial(
    campaign_file: FileMaker, start_worker: StartWorker, *, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = start_worker("one")
    connections, trials = one.worker._store._others, list[Database]()
    opened = Database.open

    def open_database(asked: Database) -> None:
        if asked in connections._all and len(trials) < 5:
            trials.append(asked)
            raise JournalError(Problem("database", "has too many clients", "wait"))
        opened(asked)

    monkeypatch.setattr(Database, "open", open_database)
    thread, reports = watched(database, campaign_file(20))
    thread.join(30)
    assert reports[0].tally.count(State.SENT) == 20
    assert len(set(trials)) == 1
    assert len(one.said) == 1
    wait_for(lambda: len(connections._idle) == len(connections._all))


def test_parts_that_a_worker_forgot_to_give_back_are_given_back(
    campaign_file: FileMaker, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    thread, reports = watched(database, campaign_file(20))
    wait_for(lambda: reports)
    thread.join()
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.shard SET holder = worker.worker FROM campaign.worker WHERE shard = 3")
    wait_for(lambda: _held(database) == 0)
    assert names(database) == ["one"]


def test_a_worker_ends_where_a_newer_campaign_has_brought_the_tables_up(database: str) -> None:
    ends: list[JournalError] = []

    def work() -> None:
        with open_cluster(database) as store:
            worker = Worker(store, WorkerOptions("one", lambda _channel: {}), lambda _problem: None)
            try:
                asyncio.run(worker.run())
            except JournalError as error:
                ends.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: names(database) == ["one"])
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.version SET oldest_worker = %s", (VERSION + 1,))
    thread.join(10)
    assert [(each.problems[0].code, each.problems[0].remedy) for each in ends] == [("journal-newer", "update campaign")]


def test_an_older_worker_is_refused(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.version SET schema = %s", (VERSION + 1,))
    with pytest.raises(JournalError, match=f"newer campaign .journal version {VERSION + 1}.; update campaign"):
        names(database)


def test_a_job_of_a_worker_that_died_after_the_run_had_ended_is_removed(
    campaign_file: FileMaker, start_worker: StartWorker, *, database: str
) -> None:
    """It has given the last part back, and was killed before it removed the job; no later run has to come for it."""
    start_worker("one")
    thread, reports = watched(database, campaign_file(20))
    wait_for(lambda: reports)
    thread.join()
    with psycopg.connect(database, options="-c search_path=campaign") as connection:
        connection.execute(
            "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
            "RETURNING id), ended AS (SELECT ordered FROM campaign.run) "
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id) "
            "SELECT 'shards-v1/' || ordered, 'deliver_shards_v1', ordered || ':3', ordered || ':3', "
            """'{"run": 1, "job": 3}', 'doing', dead.id FROM dead, ended"""
        )
    wait_for(lambda: _jobs(database) == 0)


def _jobs(database: str) -> int:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM campaign.procrastinate_jobs").fetchone()
    assert found is not None
    return int(found[0])


def _held(database: str) -> int:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM campaign.shard WHERE holder IS NOT NULL").fetchone()
    assert found is not None
    return int(found[0])


def test_a_database_that_has_lost_a_run_is_named(campaign_file: FileMaker, run: Campaign, database: str) -> None:
    """`python -m tests.cluster.chaos --control forgetful` met it under the name of a file that there never was."""
    file = campaign_file(2)
    file.with_name("offer.results.xlsx").touch()
    refused = run("run", file, "--yes")
    assert refused.code == 2
    assert "the journal has no run, although offer.results.xlsx beside it says that there was one" in refused.stderr
    assert urlsplit(database).path in refused.stderr
    assert ".journal.db" not in refused.stderr
