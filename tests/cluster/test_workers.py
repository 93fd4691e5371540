"""Runs that are left to workers, in this process."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest

from campaign.campaign_file import load_campaign
from campaign.channels import Channel
from campaign.errors import KeyMissingError, Problem
from campaign.journal import State, open_journal
from campaign.journal.cluster import open_cluster
from campaign.planning import prepare
from campaign.runs import Report, RunObserver, RunOptions
from campaign.runs.watching import TAKEN_OVER
from campaign.runs.whole_run import run_plan
from campaign.sandbox import Fault, FaultPlan, SandboxSettings
from tests.integration.conftest import Campaign, RunningSandbox

from .conftest import FileMaker, StartWorker, names, wait_for

GO = ("--yes", "--json")


def in_background(database: str, file: Path, *, watch_only: bool = False) -> tuple[threading.Thread, list[Report]]:
    """Run a campaign in a thread of its own, without the streams of a command."""
    reports: list[Report] = []

    def work() -> None:
        options = RunOptions(journal=database, watch_only=watch_only)
        report = run_plan(prepare(load_campaign(file)), lambda _channel: {}, options, RunObserver())
        assert report is not None
        reports.append(report)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, reports


def slowly(file: Path, pace: int = 200) -> Path:
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", f"{pace}/s"), encoding="utf-8")
    return file


def texts(server: RunningSandbox) -> list[str]:
    return [str(body.get("msg") or body["message"]["text"]) for body in server.bodies()]


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_two_workers_deliver_a_run_once(
    run: Campaign,
    campaign_file: FileMaker,
    server: RunningSandbox,
    start_worker: StartWorker,
    *,
    channel: str,
    database: str,
) -> None:
    start_worker("one"), start_worker("two")
    assert names(database) == ["one", "two"]
    said = run("run", campaign_file(300, channel), *GO)
    assert (said.code, said.json["sent"], said.json["state"]) == (0, 300, "finished")
    assert sorted(texts(server)) == sorted(f"message {number}" for number in range(300))
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM campaign.procrastinate_jobs").fetchone() == (0,)
        assert len(connection.execute("SELECT DISTINCT worker FROM campaign.shard").fetchall()) == 2
    status = run("status", campaign_file(300, channel), "--json").json
    assert (status["runs"][0]["state"], status["active"]) == ("finished", None)


@pytest.mark.slow
def test_campaigns_are_delivered_side_by_side(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("any"), start_worker("own", only="second")
    files = [campaign_file(150, name="first"), campaign_file(150, "kitechat", name="second")]
    running = [in_background(database, slowly(file)) for file in files]
    wait_for(lambda: _orders(database) == 2)
    wait_for(lambda: {entry.channel for entry in server.ledger.taken()} == {"livechat", "kitechat"})
    for thread, reports in running:
        thread.join(30)
        assert reports[0].tally.count(State.SENT) == 150
    with psycopg.connect(database) as connection:
        holders = "SELECT DISTINCT campaign, worker FROM campaign.shard JOIN campaign.run USING (run)"
        assert ("first", "own") not in connection.execute(holders).fetchall()


def test_a_run_that_waits_keeps_no_other_one_from_its_worker(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one", concurrency=2)
    slow, other = campaign_file(60, name="slow"), campaign_file(40, name="other")
    slow.write_text(slow.read_text(encoding="utf-8").replace("2000/s", "0.05/s"), encoding="utf-8")
    waits, _ = in_background(database, slow)
    wait_for(lambda: server.ledger.taken_count)
    thread, reports = in_background(database, other)
    thread.join(15)
    assert reports[0].tally.count(State.SENT) == 40
    run("stop", slow)
    waits.join(10)


def test_a_conversation_gets_its_messages_in_sheet_order(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    start_worker("one"), start_worker("two")
    assert run("run", campaign_file(200, spread=20), *GO).code == 0
    for room in range(20):
        got = [str(body["msg"]) for body in server.bodies() if body["rid"] == f"room{room}"]
        assert got == [f"message {number}" for number in range(room, 200, 20)]


def test_without_a_worker_the_process_delivers_by_itself_and_says_so(run: Campaign, campaign_file: FileMaker) -> None:
    said = run("run", campaign_file(3), *GO)
    assert (said.code, said.json["sent"]) == (0, 3)
    assert "No worker is at work for this database, so this process delivers the run itself." in said.stderr


def test_a_run_waits_for_a_worker_that_comes_later(
    campaign_file: FileMaker, start_worker: StartWorker, database: str
) -> None:
    thread, reports = in_background(database, campaign_file(20), watch_only=True)
    wait_for(lambda: _orders(database))
    start_worker()
    thread.join(30)
    (report,) = reports
    assert (report.state, report.tally.count(State.SENT)) == ("finished", 20)


@pytest.mark.slow
def test_a_limit_leaves_the_rest_to_resume(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    start_worker()
    file = campaign_file(60)
    said = run("run", file, "--limit", "7", *GO)
    assert (said.code, said.json["sent"], said.json["reason"]) == (3, 7, "the limit of 7 rows is reached")
    assert sorted(texts(server)) == [f"message {number}" for number in range(7)]
    said = run("resume", file, *GO)
    assert (said.code, said.json["sent"]) == (0, 60)
    assert len(server.ledger.taken()) == 60


@pytest.mark.slow
def test_rows_in_doubt_are_sent_again_once_where_that_is_asked_for(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    start_worker()
    server.sandbox.set_faults(FaultPlan(script=(Fault.RESET_BEFORE,) * 3))
    file = campaign_file(30, "kitechat")
    assert run("run", file, *GO).json["in_doubt"] == 3
    said = run("resume", file, "--retry", "in-doubt", *GO)
    assert (said.code, said.json["sent"], said.json["in_doubt"]) == (0, 30, 0)
    assert len(server.ledger.taken()) == 30


def test_rows_in_doubt_are_looked_up_and_sent_again_where_the_campaign_says_so(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    server.list_at_once()
    start_worker("one"), start_worker("two")
    faults = (*(None,) * 8, Fault.RESET_BEFORE, None, Fault.RESET_AFTER, None, Fault.RESET_BEFORE)
    server.sandbox.set_faults(FaultPlan(script=faults))
    file = campaign_file(30, "kitechat", more='on_doubt = "look"\nsettle = "200ms"\n')
    said = run("run", file, *GO)
    assert (said.code, said.json["sent"]) == (0, 30)
    assert len(server.ledger.taken()) == 30


@pytest.mark.slow
def test_a_gate_holds_until_the_first_rows_are_done(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    start_worker()
    server.sandbox.set_faults(FaultPlan(script=(Fault.RESET_BEFORE,) * 4))
    file = campaign_file(40, "kitechat", more='[gate]\nafter = 10\nmax_failed = "10%"\n')
    said = run("run", file, *GO)
    assert (said.code, said.json["sent"], said.json["in_doubt"]) == (3, 6, 4)
    assert "max_failed is 10%" in said.json["reason"]
    file.write_text(file.read_text(encoding="utf-8").replace("10%", "50%"), encoding="utf-8")
    said = run("resume", file, *GO)
    assert (said.code, said.json["sent"]) == (1, 36)


def test_stop_ends_the_run_on_all_workers(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one"), start_worker("two")
    file = campaign_file(2000, more="")
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", "100/s"), encoding="utf-8")
    thread, reports = in_background(database, file)
    wait_for(lambda: server.ledger.taken_count > 20)
    began = time.monotonic()
    stopped = run("stop", file, "--json")
    assert stopped.json["stopping"] is True
    assert "workers (one, two)" in stopped.stderr
    thread.join(10)
    assert time.monotonic() - began < 5
    (report,) = reports
    assert report.interrupted
    assert "stopped by `campaign stop`" in str(report.reason)
    count = server.ledger.taken_count
    time.sleep(0.3)
    assert server.ledger.taken_count == count < 2000
    assert report.tally.count(State.SENT) == count


def test_status_counts_no_rows_of_another_run_as_those_of_this_one(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("any")
    slow, fast = campaign_file(300, name="slow"), campaign_file(3000, name="fast")
    for file, rate in ((slow, "5/s"), (fast, "100/s")):
        file.write_text(file.read_text(encoding="utf-8").replace("2000/s", rate), encoding="utf-8")
    threads = [in_background(database, file)[0] for file in (slow, fast)]
    wait_for(lambda: server.ledger.taken_count > 100)

    def rate_of(file: Path) -> float | None:
        found: float | None = run("status", file, "--json").json["active"]["rate"]
        return found

    assert [rate_of(file) for file in (slow, fast)] == [None, None]
    run("stop", fast)
    threads[1].join(10)
    wait_for(lambda: 1 < (rate_of(slow) or 0) < 20)
    run("stop", slow)
    threads[0].join(10)


def test_status_says_that_a_run_waits_for_a_worker(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    one, file = start_worker("one"), campaign_file(300)
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", "50/s"), encoding="utf-8")
    thread, _ = in_background(database, file)
    wait_for(lambda: server.ledger.taken_count)
    one.stop()
    shown = " ".join(run("status", file).stdout.split())
    assert "Run 1 is waiting: " in shown
    assert "done, waiting for a worker. It is left to workers" in shown
    assert "At work: none." in shown
    assert "Next: start a worker, which goes on with it (campaign worker --journal URL), or campaign resume" in shown
    assert run("status", file, "--json").json["active"]["waiting_for"] == "worker"
    assert "Run 1 of offer: waiting for a worker." in run("workers").stdout
    watched = threading.Thread(target=lambda: codes.append(run("status", file, "--watch", "-q").code))
    codes: list[int] = []
    watched.start()
    watched.join(1.5)
    assert watched.is_alive()
    run("stop", file)
    watched.join(10)
    assert codes == [0]
    thread.join(10)
    assert "Run 1 stopped: stopped by `campaign stop`" in run("status", file).stdout


def test_a_run_that_is_refused_leaves_one_that_waits_for_workers_as_it_is(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    one, file = start_worker("one"), slowly(campaign_file(60), 50)
    thread, reports = in_background(database, file)
    wait_for(lambda: server.ledger.taken_count)
    one.stop()
    refused = run("run", file, "--yes")
    assert refused.code == 2
    assert "run 1 is unfinished" in refused.stderr
    assert "delivers the run itself" not in refused.stderr
    assert run("resume", file).code == 2  # it has not been confirmed
    time.sleep(0.5)
    assert thread.is_alive()
    start_worker("two")
    thread.join(20)
    assert reports[0].tally.count(State.SENT) == 60
    assert len(set(texts(server))) == len(texts(server)) == 60


def test_a_resume_takes_over_a_run_that_waits_for_workers(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    one, file = start_worker("one"), slowly(campaign_file(60), 50)
    thread, reports = in_background(database, file)
    wait_for(lambda: server.ledger.taken_count)
    one.stop()
    resumed = run("resume", file, *GO)
    assert resumed.code == 0
    assert "delivers the run itself" in resumed.stderr
    thread.join(10)
    assert TAKEN_OVER in str(reports[0].reason)
    assert not reports[0].fault
    assert len(set(texts(server))) == len(texts(server)) == 60


def test_an_abandoned_run_waits_for_no_worker(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    one, file = start_worker("one"), slowly(campaign_file(300), 50)
    thread, reports = in_background(database, file)
    wait_for(lambda: server.ledger.taken_count)
    one.stop()
    assert run("abandon", file, "--yes").code == 0
    thread.join(10)
    assert reports[0].tally.finished
    assert run("run", file, "--new", *GO, "--rate", "2000/s").code == 0


def test_a_run_that_no_worker_can_deliver_is_said_to_wait(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker, *, database: str
) -> None:
    def without(_channel: Channel) -> dict[str, str]:
        raise KeyMissingError(Problem("KITECHAT_API_KEY", "is not set"))

    start_worker("keyless", find=without)
    file = campaign_file(60, "kitechat")
    thread, _ = in_background(database, file)
    words = "none of the workers at work can deliver it: keyless has no key"
    wait_for(lambda: words in " ".join(run("status", file).stdout.split()))
    assert "goes on by itself" not in run("status", file).stdout
    assert f"Run 1 of offer: {words}." in run("workers").stdout
    start_worker("able")
    thread.join(20)
    assert "can deliver it" not in run("workers").stdout


def test_a_run_that_workers_deliver_is_left_alone(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    file = campaign_file(1000)
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", "50/s"), encoding="utf-8")
    thread, _ = in_background(database, file)
    wait_for(lambda: server.ledger.taken_count > 5)
    for refused in (run("resume", file, *GO), run("abandon", file, "--yes"), run("run", file, "--new", *GO)):
        assert refused.code == 2
        assert "is being delivered by workers (one)" in refused.stderr
    status = run("status", file, "--json").json
    assert status["runs"][0]["state"] == "sending"
    assert status["active"]["rate"] is not None
    assert "At work: one." in run("status", file).stdout
    said = run("results", file)
    assert "being delivered by workers (one)" in said.stdout
    assert f"campaign status {file} --journal {database} --watch" in said.stdout
    assert "cut off" not in said.stdout
    run("stop", file)
    thread.join(10)
    assert run("abandon", file, "--yes").code == 0


def test_a_refused_key_stops_the_run(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    start_worker()
    server.sandbox.set_faults(FaultPlan(script=(Fault.UNAUTHORIZED_BEFORE,)))
    said = run("run", campaign_file(50, "kitechat"), *GO)
    assert said.code == 3
    assert said.json["pending"] > 0
    assert "HTTP 401" in said.json["reason"]


def test_workers_are_listed_and_drained(run: Campaign, start_worker: StartWorker, database: str) -> None:
    assert "No worker is at work" in run("workers").stdout
    one = start_worker("one", only="offer")
    shown = run("workers").stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["Name", "one"]
    assert run("workers", "--json").json["workers"][0]["campaign"] == "offer"
    assert run("worker", "--drain", "two").code == 2
    assert run("worker", "--drain", "one", "--json").json == {"name": "one", "workers": 1}
    one.thread.join(10)
    assert not one.thread.is_alive()
    assert names(database) == []


def test_a_worker_for_one_campaign_takes_no_other(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker
) -> None:
    start_worker("other", only="another")
    said = run("run", campaign_file(3), *GO)
    assert "No worker is at work" in said.stderr
    assert said.json["sent"] == 3


def test_the_command_leaves_once_nothing_is_left_to_workers(
    run: Campaign, campaign_file: FileMaker, database: str
) -> None:
    thread, reports = in_background(database, campaign_file(10), watch_only=True)
    wait_for(lambda: _orders(database))
    worker = run("worker", "--until-idle", "--name", "brief")
    thread.join(10)
    assert (worker.code, reports[0].state) == (0, "finished")
    assert "Worker brief has left." in worker.stderr


def _orders(database: str) -> int:
    with open_cluster(database) as store:
        return len(store.open_runs())


def test_a_timeout_that_is_too_long_for_the_lease_is_refused(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker
) -> None:
    start_worker()
    refused = run("run", campaign_file(3, timeout="5s"), *GO)
    assert refused.code == 2
    assert "is too long for workers with a lease of" in refused.stderr


@pytest.mark.slow
def test_what_a_dead_worker_held_is_taken_over_and_its_rows_settled(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    """A worker that has begun rows and says nothing more."""
    file = campaign_file(40, "kitechat")
    thread, reports = in_background(database, file, watch_only=True)
    wait_for(lambda: _orders(database))
    with open_cluster(database) as store:
        dead = store.register("dead", None)
        (open_run,) = store.open_runs()
        part = store.take_over(open_run, 0, (dead, "dead"), lambda _record: True)
        assert part is not None
        assert store.take_over(open_run, 0, (dead + 1, "other"), lambda _record: True) is None
    with psycopg.connect(database) as connection:
        begun = connection.execute(
            "UPDATE campaign.status SET state = 'sending', attempts = 1, epoch = shard.epoch, at = 1 "
            "FROM campaign.shard WHERE shard.run = status.run AND shard.shard = status.shard AND holder IS NOT NULL"
        ).rowcount
    assert begun > 0
    start_worker("living")
    thread.join(30)
    tally = reports[0].tally
    assert (tally.count(State.IN_DOUBT), tally.count(State.SENT)) == (begun, 40 - begun)
    assert len(server.ledger.taken()) == 40 - begun


def test_the_lease_is_changed_while_no_worker_is_at_work(run: Campaign, start_worker: StartWorker) -> None:
    said = run("journal", "upgrade", "--lease", "30", "--json")
    assert said.json == {"lease_seconds": 30.0, "longest_timeout_seconds": 20.0, "synchronous_standby": False}
    assert "The lease of a worker is 30 s: the timeout of a run may be 20 s at most." in said.stderr
    start_worker("one")
    refused = run("journal", "upgrade", "--lease", "60")
    assert refused.code == 2
    assert "workers are at work (one)" in refused.stderr
    assert run("journal", "upgrade", "-q").code == 0


def test_sqlite_and_memory_have_no_workers(tmp_path: Path) -> None:
    for where in (tmp_path / "a.journal.db", ":memory:"):
        with open_journal(where) as journal:
            assert journal.orders() is None


def test_slow_answers_are_waited_for_when_a_worker_leaves(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    server.sandbox._settings = SandboxSettings(latency=0.2)
    first = start_worker("first")
    thread, reports = in_background(database, campaign_file(120))
    wait_for(lambda: server.ledger.taken_count > 5)
    first.stop()
    with psycopg.connect(database) as connection:
        held = connection.execute("SELECT count(*) FROM campaign.shard WHERE holder IS NOT NULL").fetchone()
        sending = connection.execute("SELECT count(*) FROM campaign.status WHERE state = 'sending'").fetchone()
    assert (held, sending) == ((0,), (0,))
    server.answer_at_once()
    start_worker("second")
    thread.join(30)
    assert reports[0].tally.count(State.SENT) == 120
    assert len(server.ledger.taken()) == 120


def test_a_run_whose_lists_are_read_again_is_left_to_workers(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker, *, database: str
) -> None:
    start_worker()
    file = campaign_file(
        5, more='[[suppress]]\nfile = "no.csv"\ncolumn = "rid"\n[schedule]\nnot_before = 2020-01-01T09:00:00\n'
    )
    (file.parent / "no.csv").write_text("rid\nroom3\n", encoding="utf-8")
    said = run("run", file, *GO)
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 4, 1)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT worker FROM campaign.session").fetchall() == [("workers",)]


def test_lists_without_a_schedule_are_read_before_the_run_is_left_to_workers(
    run: Campaign, campaign_file: FileMaker, start_worker: StartWorker
) -> None:
    start_worker()
    file = campaign_file(5, more='[[suppress]]\nfile = "no.csv"\ncolumn = "rid"\n')
    (file.parent / "no.csv").write_text("rid\nroom3\n", encoding="utf-8")
    assert run("run", file, "--limit", "1", *GO).json["skipped"] == 1
    (file.parent / "no.csv").write_text("rid\nroom3\nroom4\n", encoding="utf-8")
    said = run("resume", file, *GO)
    assert (said.json["sent"], said.json["skipped"]) == (3, 2)


def test_workers_deliver_the_rest_of_a_run_that_was_imported(
    run: Campaign, command: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    file = campaign_file(60)
    assert command("run", file, *GO, "--limit", "20").code == 3
    assert run("journal", "import", file.with_name("offer.journal.db")).code == 0
    start_worker("one"), start_worker("two")
    assert run("resume", file, *GO).json["sent"] == 60
    assert sorted(texts(server)) == sorted(f"message {number}" for number in range(60))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a" * 101])
def test_a_name_that_is_none_is_refused(command: Campaign, name: str) -> None:
    said = command("worker", "--journal", "postgresql://campaign@127.0.0.1:1/none", "--name", name)
    assert said.code == 2
    assert "--name: a worker has a name of 1 to 100 printable characters" in said.stderr


def test_a_look_up_that_the_server_does_not_offer_is_said_once(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker
) -> None:
    one = start_worker("one")
    server.sandbox.set_faults(FaultPlan(script=(Fault.RESET_AFTER, Fault.RESET_AFTER)))
    said = run("run", campaign_file(40, "kitechat"), *GO)
    assert said.json["in_doubt"] == 2
    about = [each for each in one.said if "cannot be looked up at this server" in each]
    assert len(about) == 1
    assert about[0].startswith("offer, run 1: ")
