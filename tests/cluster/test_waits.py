"""What runs that are left to workers wait for: a window by the database's clock, lists that are read again, a gate."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from campaign.campaign_file import load_campaign
from campaign.delivery.gate import GateOutcome
from campaign.delivery.ports import SystemClock
from campaign.errors import JournalBusyError
from campaign.journal import State, open_journal
from campaign.journal.cluster import open_cluster
from campaign.journal.decisions import GATE as PASSED_GATE
from campaign.planning import prepare
from campaign.runs import Report, Run, RunObserver, RunOptions, leaving
from campaign.runs.journals import paths_of
from campaign.runs.whole_run import resume_run, run_plan
from campaign.sandbox import Fault, FaultPlan
from tests.integration.conftest import Campaign, RunningSandbox

from .conftest import FileMaker, StartWorker, wait_for

pytestmark = pytest.mark.slow  # a second or more each

GO = ("--yes", "--json")


class Watching(RunObserver):
    """An operator who ends the watch, or decides at the gate, when a test says so."""

    def __init__(self, *, passes: bool = True) -> None:
        self.run: Run | None = None
        self.asked: list[GateOutcome] = []
        self.answers = threading.Event()
        self.said: list[str] = []
        self._passes = passes

    def told(self, text: str) -> None:
        self.said.append(text)

    def passes_gate(self, outcome: GateOutcome) -> bool:
        self.asked.append(outcome)
        self.answers.wait(20)
        return self._passes

    @contextlib.contextmanager
    def delivering(self, run: Run, rows: int) -> Iterator[None]:
        assert rows
        self.run = run
        yield

    def ends_watch(self) -> None:
        wait_for(lambda: self.run)
        assert self.run is not None
        self.run.stop("interrupted")


class SetOff(SystemClock):
    """A machine's clock that is wrong."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def epoch(self) -> float:
        return super().epoch() + self._seconds


def in_background(work: Callable[[], Report | None]) -> tuple[threading.Thread, list[Report]]:
    reports: list[Report] = []

    def in_thread() -> None:
        report = work()
        assert report is not None
        reports.append(report)

    thread = threading.Thread(target=in_thread, daemon=True)
    thread.start()
    return thread, reports


def begun(database: str, file: Path, observer: RunObserver | None = None) -> tuple[threading.Thread, list[Report]]:
    """Run a campaign in a thread of its own."""
    options = RunOptions(journal=database, watch_only=True, by="an@desk")
    plan = prepare(load_campaign(file))
    return in_background(lambda: run_plan(plan, lambda _channel: {}, options, observer or RunObserver()))


def resumed(database: str, file: Path, observer: RunObserver) -> tuple[threading.Thread, list[Report]]:
    """Resume it likewise."""
    options = RunOptions(journal=database, by="an@desk")
    paths = paths_of(prepare(load_campaign(file)), options)
    return in_background(lambda: resume_run(paths, lambda _channel: {}, options, observer))


def soon(seconds: float) -> str:
    """A schedule that begins so many seconds from now."""
    moment = datetime.fromtimestamp(time.time() + seconds, UTC)
    return f"[schedule]\nnot_before = {moment.isoformat(timespec='milliseconds')}\n"


LISTED = '[[suppress]]\nfile = "no.csv"\ncolumn = "rid"\n'


