"""A standby takes over while a run is delivered: what the primary had on record may be missing there."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from campaign.campaign_file import load_campaign
from campaign.channels import Channel
from campaign.cluster.worker import Worker, WorkerOptions
from campaign.errors import CampaignError, JournalError, JournalServerError
from campaign.journal import State, open_journal
from campaign.journal.cluster import open_cluster
from campaign.journal.postgres.server import SeenServer, Server
from campaign.planning import prepare
from campaign.runs import Report, RunObserver, RunOptions
from campaign.runs.whole_run import run_plan
from tests import replication
from tests.integration.conftest import Campaign, RunningSandbox, Said

from .conftest import FileMaker, begin_worker, wait_for

ROWS = 120

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("api_key")]


@pytest.fixture
def servers() -> Iterator[replication.Pair]:
    """A primary and its standby, with a lease that outlasts a takeover."""
    with replication.pair() as made:
        with open_cluster(made.address) as store:
            store.set_lease(6.0)
        yield made


def key(channel: Channel) -> dict[str, str]:
    return {each.name: "key-of-the-tests" for each in channel.credentials}


class Life:
    """One life of a worker, in a thread."""

    def __init__(self, address: str, name: str) -> None:
        self.said: list[str] = []
        self.ended_by: JournalError | None = None
        self._worker: Worker | None = None
        self._thread = threading.Thread(target=self._work, args=(address, name))
        self._thread.start()

    def _work(self, address: str, name: str) -> None:
        options = WorkerOptions(name, key)
        with open_cluster(address) as store:
            self._worker = Worker(store, options, lambda problem: self.said.append(str(problem)))
            try:
                asyncio.run(self._worker.run())
            except JournalServerError as error:
                self.ended_by = error

    def end(self) -> None:
        if self._worker is not None:
            self._worker.stop()
        self.wait()

    def wait(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()


def begun(address: str, file: Path) -> tuple[threading.Thread, list[Report | CampaignError]]:
    """Run a campaign in a thread of its own."""
    ends: list[Report | CampaignError] = []

    def work() -> None:
        options = RunOptions(journal=address, watch_only=True)
        plan = prepare(load_campaign(file))
        try:
            report = run_plan(
                plan, lambda channel: {each.name: "k" for each in channel.credentials}, options, RunObserver()
            )
        except CampaignError as error:
            ends.append(error)
        else:
            assert report is not None
            ends.append(report)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, ends


def slow_file(campaign_file: FileMaker, channel: str) -> Path:
    file = campaign_file(ROWS, channel)
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", "60/s"), encoding="utf-8")
    return file


def taken(server: RunningSandbox) -> Counter[str]:
    return Counter(str(body.get("msg") or body["message"]["text"]) for body in server.bodies())


def fail_over_behind(servers: replication.Pair, server: RunningSandbox) -> None:
    """Let the standby take over, which lacks what was recorded of some rows that were sent."""
    wait_for(lambda: server.ledger.taken_count > 20)
    servers.fall_behind()
    before = server.ledger.taken_count
    wait_for(lambda: server.ledger.taken_count > before + 20)
    servers.take_over()


def settled(
    command: Campaign,
    file: Path,
    address: str,
    server: RunningSandbox,
    channel: str,
    *,
    why: str = "timeline 00000002, before 00000001",
) -> None:
    """The run goes on once the operator says how, and no row is lost or sent twice."""
    count = server.ledger.taken_count
    journal = ("--journal", address)
    refused = command("resume", file, "--yes", *journal)
    assert refused.code == 2
    assert f"is on another server than before, or was restored ({why})" in refused.stderr
    assert "campaign resume FILE --recover" in refused.stderr
    again = command("run", file, "--yes", *journal)
    assert again.code == 2
    assert server.ledger.taken_count == count
    assert command("resume", file, "--yes", "--json", "--recover", *journal).code in {0, 1}
    sent = taken(server)
    assert max(sent.values()) == 1
    with open_journal(address, campaign="offer") as opened:
        tally = opened.tally(1)
    assert tally.count(State.SENT) + tally.count(State.IN_DOUBT) == ROWS
    if channel == "livechat":
        assert tally.count(State.SENT) == len(sent) == ROWS


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_workers_send_nothing_from_a_standby_that_took_over(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, servers: replication.Pair, channel: str
) -> None:
    one, file = Life(servers.address, "one"), slow_file(campaign_file, channel)
    thread, ends = begun(servers.address, file)
    fail_over_behind(servers, server)
    one.wait()
    thread.join(30)
    assert isinstance(one.ended_by, JournalServerError)
    assert isinstance(ends[0], JournalServerError)
    count, two = server.ledger.taken_count, Life(servers.address, "two")
    wait_for(lambda: two.said)
    assert two.said[0].startswith("offer: the database is on another server than before")
    assert server.ledger.taken_count == count
    settled(command, file, servers.address, server, channel)
    two.end()
    assert two.ended_by is None


def test_the_command_begins_anew_as_a_worker_of_the_server_that_took_over(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, servers: replication.Pair
) -> None:
    thread, ends = begun(servers.address, slow_file(campaign_file, "livechat"))
    wait_for(lambda: orders_of(servers.address))
    said: list[Said] = []
    worker = threading.Thread(
        target=lambda: said.append(command("worker", "--until-idle", "--name", "one", "--journal", servers.address))
    )
    worker.start()
    fail_over_behind(servers, server)
    count = server.ledger.taken_count
    worker.join(60)
    thread.join(30)
    assert isinstance(ends[0], JournalServerError)
    assert said[0].code == 0
    assert said[0].stderr.count("Worker one is at work for") == 2
    assert "Worker one has left." in said[0].stderr
    assert server.ledger.taken_count <= count + 8  # what was under way
    with open_journal(servers.address, campaign="offer") as opened:
        (run,) = opened.runs()
    assert "campaign resume FILE --recover" in (run.stop_reason or "")


def orders_of(address: str) -> int:
    with open_cluster(address) as store:
        return len(store.open_runs())


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_a_run_by_itself_sends_nothing_from_a_standby_that_took_over(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, servers: replication.Pair, channel: str
) -> None:
    file, said = slow_file(campaign_file, channel), list[Said]()
    thread = threading.Thread(target=lambda: said.append(command("run", file, "--yes", "--journal", servers.address)))
    thread.start()
    fail_over_behind(servers, server)
    thread.join(30)
    (ran,) = said
    assert ran.code == 3
    assert ran.stderr.count("is on another server than before") == 1
    assert "the journal's files" not in ran.stderr
    settled(command, file, servers.address, server, channel)


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_workers_send_nothing_from_an_older_copy_of_the_server(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, channel: str
) -> None:
    with replication.backed_up() as restored:
        with open_cluster(restored.address) as store:
            store.set_lease(6.0)
        one, file = Life(restored.address, "one"), slow_file(campaign_file, channel)
        thread, ends = begun(restored.address, file)
        wait_for(lambda: server.ledger.taken_count > 20)
        restored.back_up()
        before = server.ledger.taken_count
        wait_for(lambda: server.ledger.taken_count > before + 60)
        restored.restore()
        one.wait()
        assert isinstance(one.ended_by, JournalServerError)
        two = Life(restored.address, "two")
        thread.join(30)
        assert isinstance(ends[0], Report)
        assert "is in an older state than one that was seen" in str(ends[0].reason)
        two.end()
        why = "it is in an older state than one that was seen"
        settled(command, file, restored.address, server, channel, why=why)


def test_a_synchronous_standby_takes_over_without_a_question(
    command: Campaign, campaign_file: FileMaker, server: RunningSandbox, servers: replication.Pair
) -> None:
    doubtful = command("journal", "upgrade", "--synchronous-standby", "--json", "--journal", servers.address)
    assert "waits for no standby when it commits" in doubtful.stderr
    servers.synchronise()
    stated = command("journal", "upgrade", "--synchronous-standby", "--json", "--journal", servers.address)
    assert (stated.json["synchronous_standby"], "waits for no standby" in stated.stderr) == (True, False)
    one = begin_worker(servers.address)
    thread, ends = begun(servers.address, slow_file(campaign_file, "livechat"))
    wait_for(lambda: server.ledger.taken_count > 20)
    servers.take_over()
    thread.join(60)
    assert isinstance(ends[0], Report)
    assert ends[0].tally.count(State.SENT) == ROWS
    assert max(taken(server).values()) == 1
    one.stop()
    with psycopg.connect(servers.address) as connection:
        assert connection.execute("SELECT server FROM campaign.run").fetchone() is not None


def test_without_the_check_rows_are_sent_twice(
    campaign_file: FileMaker,
    server: RunningSandbox,
    servers: replication.Pair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Server, "difference", lambda _self, _before: None)
    monkeypatch.setattr(SeenServer, "check", lambda seen, connection, _where: seen.complete(connection))
    one = begin_worker(servers.address)
    thread, _ = begun(servers.address, slow_file(campaign_file, "kitechat"))
    fail_over_behind(servers, server)
    thread.join(60)
    one.stop()
    assert max(taken(server).values()) == 2
