"""Workers of which one gets no response from the server: it leaves its parts to those that do."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from campaign.campaign_file import load_campaign
from campaign.channels import Channel
from campaign.cluster import contact
from campaign.delivery.proxies import NO_PROXIES, ProxySettings
from campaign.errors import KeyMissingError, Problem
from campaign.planning import prepare
from campaign.runs import Report, RunObserver, RunOptions
from campaign.runs.whole_run import run_plan
from tests.integration.conftest import Campaign, RunningSandbox

from .conftest import FileMaker, StartWorker, wait_for

NOWHERE = ProxySettings(http="http://127.0.0.1:9")
"""A proxy at which nothing listens."""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact, "LONGEST", 0.5)
    monkeypatch.setattr(contact, "REST", 0.5)


def begun(database: str, file: Path) -> tuple[threading.Thread, list[Report]]:
    reports: list[Report] = []

    def work() -> None:
        plan, options = prepare(load_campaign(file)), RunOptions(journal=database, watch_only=True)
        report = run_plan(plan, lambda _channel: {}, options, RunObserver())
        assert report is not None
        reports.append(report)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, reports


def holders(database: str) -> set[str]:
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT DISTINCT name FROM campaign.shard JOIN campaign.worker ON worker.worker = holder WHERE NOT lost"
        ).fetchall()
    return {name for (name,) in found}


@pytest.mark.slow
def test_a_worker_without_contact_leaves_the_run_to_one_that_has_it(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    cut_off = start_worker("cut off", proxies=NOWHERE)
    thread, reports = begun(database, campaign_file(60, more='give_up_after = "60s"\n', spread=20))
    wait_for(lambda: holders(database) == {"cut off"})
    time.sleep(1.0)  # longer than it would wait if there were another worker
    assert holders(database) == {"cut off"}
    start_worker("able")
    thread.join(20)
    (report,) = reports
    assert report.state == "finished"
    assert Counter(str(body["msg"]) for body in server.bodies()) == Counter(f"message {each}" for each in range(60))
    for room in range(20):
        got = [str(body["msg"]) for body in server.bodies() if body["rid"] == f"room{room}"]
        assert got == [f"message {number}" for number in range(room, 60, 20)]
    assert cut_off.said == [
        "offer: is left to other workers: its server does not respond to this one; see to this machine's network"
    ]


def test_a_worker_that_has_contact_again_takes_part_again(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker, *, database: str
) -> None:
    file = campaign_file(600)
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", "100/s"), encoding="utf-8")
    start_worker("able")
    cut_off = start_worker("cut off", proxies=NOWHERE)
    thread, _ = begun(database, file)
    wait_for(lambda: cut_off.said)
    (reach,) = cut_off.worker._runs._contacts.values()
    assert reach.recorded is not None
    cut_off.worker._runs._options = replace(cut_off.worker._options, proxies=NO_PROXIES)
    wait_for(lambda: reach.recorded is None)
    wait_for(lambda: holders(database) == {"able", "cut off"})
    run("stop", file)
    thread.join(10)


@pytest.mark.slow
def test_a_worker_without_contact_tries_again_at_once_where_no_other_is_left(
    campaign_file: FileMaker,
    server: RunningSandbox,
    start_worker: StartWorker,
    *,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contact, "REST", 60.0)
    file = campaign_file(300)
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", "100/s"), encoding="utf-8")
    able, cut_off = start_worker("able"), start_worker("cut off", proxies=NOWHERE)
    thread, reports = begun(database, file)
    wait_for(lambda: cut_off.said)
    cut_off.worker._runs._options = replace(cut_off.worker._options, proxies=NO_PROXIES)
    able.stop()
    assert server.ledger.taken_count < 300
    thread.join(20)
    assert reports[0].state == "finished"
    assert server.ledger.taken_count == 300


@pytest.mark.slow
def test_a_run_whose_server_responds_to_no_worker_ends_after_give_up_after(
    campaign_file: FileMaker, start_worker: StartWorker, *, database: str, run: Campaign
) -> None:
    for name in ("one", "two"):
        start_worker(name, proxies=NOWHERE)
    file = campaign_file(60, more='give_up_after = "3s"\n')
    began = time.monotonic()
    thread, reports = begun(database, file)
    thread.join(25)
    (report,) = reports
    assert "nothing but trouble for 3 s" in str(report.reason)
    assert time.monotonic() - began < 15
    assert run("status", file, "--json").json["runs"][0]["pending"] == 60


@pytest.mark.slow
def test_a_run_is_not_left_to_a_worker_that_lacks_its_key(
    campaign_file: FileMaker, start_worker: StartWorker, *, database: str
) -> None:
    def without(_channel: Channel) -> dict[str, str]:
        raise KeyMissingError(Problem("KITECHAT_API_KEY", "is not set"))

    keyless, cut_off = start_worker("keyless", find=without), start_worker("cut off", proxies=NOWHERE)
    thread, reports = begun(database, campaign_file(60, more='give_up_after = "3s"\n'))
    thread.join(20)
    assert "nothing but trouble for 3 s" in str(reports[0].reason)
    assert [len(each.said) for each in (keyless, cut_off)] == [1, 0]


@pytest.mark.slow
def test_whom_a_server_did_not_respond_to_in_an_earlier_order_may_be_responded_to_now(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker, *, database: str
) -> None:
    file = campaign_file(600)
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", "100/s"), encoding="utf-8")
    start_worker("able")
    cut_off = start_worker("cut off", proxies=NOWHERE)
    thread, _ = begun(database, file)
    wait_for(lambda: cut_off.said)
    run("stop", file)
    thread.join(10)
    cut_off.worker._runs._options = replace(cut_off.worker._options, proxies=NO_PROXIES)
    assert run("resume", file, "--yes").code == 0
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM campaign.out_of_reach").fetchone() == (0,)
