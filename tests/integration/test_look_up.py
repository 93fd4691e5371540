"""Rows in doubt are looked up: by `run`, by `resume`, by `resume --look`, before a workbook says "in doubt"."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

import campaign as campaign_api
from campaign.channels.sandbox_api import Destination
from campaign.sandbox import ListSettings, Sandbox, SandboxSettings
from campaign.sandbox.faults import Fault, FaultPlan
from tests.integration.conftest import FAST, kitechat_list, livechat_list
from tests.integration.test_processes import POSIX, nothing_is_left_running, start_process, wait_for_messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox, StartSandbox

    Write = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("api_key", "nothing_is_left_running")

__all__ = ["nothing_is_left_running"]

TAKEN, NOT_TAKEN = Fault.RESET_AFTER, Fault.RESET_BEFORE
LIST, LATE = ListSettings(), ListSettings(lag=60.0)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a campaign file with a Kitechat list of some rows."""

    def write(url: str, rows: int, delivery: str = "") -> Path:
        kitechat_list(tmp_path / "list.csv", rows)
        file = tmp_path / "c.toml"
        file.write_text(
            f'template = "kitechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{url}"\n'
            f"[throttle]\nconcurrency = 1\n[delivery]\nstop_after_refusals = 0\n{delivery}",
            encoding="utf-8",
        )
        return file

    return write


def faulty(*script: Fault | None, listing: ListSettings | None = LIST) -> SandboxSettings:
    return SandboxSettings(faults=FaultPlan(script=script), listing=listing)


def times_taken(server: RunningSandbox) -> Counter[str]:
    return Counter(body["message"]["text"] for body in server.bodies())


def looks(server: RunningSandbox) -> int:
    return sum(entry.method == "GET" for entry in server.ledger.entries)


def in_doubt_sheet(tmp_path: Path) -> list[str]:
    sheet = load_workbook(tmp_path / "c.results.xlsx")["In doubt"]
    return [str(row[3]) for row in sheet.iter_rows(min_row=2, values_only=True)]


def test_the_workbook_calls_in_doubt_only_what_the_server_did_not_take(
    command: Campaign, start_sandbox: StartSandbox, write: Write, tmp_path: Path
) -> None:
    server = start_sandbox(faulty(None, TAKEN, NOT_TAKEN, None, TAKEN))
    said = command("run", write(server.url, 6), *FAST)
    assert (said.code, said.json["sent"], said.json["in_doubt"]) == (1, 5, 1)
    assert said.json["requests"] == 6 + looks(server) == 8
    (why,) = in_doubt_sheet(tmp_path)
    assert why.startswith("in doubt (row 4 of the list): the connection broke before the answer")
    assert "; looked for at 20" in why
    assert why.endswith(", and not found")
    assert set(times_taken(server).values()) == {1}


def test_the_key_of_a_look_up_is_in_its_header_alone(
    command: Campaign, start_sandbox: StartSandbox, write: Write, api_key: str
) -> None:
    server = start_sandbox(faulty(TAKEN))
    said = command("run", write(server.url, 2), *FAST)
    assert all(entry.has_credentials for entry in server.ledger.entries)
    assert api_key not in str(server.ledger.as_json()) + said.stdout + said.stderr


def test_a_look_up_on_its_own_sends_nothing(
    command: Campaign, start_sandbox: StartSandbox, write: Write, tmp_path: Path
) -> None:
    server = start_sandbox(faulty(TAKEN, NOT_TAKEN, listing=LATE))
    file = write(server.url, 4)
    first = command("run", file, "--limit", "3", *FAST)
    assert (first.code, first.json["in_doubt"], first.json["pending"]) == (3, 2, 1)
    server.list_at_once()
    said = command("resume", file, "--look", "--json")  # asks nothing, and needs no --yes
    assert (said.code, said.json["sent"], said.json["in_doubt"], said.json["pending"]) == (3, 2, 1, 1)
    assert said.json["reason"] == first.json["reason"]
    assert len(in_doubt_sheet(tmp_path)) == 1
    assert times_taken(server).total() == 2
    assert command("resume", file, *FAST).json["pending"] == 0


