"""What a worker shows of itself: metrics, health and events, with a real database and a real server."""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from campaign.campaign_file import load_campaign
from campaign.cluster import events, metrics_server
from campaign.journal.cluster import open_cluster
from campaign.planning import prepare
from campaign.runs import RunObserver, RunOptions
from campaign.runs.whole_run import run_plan
from campaign.sandbox import Fault, FaultPlan, SandboxSettings
from tests.integration.conftest import Campaign, RunningSandbox

from .conftest import FileMaker, RunningWorker, StartWorker, wait_for

KEY = "key-of-the-tests"


@pytest.fixture(autouse=True)
def _made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "SAME_FOR", 0.0)


def get(worker: RunningWorker, path: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(worker.url + path, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def metrics(worker: RunningWorker) -> dict[tuple[str, ...], float]:
    """The metrics by name and values of labels."""
    status, text = get(worker, "/metrics")
    assert status == 200
    assert KEY not in text
    assert "room" not in text
    families = text_string_to_metric_families(text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def in_background(database: str, file: object) -> threading.Thread:
    def work() -> None:
        options = RunOptions(journal=database, watch_only=True)
        run_plan(prepare(load_campaign(file)), lambda _channel: {}, options, RunObserver())  # type: ignore[arg-type]

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@contextmanager
def out_of_reach(database: str) -> Iterator[None]:
    """No connection to a database, neither those that are open nor new ones."""
    parts = urlsplit(database)
    name = parts.path[1:]
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def is_open(database: str) -> bool:
    """Whether a run is left to workers."""
    with open_cluster(database) as store:
        return bool(store.open_runs())


def names_of(worker: RunningWorker) -> list[str]:
    return [each.name for each in worker.events]


def test_metrics_count_what_a_worker_does(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, database: str
) -> None:
    server.sandbox._settings = SandboxSettings(latency=0.15)
    one = start_worker("one", metrics=True, concurrency=4)
    thread = in_background(database, campaign_file(12, "kitechat"))
    wait_for(lambda: len(server.ledger.entries) > 4)
    during = metrics(one)
    assert 0 < during["campaign_worker_requests_in_flight",] <= 4
    assert 0 < during["campaign_worker_shards",] <= 256
    assert during["campaign_rows", "offer", "1", "pending"] > 0
    assert during["campaign_run_open_seconds", "offer", "1"] > 0
    server.answer_at_once()
    thread.join(30)
    wait_for(lambda: "run_ended" in names_of(one))
    after = metrics(one)
    assert ("campaign_rows", "offer", "1", "sent") not in after
    assert after["campaign_worker_rows_total", "sent"] == 12
    assert after["campaign_worker_attempts_total", "sent"] == 12
    assert after["campaign_worker_responses_total", "2xx"] == 12
    assert after["campaign_worker_limit_wait_seconds_count",] == 12
    assert after["campaign_worker_requests_in_flight",] == after["campaign_worker_shards",] == 0
    assert after["campaign_worker_parts_taken_total",] >= 1
    assert after["campaign_worker_takeovers_total",] == 0
    assert after["campaign_worker_lease_fresh",] == after["campaign_worker_database_up",] == 1
    assert get(one, "/health")[0] == 200


def test_events_tell_the_life_of_a_worker(campaign_file: FileMaker, start_worker: StartWorker, database: str) -> None:
    one = start_worker("one")
    in_background(database, campaign_file(20)).join(30)
    one.stop()
    seen = names_of(one)
    assert (seen[0], seen[-2:]) == ("started", ["leaving", "left"])
    assert seen.count("took") == seen.count("gave_back") > 0
    assert seen.count("run_ended") == 1
    assert events.RunEnded("offer", 1, finished=True) in one.events
    assert events.Leaving("signal") in one.events
    took = next(each for each in one.events if isinstance(each, events.Took))
    assert len(took.shards) == len(took.epochs) > 1
    assert took.sentence == f"offer, run 1: took {len(took.shards)} shards"


def test_a_takeover_says_whose_shards_they_were(
    campaign_file: FileMaker, start_worker: StartWorker, database: str
) -> None:
    thread = in_background(database, campaign_file(40, "kitechat"))

    wait_for(lambda: is_open(database))
    with open_cluster(database) as store:
        dead = store.register("dead", None)
        (open_run,) = store.open_runs()
        assert store.take_over(open_run, 0, (dead, "dead"), lambda _record: True)
    with psycopg.connect(database) as connection:
        begun = connection.execute(
            "UPDATE campaign.status SET state = 'sending', attempts = 1, epoch = shard.epoch, at = 1 "
            "FROM campaign.shard WHERE shard.run = status.run AND shard.shard = status.shard AND holder IS NOT NULL"
        ).rowcount
        connection.execute("UPDATE campaign.worker SET beat_at = beat_at - interval '1 minute' WHERE name = 'dead'")
    living = start_worker("living", metrics=True)
    thread.join(30)
    assert events.TookOver("offer", 1, ("dead",)) in living.events
    assert events.SettledInDoubt("offer", 1, begun) in living.events
    found = metrics(living)
    assert found["campaign_worker_takeovers_total",] == 1
    assert found["campaign_worker_rows_settled_in_doubt_total",] == begun > 0


def test_health_fails_while_the_database_is_out_of_reach(start_worker: StartWorker, database: str) -> None:
    one = start_worker("one", metrics=True)
    wait_for(lambda: get(one, "/health")[0] == 200)
    with out_of_reach(database):
        wait_for(lambda: get(one, "/health")[0] == 503)
        reason = json.loads(get(one, "/health")[1])["reason"]
        assert "the database is out of reach" in reason
        assert metrics(one)["campaign_worker_database_up",] == 0
    wait_for(lambda: get(one, "/health")[0] == 200 and "database_back" in names_of(one))
    assert names_of(one).count("database_lost") == names_of(one).count("database_back") == 1
    found = metrics(one)
    assert found["campaign_worker_database_up",] == 1
    assert found["campaign_worker_database_reconnects_total",] >= 1


def test_a_worker_whose_lease_was_lost_says_so(start_worker: StartWorker, database: str) -> None:
    one = start_worker("one", metrics=True)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.worker SET lost = true")
    wait_for(lambda: "lease_lost" in names_of(one))
    wait_for(lambda: get(one, "/health")[0] == 200)
    assert metrics(one)["campaign_worker_leases_lost_total",] == 1


def test_health_fails_while_a_worker_is_drained(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    server.sandbox._settings = SandboxSettings(latency=0.25)
    one = start_worker("one", metrics=True)
    thread = in_background(database, campaign_file(20))
    wait_for(lambda: server.ledger.entries)
    assert run("worker", "--drain", "one", "-q").code == 0
    wait_for(lambda: events.Leaving("drain") in one.events)
    status, text = get(one, "/health")
    assert (status, json.loads(text)["reason"]) == (503, "it is leaving: requests under way end, and no row begins")
    one.thread.join(10)
    server.answer_at_once()
    start_worker("two")
    thread.join(30)


def test_a_pause_that_the_server_asks_for_is_an_event(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, database: str
) -> None:
    server.sandbox.set_faults(FaultPlan(script=(Fault.THROTTLED_SECONDS_BEFORE,)))
    one = start_worker("one", metrics=True)
    in_background(database, campaign_file(8, "kitechat")).join(30)
    after = metrics(one)
    assert after["campaign_worker_attempts_total", "not_taken"] == 1
    assert after["campaign_worker_attempts_total", "sent"] == 8
    assert after["campaign_worker_responses_total", "5xx"] == 1  # Kitechat's way to say that it is too much
    pauses = [each for each in one.events if isinstance(each, events.Paused)]
    assert pauses[0].all_workers
    assert "paused for" in pauses[0].sentence


def test_the_command_prints_its_events_as_lines_of_json(
    run: Campaign, campaign_file: FileMaker, database: str, api_key: str
) -> None:
    thread = in_background(database, campaign_file(10, "kitechat"))
    wait_for(lambda: is_open(database))
    said = run("worker", "--until-idle", "--name", "brief", "--metrics", "0", "--json")
    thread.join(10)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert lines[0]["event"] == "started"
    assert {line["event"] for line in lines} >= {"took", "gave_back", "run_ended"}
    assert {line["worker"] for line in lines} == {"brief"}
    assert (lines[-2]["event"], lines[-2]["reason"]) == ("leaving", "idle")
    assert time.strptime(lines[0]["time"][:19], "%Y-%m-%dT%H:%M:%S")
    assert lines[0]["time"].endswith("Z")
    assert "Its metrics are at http://127.0.0.1:" in said.stderr
    assert api_key not in said.stdout


def test_events_are_sentences_where_more_is_asked_for(run: Campaign) -> None:
    said = run("worker", "--until-idle", "--name", "brief", "-v")
    assert said.stdout == ""
    assert "brief: started: version " in said.stderr
    assert "brief: leaving (idle)" in said.stderr
    assert "brief: left" in said.stderr


def test_a_port_that_is_taken_ends_the_command_before_it_looks_for_the_database(command: Campaign) -> None:
    nowhere = "postgresql://campaign@127.0.0.1:1/none"
    with metrics_server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        said = command("worker", "--journal", nowhere, "--metrics", str(port))
    assert said.code == 2
    assert f"--metrics 127.0.0.1:{port}: cannot listen there (" in said.stderr
    assert "attempting to bind" not in said.stderr


def test_without_its_library_the_option_says_what_to_install(
    command: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    for name in ("metrics", "metrics_server"):
        monkeypatch.delitem(sys.modules, f"campaign.cluster.{name}", raising=False)
    said = command("worker", "--journal", "postgresql://campaign@127.0.0.1:1/none", "--metrics", "0")
    assert said.code == 2
    assert "--metrics: needs prometheus_client, which is not installed; pip install" in said.stderr


def test_a_worker_says_once_that_others_send_from_its_address(
    campaign_file: FileMaker, start_worker: StartWorker, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.delivery.other_senders.OtherSenders.learn", lambda *_: True)
    one = start_worker("one")
    in_background(database, campaign_file(20)).join(30)
    (said,) = one.said
    assert ": the server counts more requests for this address than were sent from here, egress “" in said
    assert "machines behind one NAT need the same --egress" in said


@pytest.mark.parametrize("address", ["", "nine", "70000", "localhost", "::1:9464", "a b:1"])
def test_an_address_that_is_none_is_refused(command: Campaign, address: str) -> None:
    said = command("worker", "--journal", "postgresql://campaign@127.0.0.1:1/none", "--metrics", address)
    assert said.code == 2
    assert "is neither a port nor HOST:PORT; write 9464 or 0.0.0.0:9464" in said.stderr