def put_on_list(file: Path, *rooms: int) -> None:
    lines = ["rid", *(f"room{room}" for room in rooms)]
    (file.parent / "no.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def texts(server: RunningSandbox) -> list[str]:
    return sorted(str(body.get("msg") or body["message"]["text"]) for body in server.bodies())


def messages(*numbers: int) -> list[str]:
    return sorted(f"message {number}" for number in numbers)


def slowly(file: Path, pace: int) -> Path:
    file.write_text(file.read_text(encoding="utf-8").replace("2000/s", f"{pace}/s"), encoding="utf-8")
    return file


def is_waiting(database: str) -> bool:
    """Whether a worker holds shards of a run."""
    with open_cluster(database) as store:
        return any(each.shards for each in store.workers())


# Lists


@pytest.mark.slow
def test_who_is_put_on_a_list_before_the_window_opens_gets_nothing_from_workers(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one"), start_worker("two")
    file = campaign_file(20, more=LISTED + soon(3))
    put_on_list(file, 3)
    thread, reports = begun(database, file)
    wait_for(lambda: is_waiting(database))
    put_on_list(file, 3, 7, 11)
    thread.join(15)
    assert texts(server) == messages(*(number for number in range(20) if number not in {3, 7, 11}))
    assert reports[0].state == "finished"


def left_alone(database: str, file: Path, server: RunningSandbox) -> int:
    """A run whose rows wait for its lists, and that no process watches any more; returns how many rows were sent."""
    observer = Watching()
    thread, reports = begun(database, slowly(file, 40), observer)
    wait_for(lambda: server.ledger.taken_count > 3)
    observer.ends_watch()
    thread.join(10)
    assert reports[0].reason == "it is still being delivered by workers"
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.run SET lists_good_until = 0")
    time.sleep(0.3)
    count = server.ledger.taken_count
    time.sleep(0.5)
    assert server.ledger.taken_count == count < 200
    return count


def test_without_a_process_that_watches_no_row_is_sent_until_resume_reads_the_lists_again(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    file = campaign_file(200, more=LISTED + soon(-1))
    put_on_list(file)
    left_alone(database, file, server)
    before = texts(server)
    status = run("status", file)
    assert "waiting for a process that watches: its lists of those who get nothing have to be" in status.stdout
    assert f"campaign resume {file}" in status.stdout
    assert run("status", file, "--json").json["active"]["waiting_for"] == "window"
    assert "Run 1 of offer is waiting for a process that watches" in run("workers").stdout
    put_on_list(file, *range(40, 200))
    said = run("resume", file, *GO)
    sent = sorted({*before, *messages(*range(40))})
    assert (said.code, said.json["sent"], said.json["skipped"]) == (0, len(sent), 200 - len(sent))
    assert "Workers deliver run 1 (one); this process watches it again." in said.stderr
    assert texts(server) == sent


def test_rows_do_not_begin_once_the_lists_are_not_good_any_more_and_are_looked_for_again(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    """A list that is good no more while rows are under way, as where a window closes earlier than a worker thinks."""
    start_worker("one"), start_worker("two")
    file = slowly(campaign_file(120, "kitechat", more=LISTED.replace("rid", "conversation_id") + soon(-1)), 60)
    (file.parent / "no.csv").write_text("conversation_id\n", encoding="utf-8")
    thread, reports = begun(database, file)
    wait_for(lambda: server.ledger.taken_count > 10)
    taken = set(texts(server))
    (file.parent / "no.csv").write_text(
        "conversation_id\n" + "".join(f"conversation{number}\n" for number in range(120)), encoding="utf-8"
    )
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.run SET lists_good_until = 0")
    thread.join(15)
    (report,) = reports
    after = set(texts(server)) - taken
    assert len(after) < 30
    tally = {str(state): count for state, count in report.tally.states.items()}
    assert tally["skipped"] == 120 - len(texts(server)) - tally.get("in_doubt", 0)
    assert tally.get("in_doubt", 0) == 0
    assert len(texts(server)) == tally["sent"]


def test_a_list_that_cannot_be_read_when_the_window_opens_stops_the_run(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    file = campaign_file(200, more=LISTED + soon(-1))
    put_on_list(file)
    thread, reports = begun(database, slowly(file, 40))
    wait_for(lambda: server.ledger.taken_count > 3)
    (file.parent / "no.csv").unlink()
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.run SET lists_good_until = 0")
    thread.join(15)
    assert "no.csv" in str(reports[0].reason)
    assert server.ledger.taken_count < 200
    refused = run("resume", file, *GO)
    assert refused.code == 2
    assert "no.csv" in refused.stderr


async def test_the_database_refuses_a_row_that_begins_after_the_lists_were_good(
    campaign_file: FileMaker, *, database: str
) -> None:
    file = campaign_file(20, more=LISTED + soon(3600))
    put_on_list(file)
    observer = Watching()
    thread, _ = begun(database, file, observer)
    with open_cluster(database) as store:
        wait_for(store.open_runs)
        observer.ends_watch()
        thread.join(10)
        (open_run,) = store.open_runs()
        assert open_run.lists_good_until == 0
        number = store.register("one", None)
        part = store.take_over(open_run, 0, (number, "one"), lambda _record: True)
        assert part is not None
        assert part.reads_lists
        with psycopg.connect(database) as connection:
            for until, is_refused in ((0.0, True), (time.time() + 60, False), (time.time() - 0.1, True)):
                connection.execute("UPDATE campaign.run SET lists_good_until = %s", (until,))
                connection.commit()
                with pytest.raises(JournalBusyError) if is_refused else contextlib.nullcontext():
                    async with (
                        store.attempt_log(open_run) as shared,
                        store.journal(open_run, part, shared).attempt_log(1) as log,
                    ):
                        (row, *_) = await log.waiting(0, 10)
                        await log.begin(row.seq, time.time())
                        assert not is_refused


def test_the_database_gives_no_shard_to_a_worker_that_does_not_look_at_the_lists(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    """A worker of version 1.0."""
    older = start_worker("older")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.worker SET looks_at_lists = false")
    file = campaign_file(10, more=LISTED + soon(-1))
    put_on_list(file)
    thread, reports = begun(database, file)
    wait_for(lambda: older.said)
    assert "needs workers of a newer campaign" in older.said[0]
    assert server.ledger.entries == []
    start_worker("newer")
    thread.join(15)
    assert reports[0].state == "finished"


def test_rows_that_are_sent_again_are_looked_for_once_in_lists(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    server.sandbox.set_faults(FaultPlan(script=(Fault.RESET_BEFORE,) * 4))
    file = campaign_file(10, "kitechat", more=LISTED.replace("rid", "conversation_id"))
    (file.parent / "no.csv").write_text("conversation_id\n", encoding="utf-8")
    assert run("run", file, *GO).json["in_doubt"] == 4
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE campaign.status SET state = 'failed' WHERE state = 'in_doubt'")
    with open_journal(database, campaign="offer", create=False) as journal:
        orders = journal.orders()
        assert orders is not None
        failed = [each.row for each in journal.results(1) if each.state is State.FAILED]
        assert len(orders.retried(1)) == 4
        (file.parent / "no.csv").write_text(f"conversation_id\nconversation{failed[0] - 2}\n", encoding="utf-8")
        said = run("resume", file, "--retry", "failed", "--not-before", "2020-01-01T09:00", *GO)
        assert (said.code, said.json["sent"], said.json["skipped"]) == (0, 9, 1)
        assert orders.retried(1) == set()


# Windows


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [-3600, 3600], ids=["late", "early"])
def test_a_worker_whose_clock_is_an_hour_off_keeps_to_the_window(
    run: Campaign,
    campaign_file: FileMaker,
    server: RunningSandbox,
    start_worker: StartWorker,
    *,
    database: str,
    seconds: float,
) -> None:
    start_worker("one", clock=SetOff(seconds))
    opens = int(time.time()) + 4
    closes = opens + 2
    window = "-".join(f"{datetime.fromtimestamp(each, UTC):%H:%M:%S}" for each in (opens, closes))
    file = slowly(campaign_file(200, more=f'[schedule]\nwindow = "{window}"\ntime_zone = "UTC"\n'), 40)
    thread, reports = begun(database, file)
    wait_for(lambda: is_waiting(database))
    assert run("status", file, "--json").json["active"]["waiting_for"] == "window"
    time.sleep(closes + 0.5 - time.time())
    times = [entry.time for entry in server.ledger.taken()]
    assert opens <= min(times) < opens + 1
    assert closes - 1 < max(times) < closes
    began = time.monotonic()
    run("stop", file)
    thread.join(10)
    assert time.monotonic() - began < 2
    assert reports[0].interrupted
    assert 0 < len(times) < 200
    assert server.ledger.taken_count == len(times)


def test_workers_whose_clocks_differ_look_up_rows_in_doubt_by_one_clock(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    server.list_at_once()
    start_worker("early", clock=SetOff(3600)), start_worker("late", clock=SetOff(-3600))
    faults = (*(None,) * 8, Fault.RESET_BEFORE, None, Fault.RESET_AFTER, None, Fault.RESET_BEFORE)
    server.sandbox.set_faults(FaultPlan(script=faults))
    said = run("run", campaign_file(30, "kitechat", more='on_doubt = "look"\nsettle = "200ms"\n'), *GO)
    assert (said.code, said.json["sent"]) == (0, 30)
    assert len(server.ledger.taken()) == 30
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT max(abs(started_at - %s)) FROM campaign.attempt", (time.time(),)).fetchone()
    assert found is not None
    assert found[0] < 60


def test_a_schedule_without_a_time_zone_means_that_of_the_machine_where_the_run_is_planned(
    run: Campaign,
    campaign_file: FileMaker,
    start_worker: StartWorker,
    *,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start_worker("one")
    file = campaign_file(5, more="[schedule]\nnot_before = 2020-01-01T09:00:00\n")
    monkeypatch.setattr(leaving, "own_time_zone", lambda: None)
    refused = run("run", file, *GO)
    assert refused.code == 2
    assert "[schedule] time_zone: workers may be in other time zones" in refused.stderr
    monkeypatch.setattr(leaving, "own_time_zone", lambda: "Asia/Tokyo")
    assert run("run", file, *GO).code == 0
    with psycopg.connect(database) as connection:
        assert "Asia/Tokyo" in str(connection.execute("SELECT delivery FROM campaign.run").fetchall())


def test_stop_ends_a_run_that_waits_for_its_lists(
    run: Campaign, campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    file = campaign_file(200, more=LISTED + soon(-1))
    put_on_list(file)
    count = left_alone(database, file, server)
    began = time.monotonic()
    run("stop", file)
    with open_cluster(database) as store:
        wait_for(lambda: not store.open_runs())
    assert time.monotonic() - began < 2
    assert run("status", file, "--json").json["active"] is None
    assert server.ledger.taken_count == count


# The gate


GATE = "[gate]\nafter = 10\n"


@pytest.fixture
def at_its_gate(campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, database: str) -> Path:
    """The campaign file of a run that waits at its gate, and that no process watches."""
    start_worker("one")
    file = campaign_file(30, more=GATE)
    observer = Watching()
    thread, _ = begun(database, file, observer)
    wait_for(lambda: observer.asked)
    observer.ends_watch()
    thread.join(10)
    observer.answers.set()
    assert texts(server) == messages(*range(10))
    return file


def test_a_run_that_no_process_watches_says_so_at_its_gate_and_resume_lets_it_go_on(
    run: Campaign, at_its_gate: Path, server: RunningSandbox
) -> None:
    status = run("status", at_its_gate)
    assert "waiting at its gate for a process that watches" in status.stdout
    assert run("status", at_its_gate, "--json").json["active"]["waiting_for"] == "gate"
    said = run("resume", at_its_gate, *GO)
    assert (said.code, said.json["sent"]) == (0, 30)
    assert texts(server) == messages(*range(30))


def test_who_is_put_on_a_list_while_the_run_waits_at_its_gate_gets_nothing(
    campaign_file: FileMaker, server: RunningSandbox, start_worker: StartWorker, *, database: str
) -> None:
    start_worker("one")
    file = campaign_file(20, more=LISTED + GATE)
    put_on_list(file)
    observer = Watching()
    thread, reports = begun(database, file, observer)
    wait_for(lambda: observer.asked)
    put_on_list(file, 3, 15)
    observer.answers.set()
    thread.join(15)
    assert texts(server) == messages(*(number for number in range(20) if number != 15))
    assert reports[0].state == "finished"


@pytest.mark.parametrize("passes", [True, False], ids=["go on", "no"])
def test_the_operator_who_watches_again_is_asked_at_the_gate(
    run: Campaign, at_its_gate: Path, server: RunningSandbox, *, database: str, passes: bool
) -> None:
    observer = Watching(passes=passes)
    thread, reports = resumed(database, at_its_gate, observer)
    wait_for(lambda: observer.asked)
    refused = run("resume", at_its_gate, *GO)
    assert refused.code == 2
    assert "is being delivered by workers (one), and watched by process" in refused.stderr
    assert "for a process that watches" not in run("status", at_its_gate).stdout
    observer.answers.set()
    thread.join(15)
    assert reports[0].state == ("finished" if passes else "stopped")
    assert server.ledger.taken_count == (30 if passes else 10)


def test_stop_ends_a_run_whose_operator_is_being_asked_at_the_gate(
    run: Campaign, at_its_gate: Path, *, database: str
) -> None:
    observer = Watching()
    thread, reports = resumed(database, at_its_gate, observer)
    wait_for(lambda: observer.asked)
    began = time.monotonic()
    run("stop", at_its_gate)
    thread.join(10)
    assert time.monotonic() - began < 2
    observer.answers.set()
    assert "stopped by `campaign stop`" in str(reports[0].reason)


def test_a_gate_that_was_passed_on_record_opens_for_the_next_process_that_watches(
    run: Campaign, at_its_gate: Path, *, database: str
) -> None:
    with open_journal(database, campaign="offer", create=False) as journal:
        journal.record_decision(1, PASSED_GATE, "an@desk", "passed")
    assert run("resume", at_its_gate, *GO).json["sent"] == 30


# The process that watches


@pytest.mark.slow
@pytest.mark.parametrize(
    "what",
    ["beat_at = clock_timestamp() - interval '1 minute'", "process = 2147483647"],
    ids=["silent", "no such process here"],
)
def test_a_process_that_was_taken_for_dead_watches_no_more(
    run: Campaign,
    campaign_file: FileMaker,
    server: RunningSandbox,
    start_worker: StartWorker,
    *,
    database: str,
    what: str,
) -> None:
    start_worker("one")
    file = slowly(campaign_file(100), 30)
    first, reports = begun(database, file)
    wait_for(lambda: server.ledger.taken_count > 3)
    with psycopg.connect(database) as connection:
        connection.execute(f"UPDATE campaign.watch SET {what}".encode())
        connection.commit()
        second, later = resumed(database, file, Watching())
        first.join(10)
        assert reports[0].reason == "it is still being delivered by workers, and another process watches them"
        run("stop", file)
        second.join(10)
    assert later[0].interrupted


def test_resume_with_other_settings_is_refused_while_workers_are_at_work(run: Campaign, at_its_gate: Path) -> None:
    assert run("resume", at_its_gate, "--rate", "5/s", *GO).code == 2
    assert run("resume", at_its_gate, *GO).code == 0