def test_rows_to_send_once_more_are_looked_up_first(
    command: Campaign, start_sandbox: StartSandbox, write: Write
) -> None:
    server = start_sandbox(faulty(TAKEN, NOT_TAKEN, listing=LATE))
    file = write(server.url, 3)
    assert command("run", file, *FAST).json["in_doubt"] == 2
    server.list_at_once()
    said = command("resume", file, "--retry", "in-doubt", *FAST)
    assert (said.code, said.json["sent"]) == (0, 3)
    assert set(times_taken(server).values()) == {1}


def test_a_resume_with_nothing_to_send_looks_up_what_is_in_doubt(
    command: Campaign, start_sandbox: StartSandbox, write: Write
) -> None:
    server = start_sandbox(faulty(TAKEN, listing=LATE))
    file = write(server.url, 2)
    assert command("run", file, *FAST).json["in_doubt"] == 1
    server.list_at_once()
    said = command("resume", file, *FAST)
    assert (said.code, said.json["sent"]) == (0, 2)


def test_with_look_every_row_is_sent_once(command: Campaign, start_sandbox: StartSandbox, write: Write) -> None:
    script = (None, TAKEN, NOT_TAKEN, TAKEN, None, NOT_TAKEN, None, None, NOT_TAKEN)
    server = start_sandbox(faulty(*script))
    said = command("run", write(server.url, 8, 'on_doubt = "look"\nsettle = "300ms"\n'), *FAST)
    assert (said.code, said.json["sent"], said.json["in_doubt"]) == (0, 8, 0)
    assert set(times_taken(server).values()) == {1}


def test_what_a_resume_does_about_doubts_is_what_the_campaign_file_says_by_then(
    command: Campaign, start_sandbox: StartSandbox, write: Write
) -> None:
    server = start_sandbox(faulty(None, NOT_TAKEN))
    file = write(server.url, 4)
    assert command("run", file, *FAST).json["in_doubt"] == 1
    write(server.url, 4, 'on_doubt = "look"\nsettle = "300ms"\n')
    said = command("resume", file, *FAST)
    assert "[delivery] on_doubt: is now “look”, and was “ask” when run 1 was planned" in said.stderr
    assert (said.code, said.json["sent"]) == (0, 4)
    assert set(times_taken(server).values()) == {1}


def test_with_look_an_equal_message_of_an_agent_is_neither_taken_for_ours_nor_repeated(
    command: Campaign, start_sandbox: StartSandbox, write: Write, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(NOT_TAKEN,)), listing=LIST, clock_skew=90.0))
    raw = b'{"pageId":"1","conversationId":"conversation0","message":{"type":"text","text":"message 0"}}'
    file = write(server.url, 1, 'on_doubt = "look"\nsettle = "300ms"\n')
    server.ledger.write_by_hand("kitechat", Destination("1", "conversation0"), raw, time.time() - 20)
    said = command("run", file, *FAST)
    assert (said.json["sent"], said.json["in_doubt"]) == (0, 1)
    assert in_doubt_sheet(tmp_path)[0].endswith("an equal message is there, which may be another one")
    assert [entry.method for entry in server.ledger.taken()] == ["BY HAND"]


def test_a_message_that_was_not_delivered_fails_its_row(
    command: Campaign, start_sandbox: StartSandbox, write: Write, tmp_path: Path
) -> None:
    server = start_sandbox(faulty(None, TAKEN))
    file = write(server.url, 2)
    rows = "page_id,conversation_id,text\n1,conversation0,Chào\n1,undelivered-1,Chào\n"
    (tmp_path / "list.csv").write_text(rows, encoding="utf-8")
    said = command("run", file, *FAST)
    assert (said.code, said.json["failed"]) == (1, 1)
    assert "could not deliver it: (#551) This person is not available right now." in said.stderr


