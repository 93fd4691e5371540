"""`[schedule]` and `[gate]` on the command line and from Python: what is sent when, asked and recorded."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import campaign as api
from campaign.journal import Activity, open_journal
from tests.integration.conftest import FAST, livechat_list, write_csv
from tests.integration.stand_in_clock import StandInClock, today_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from campaign.delivery.gate import GateOutcome
    from campaign.runs import SendConfirmation
    from tests.integration.conftest import Campaign, RunningSandbox

YES = ("--yes", "--json")


def window(after: float, length: float) -> str:
    """A window that opens about so many seconds from now."""
    opens = datetime.now().astimezone() + timedelta(seconds=after)
    return f"{opens:%H:%M:%S}-{opens + timedelta(seconds=length):%H:%M:%S}"


def shut() -> str:
    """A window that is an hour away."""
    return window(3600, 60)


def campaign_file(folder: Path, url: str, sections: str, rows: int = 30, closed: tuple[int, ...] = ()) -> Path:
    """A livechat campaign; the rooms of some rows are closed, so that the server refuses them."""
    rooms = [f"{'closed-' if number in closed else ''}room{number}" for number in range(rows)]
    table = [[f"token{number}", room, f"message {number}"] for number, room in enumerate(rooms)]
    write_csv(folder / "list.csv", [["token", "rid", "msg"], *table])
    file = folder / "c.toml"
    text = f'template = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n'
    file.write_text(f'{text}[throttle]\nrate = "1000/s"\n{sections}', encoding="utf-8")
    return file


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


# The schedule


def test_a_run_waits_for_its_window_and_goes_on_by_itself(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nine = today_at(9)
    clock = StandInClock(monkeypatch, nine - timedelta(seconds=150), skips=True)
    file = campaign_file(tmp_path, server.url, '[schedule]\nwindow = "09:00-17:00"\n')
    result = command("run", file, *YES)
    assert (result.code, result.json["sent"]) == (0, 30)
    assert [round(nine.timestamp() - slept) for slept in clock.sleeps] == [150, 90, 30]
    assert f"0 of 30 rows; waiting until {nine:%a %Y-%m-%d} 09:00" in result.stderr
    assert result.json["seconds"] < 100


@pytest.mark.slow
def test_what_does_not_fit_waits_for_the_next_day_and_a_stop_ends_that(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_closing = today_at(17) - timedelta(seconds=3)
    StandInClock(monkeypatch, before_closing, skips=False)
    file = campaign_file(tmp_path, server.url, '[schedule]\nwindow = "09:00-17:00"\n', rows=500)
    change(file, "1000/s", "50/s")
    journal, said = tmp_path / "c.journal.db", dict[str, Activity]()

    def stop() -> None:
        until = time.monotonic() + 20
        while time.monotonic() < until and "activity" not in said:
            time.sleep(0.05)
            if journal.exists():
                with open_journal(journal, create=False) as other:
                    activity = other.activity()
                    if activity is not None and activity.waiting_for == "window":
                        said["activity"] = activity
                        other.request_stop("an@host")

    stopping = threading.Thread(target=stop)
    stopping.start()
    result = command("run", file, *YES)
    stopping.join()
    assert (result.code, result.json["state"]) == (130, "stopped")
    assert 0 < result.json["sent"] < 500
    assert result.json["pending"] == 500 - result.json["sent"]
    activity = said["activity"]
    assert activity.waiting_for == "window"
    assert (activity.rate or 0.0) > 10
    assert 50_000 < (activity.until or 0.0) - before_closing.timestamp() < 62_000
    assert activity.eta_seconds is not None


def test_resume_obeys_the_window_of_its_options(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    livechat_list(tmp_path / "list.csv", 10)
    words = (tmp_path / "list.csv", "--template", "livechat-text", "--server", server.url)
    assert command("run", *words, *FAST, "--limit", "1", "--window", "00:00-24:00").code == 3
    clock = StandInClock(monkeypatch, today_at(9) - timedelta(seconds=30), skips=True)
    resumed = command("resume", tmp_path / "list.csv", *FAST, "--limit", "1", "--window", "09:00-17:00")
    assert (resumed.code, resumed.json["sent"], len(clock.sleeps)) == (3, 2, 1)


def test_resume_takes_schedule_pace_and_gate_of_todays_file_and_says_so(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = campaign_file(
        tmp_path, server.url, '[schedule]\nwindow = "00:00-24:00"\n[gate]\nafter = 20\n', closed=(1, 2)
    )
    assert command("run", file, *YES, "--limit", "5").code == 3
    change(file, "00:00-24:00", "00:00-23:59:59")
    change(file, 'rate = "1000/s"', 'rate = "500/s"\nconcurrency = 3')
    change(file, "after = 20", 'after = 10\nmax_failed = "25%"')
    result = command("resume", file, *YES)
    assert (result.code, result.json["sent"], result.json["failed"]) == (1, 28, 2)
    for said in (
        "[throttle] rate: is now “500/s”, and was “1000/s” when run 1 was planned; it is delivered as the file says",
        "[throttle] concurrency: is now “3”, and was “8”",
        "[schedule]: is now “window 00:00-23:59:59”, and was “window 00:00-24:00”",
        "[gate]: is now “after 10, max_failed 25%”, and was “after 20, max_failed 5%”",
    ):
        assert said in result.stderr
    assert "Gate: of the first 10 rows, 8 were sent and 2 failed." in result.stderr


def test_an_option_of_the_run_outlasts_a_file_that_stays_as_it_is(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = campaign_file(tmp_path, server.url, "")
    assert command("run", file, *YES, "--limit", "1", "--rate", "20/s").code == 3
    result = command("resume", file, *YES, "--limit", "11")
    assert result.json["sent"] == 12
    assert "is now" not in result.stderr
    entries = server.ledger.entries
    assert entries[-1].time - entries[1].time > 0.3


def test_a_mistake_in_todays_schedule_stops_resume(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    file = campaign_file(tmp_path, server.url, '[schedule]\ndays = "mon-sun"\n')
    command("run", file, *YES, "--limit", "1")
    change(file, "mon-sun", "someday")
    result = command("resume", file, *YES)
    assert result.code == 2
    assert "schedule.days: “someday” does not name days" in result.stderr
    assert len(server.ledger.entries) == 1


def test_a_moment_that_has_passed_means_now_with_yes(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    file = campaign_file(tmp_path, server.url, "[schedule]\nnot_before = 2026-01-02T09:00:00\n", rows=2)
    result = command("run", file, *YES)
    assert result.code == 0
    assert "When: not_before was Fri 2026-01-02 09:00" in result.stderr


def test_a_test_and_an_undo_need_no_window(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    file = campaign_file(tmp_path, server.url, f'[schedule]\nwindow = "{shut()}"\n[gate]\nafter = 1\n')
    result = command("test", file, *YES, "--to", "token=mine", "--to", "rid=room-of-mine")
    assert (result.code, result.json["sent"]) == (0, 3)
    assert command("run", file, *YES, "--window", "00:00-24:00").code == 0
    result = command("undo", file, *YES)
    assert (result.code, result.json["deleted"]) == (0, 30)


@pytest.mark.slow
def test_a_moment_to_come_is_waited_for(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    file = campaign_file(tmp_path, server.url, "", rows=2)
    moment = datetime.now().astimezone() + timedelta(seconds=2)
    result = command("run", file, *YES, "--not-before", moment.isoformat(timespec="seconds"))
    assert result.code == 0
    assert server.ledger.entries[0].time >= moment.replace(microsecond=0).timestamp()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--window", "8-25"), "window: “8-25” is not a part of the day; write it as “08:00-20:00”"),
        (("--not-before", "9:00"), "not_before: “9:00” is not a date and time; write it as 2026-11-27T09:00:00"),
    ],
)
def test_a_schedule_that_is_typed_wrongly_is_refused(
    command: Campaign, server: RunningSandbox, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    file = campaign_file(tmp_path, server.url, "")
    result = command("run", file, *YES, *options)
    assert result.code == 2
    assert said in result.stderr
    command("run", file, *YES, "--limit", "1")
    result = command("resume", file, *YES, *options)
    assert result.code == 2
    assert said in result.stderr


def test_a_dry_run_says_when_messages_would_go_out_and_where_the_run_would_hold(
    command: Campaign, tmp_path: Path
) -> None:
    file = campaign_file(tmp_path, "https://chat.example.com", f'[schedule]\nwindow = "{shut()}"\n[gate]\nafter = 10\n')
    said = command("run", file, "--dry-run").stderr
    assert "When      waits until " in said
    assert "Gate      waits for the outcomes of the first 10 rows; up to 5% may fail" in said
    assert "Gate" not in command("run", file, "--dry-run", "--limit", "10").stderr
    rehearsed = command("run", file, "--dry-run", "--sandbox").stderr
    assert "When" not in rehearsed
    assert "Gate" in rehearsed


def test_a_rehearsal_does_not_wait(command: Campaign, tmp_path: Path) -> None:
    file = campaign_file(tmp_path, "http://127.0.0.1:9", f'[schedule]\nwindow = "{shut()}"\n')
    result = command("run", file, "--sandbox", "--json")
    assert (result.code, result.json["sent"]) == (0, 30)
    assert "waits until" not in result.stderr


def test_abandon_and_a_look_up_do_not_wait_for_a_window(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = campaign_file(tmp_path, server.url, f'[schedule]\nwindow = "{shut()}"\n[gate]\nafter = 2\n')
    command("run", file, *YES, "--limit", "1", "--window", "00:00-24:00")
    with open_journal(tmp_path / "c.journal.db") as journal:
        journal.recover(1)  # all rows seem to be cut off, and are read back
    result = command("abandon", file, "--json")
    assert (result.code, result.json["sent"], result.json["skipped"]) == (0, 1, 29)


# The gate


def test_too_many_failures_stop_at_the_gate_and_resume_with_yes_does_too(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = campaign_file(tmp_path, server.url, "[gate]\nafter = 10\n", closed=(3,))
    result = command("run", file, *YES)
    assert (result.code, result.json["state"]) == (3, "stopped")
    assert result.json["reason"].startswith(
        "of the first 10 rows, 9 were sent and 1 failed, and [gate] max_failed is 5%."
    )
    assert (result.json["sent"], result.json["failed"], result.json["pending"]) == (9, 1, 20)
    assert "Look first: read the reasons" in result.stderr
    assert "--server" not in result.stderr  # the file names it
    assert len(server.ledger.entries) == 10
    assert command("resume", file, *YES).code == 3
    assert len(server.ledger.entries) == 10
    change(file, "after = 10", 'after = 10\nmax_failed = "10%"')
    result = command("resume", file, *YES)
    assert (result.code, result.json["sent"]) == (1, 29)
    with open_journal(tmp_path / "c.journal.db") as journal:
        (decision,) = journal.decisions(1)
    assert (decision.what, decision.detail) == ("gate", "passed: of the first 10 rows, 9 were sent and 1 failed")
    assert "@" in decision.by


def test_after_the_gate_a_server_that_the_file_does_not_name_is_named(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = campaign_file(tmp_path, "not an address", "[gate]\nafter = 10\n", closed=(3,))
    result = command("run", file, *YES, "--server", server.url)
    assert result.code == 3
    assert f"campaign run {file} --skip-sent --server {server.url}" in result.stderr


def test_a_retry_that_fails_again_leaves_the_gate_closed(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    file = campaign_file(tmp_path, server.url, "[gate]\nafter = 10\n", closed=(3,))
    assert command("run", file, *YES).code == 3
    assert command("resume", file, *YES, "--retry", "failed").code == 3
    assert len(server.ledger.entries) == 11
    with open_journal(tmp_path / "c.journal.db") as journal:
        assert journal.decisions(1) == []


def test_a_gate_of_a_rehearsal_is_held_too(command: Campaign, tmp_path: Path) -> None:
    file = campaign_file(tmp_path, "http://127.0.0.1:9", "[gate]\nafter = 10\n", closed=(3,))
    result = command("run", file, "--sandbox", "--json")
    assert (result.code, result.json["sent"], result.json["pending"]) == (3, 9, 20)


# From Python


@pytest.fixture
def closed_campaign(tmp_path: Path, server: RunningSandbox) -> api.Campaign:
    return api.load(campaign_file(tmp_path, server.url, "[gate]\nafter = 10\n", closed=(3,)))


def test_a_program_is_stopped_at_the_gate_and_resumes(closed_campaign: api.Campaign) -> None:
    async def work() -> None:
        async with api.open_journal(":memory:") as journal:
            run = await api.start(api.plan(closed_campaign), journal=journal)
            assert len([event async for event in run.deliver()]) == 10
            report = await run.report()
            assert report.reason is not None
            assert "of the first 10 rows" in report.reason
            resumed = await api.resume(journal)
            resumed.decide_gate = lambda outcome: outcome.failed == 1
            assert len([event async for event in resumed.deliver()]) == 20
            assert [decision.by for decision in journal.decisions(1)] == ["a program"]

    asyncio.run(work())


class Deciding(api.RunObserver):
    """Goes on whatever happened, and keeps what it is told."""

    def __init__(self) -> None:
        self.outcomes: list[GateOutcome] = []
        self.confirmations: list[SendConfirmation] = []

    def confirm(self, confirmation: SendConfirmation) -> bool:
        self.confirmations.append(confirmation)
        return True

    def passes_gate(self, outcome: GateOutcome) -> bool:
        self.outcomes.append(outcome)
        return True


@pytest.mark.parametrize("whole", [True, False], ids=["campaign.run", "campaign.start"])
def test_an_observer_decides_at_the_gate(closed_campaign: api.Campaign, *, whole: bool) -> None:
    observer = Deciding()
    if whole:
        report = api.run(closed_campaign, observer=observer)
        assert report is not None
    else:
        with api.open_journal(":memory:") as journal:
            run = api.start_sync(api.plan(closed_campaign), journal=journal, observer=observer)
            assert len(list(run.deliver_sync())) == 30
            report = run.report_sync()
    assert (report.state, report.tally.count(api.State.SENT)) == ("finished", 29)
    (outcome,) = observer.outcomes
    assert (outcome.sent, outcome.failed, outcome.behind) == (9, 1, 20)
    assert observer.confirmations[0].gate == (10, 0.05)


def test_what_a_program_does_before_sending_is_awaited_and_its_error_stops_the_run(
    closed_campaign: api.Campaign, server: RunningSandbox
) -> None:
    async def work() -> None:
        done: list[int] = []

        async def prepare() -> None:
            done.append(len(server.ledger.entries))
            if len(done) == 2:
                raise api.CampaignError(api.Problem("list of opt-outs", "cannot be read"))

        async with api.open_journal(":memory:") as journal:
            run = await api.start(api.plan(closed_campaign), journal=journal)
            run.before_sending.append(prepare)
            run.decide_gate = lambda _: True
            assert len([event async for event in run.deliver()]) == 10
            assert done == [0, 10]
            assert (await run.report()).reason == "list of opt-outs: cannot be read"

    asyncio.run(work())


def test_who_opts_out_while_the_gate_holds_gets_nothing_and_rows_whose_turn_is_over_stay(
    tmp_path: Path, server: RunningSandbox
) -> None:
    stop = tmp_path / "stop.csv"
    write_csv(stop, [["token"], ["token7"]])
    suppress = f'[[suppress]]\nfile = "{stop.name}"\n'
    campaign = api.load(campaign_file(tmp_path, server.url, f"[gate]\nafter = 10\n{suppress}", closed=(3,)))
    with api.open_journal(":memory:") as journal:
        list(api.start_sync(api.plan(campaign), journal=journal).deliver_sync())
        run = api.resume_sync(journal, retry=["failed"])

        def opt_out(_: GateOutcome) -> bool:
            write_csv(stop, [["token"], ["token3"], ["token7"], ["token20"]])
            return True

        run.decide_gate = opt_out
        events = {event.row - 2: event.state for event in run.deliver_sync()}
        tally = run.report_sync().tally
    assert (events[3], events[20], len(events)) == ("failed", "skipped", 20)
    assert {str(state): count for state, count in tally.states.items()} == {"sent": 27, "failed": 1, "skipped": 2}


# In a process of its own


@pytest.fixture
def waiting(tmp_path: Path, server: RunningSandbox) -> Iterator[subprocess.Popen[str]]:
    """A run that waits for its window."""
    file = campaign_file(tmp_path, server.url, f'[schedule]\nwindow = "{shut()}"\n')
    words = [sys.executable, "-m", "campaign", "run", str(file), *YES]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 20
    journal = tmp_path / "c.journal.db"
    while time.monotonic() < until:
        if journal.exists():
            with open_journal(journal, create=False) as other:
                if (activity := other.activity()) is not None and activity.waiting_for == "window":
                    break
        time.sleep(0.05)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
def test_the_first_ctrl_c_ends_the_wait_at_once(waiting: subprocess.Popen[str], server: RunningSandbox) -> None:
    began = time.monotonic()
    waiting.send_signal(2)
    stdout, stderr = waiting.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert waiting.returncode == 130
    assert (json.loads(stdout)["sent"], json.loads(stdout)["pending"]) == (0, 30)
    assert "Interrupted.\n" in stderr
    assert not server.ledger.entries


@pytest.mark.slow
def test_a_run_that_is_killed_while_it_waits_goes_on_rightly(
    waiting: subprocess.Popen[str], command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    waiting.kill()
    waiting.communicate()
    result = command("resume", tmp_path / "c.toml", *YES, "--window", "00:00-24:00")
    assert (result.code, result.json["sent"]) == (0, 30)
    assert len(server.ledger.entries) == 30