def test_a_run_that_trouble_stops_looks_up_what_it_left_in_doubt(
    command: Campaign, start_sandbox: StartSandbox, write: Write, tmp_path: Path
) -> None:
    server = start_sandbox(faulty(*[TAKEN] * 3))
    file = write(server.url, 8)
    file.write_text(file.read_text(encoding="utf-8").replace("stop_after_refusals = 0", "stop_after_refusals = 3"))
    said = command("run", file, *FAST)
    assert (said.code, said.json["sent"], said.json["in_doubt"], said.json["pending"]) == (3, 3, 0, 5)
    assert "3 rows in a row were left in doubt" in said.json["reason"]
    assert in_doubt_sheet(tmp_path) == []
    assert command("resume", file, *FAST).json["sent"] == 8


def test_a_server_without_a_list_is_named_once_and_everything_is_as_before(
    command: Campaign, start_sandbox: StartSandbox, write: Write
) -> None:
    server = start_sandbox(faulty(TAKEN, NOT_TAKEN, listing=None))
    file = write(server.url, 4, 'on_doubt = "look"\n')
    said = command("run", file, *FAST)
    assert (said.code, said.json["sent"], said.json["in_doubt"]) == (1, 2, 2)
    assert said.stderr.count("cannot be looked up") == 1
    assert "HTTP 404" in said.stderr
    assert "--retry in-doubt" in said.stderr
    looked = command("resume", file, "--look", "--json")
    assert (looked.code, looked.json["in_doubt"], looked.stderr.count("cannot be looked up")) == (1, 2, 1)


def test_an_abandoned_run_looks_up_what_is_in_doubt(
    command: Campaign, start_sandbox: StartSandbox, write: Write
) -> None:
    server = start_sandbox(faulty(TAKEN, TAKEN, listing=LATE))
    file = write(server.url, 4)
    assert command("run", file, "--limit", "2", *FAST).json["in_doubt"] == 2
    server.list_at_once()
    said = command("abandon", file, "--yes", "--json")
    assert (said.code, said.json["sent"], said.json["in_doubt"], said.json["skipped"]) == (0, 2, 0, 2)


def test_an_abandoned_run_without_a_key_leaves_its_doubts(
    command: Campaign, start_sandbox: StartSandbox, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_sandbox(faulty(TAKEN, listing=LATE))
    file = write(server.url, 4)
    assert command("run", file, "--limit", "2", *FAST).json["in_doubt"] == 1
    monkeypatch.delenv("KITECHAT_API_KEY")
    said = command("abandon", file, "--yes", "--json")
    assert (said.code, said.json["in_doubt"], said.json["skipped"]) == (0, 1, 2)
    assert "rows in doubt are not looked up" in said.stderr


@pytest.mark.parametrize("more", [("--retry", "in-doubt"), ("--limit", "3")])
def test_a_look_up_is_not_combined_with_sending(command: Campaign, tmp_path: Path, more: tuple[str, ...]) -> None:
    said = command("resume", tmp_path / "c.toml", "--look", *more)
    assert said.code == 2
    assert "--look: sends nothing" in said.stderr


def test_a_channel_that_lists_nothing_says_so(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST)
    said = command("resume", recipients, "--look")
    assert said.code == 2
    assert "livechat has no list of messages" in said.stderr


def test_a_rehearsal_has_nothing_to_look_up(command: Campaign, write: Write) -> None:
    file = write("http://127.0.0.1:1", 2)
    assert command("run", file, "--sandbox", "--yes").code == 0
    assert command("resume", file, "--look").code == 2


async def test_a_program_is_told_of_rows_that_are_found(write: Write, api_key: str) -> None:
    async with Sandbox(faulty(TAKEN, NOT_TAKEN)) as server:
        plan = campaign_api.plan(campaign_api.load(write(server.url, 3)))
        async with campaign_api.open_journal(":memory:") as journal:
            run = await campaign_api.start(plan, journal=journal, api_key=api_key)
            events = [(event.row, event.state) async for event in run.deliver()]
            again = await campaign_api.resume(journal, api_key=api_key)
            assert [event async for event in again.deliver()] == []
    assert events == [(2, "in_doubt"), (3, "in_doubt"), (4, "sent"), (2, "sent")]
    assert run.look_up_problem is None


@pytest.mark.slow
@POSIX
def test_an_interrupted_run_looks_up_what_it_left_in_doubt(
    start_sandbox: StartSandbox, write: Write, tmp_path: Path, api_key: str
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(TAKEN, TAKEN)), listing=LIST, latency=0.05))
    process = start_process("run", str(write(server.url, 200)), *FAST, KITECHAT_API_KEY=api_key)
    wait_for_messages(server, 6)
    process.send_signal(signal.SIGINT)
    said = json.loads(process.communicate(timeout=30)[0])
    assert (process.returncode, said["state"], said["in_doubt"]) == (130, "stopped", 0)
    assert said["reason"] == "interrupted"
    assert said["sent"] == times_taken(server).total() >= 6
    assert in_doubt_sheet(tmp_path) == []


@pytest.mark.slow
@POSIX
def test_an_interrupt_while_the_list_is_waited_for_is_one(
    command: Campaign, start_sandbox: StartSandbox, write: Write, api_key: str
) -> None:
    server = start_sandbox(faulty(None, NOT_TAKEN))
    file = write(server.url, 3, 'on_doubt = "look"\nsettle = "3s"\n')
    process = start_process("run", str(file), *FAST, KITECHAT_API_KEY=api_key)
    while not looks(server):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    said = json.loads(stdout)
    assert (process.returncode, said["state"], said["in_doubt"]) == (130, "stopped", 1)
    assert said["reason"] == "interrupted, before the rows in doubt were settled"
    assert "To look it up again" in stderr
    assert f"campaign resume {file}" in stderr
    shown = command("results", file, "--json")
    assert (shown.code, shown.json["state"], shown.json["reason"]) == (3, "stopped", said["reason"])
    resumed = command("resume", file, *FAST)
    assert (resumed.code, resumed.json["state"], resumed.json["sent"]) == (0, "finished", 3)
    assert set(times_taken(server).values()) == {1}


@POSIX
def test_a_run_whose_doubts_are_left_can_be_abandoned(
    command: Campaign, start_sandbox: StartSandbox, write: Write, api_key: str
) -> None:
    server = start_sandbox(faulty(None, NOT_TAKEN))
    file = write(server.url, 3, 'on_doubt = "look"\nsettle = "60s"\n')
    process = start_process("run", str(file), *FAST, KITECHAT_API_KEY=api_key)
    while not looks(server):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    said = command("abandon", file, "--yes", "--json")
    assert (said.code, said.json["state"], said.json["in_doubt"]) == (0, "finished", 1)


@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["", "-q"])
def test_what_stops_a_run_is_said_in_any_case(
    command: Campaign, start_sandbox: StartSandbox, write: Write, quiet: tuple[str, ...]
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(None, Fault.UNAUTHORIZED_BEFORE))))
    said = command("run", write(server.url, 4), "--yes", *quiet)
    assert said.code == 3
    assert said.stderr.count("Run 1 stopped: the server refuses access (HTTP 401)") == 1


def test_a_limit_that_is_reached_is_nothing_that_went_wrong(
    command: Campaign, start_sandbox: StartSandbox, write: Write
) -> None:
    said = command("run", write(start_sandbox().url, 4), "--yes", "-q", "--limit", "2")
    assert (said.code, said.stdout + said.stderr) == (3, "")


async def test_a_program_that_leaves_a_delivery_in_trouble_gets_it_ended(write: Write, api_key: str) -> None:
    faults = FaultPlan(rates={TAKEN: 1.0})
    async with Sandbox(SandboxSettings(faults=faults, listing=LIST)) as server:
        file = write(server.url, 300)
        file.write_text(file.read_text(encoding="utf-8").replace("stop_after_refusals = 0", "stop_after_refusals = 90"))
        plan = campaign_api.plan(campaign_api.load(file))
        async with campaign_api.open_journal(":memory:") as journal:
            run = await campaign_api.start(plan, journal=journal, api_key=api_key)
            async for _ in run.deliver(rate="1000/s"):
                break
            async with asyncio.timeout(20):
                report = await run.report()
    assert report.state == "stopped"
