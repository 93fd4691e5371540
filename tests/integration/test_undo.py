"""`campaign undo`: what a run has sent is deleted on the server, on record, and nothing else is."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

import campaign
from campaign.channels.livechat import Livechat
from campaign.journal import open_journal
from campaign.sandbox import Fault, FaultPlan, RateLimit, SandboxSettings
from tests.integration.conftest import FAST, kitechat_list, livechat_list, write_csv
from tests.integration.test_by_hand import change
from tests.integration.test_processes import nothing_is_left_running, start_process, wait_for_messages
from tests.integration.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox, StartSandbox

pytestmark = pytest.mark.usefixtures("nothing_is_left_running")

__all__ = ["nothing_is_left_running"]

LIVECHAT = ("--template", "livechat-text")


def run(command: Campaign, server: RunningSandbox, recipients: Path, *more: str) -> dict[str, object]:
    said = command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, *more)
    return said.json


def deleted(server: RunningSandbox) -> list[str]:
    """The texts of the messages that were deleted, in the order in which they were sent."""
    return [_text(entry.body) for entry in server.ledger.taken() if entry.deleted_at is not None]


def left(server: RunningSandbox) -> list[str]:
    return [_text(entry.body) for entry in server.ledger.taken() if entry.deleted_at is None]


def _text(body: object) -> str:
    assert isinstance(body, dict)
    return str(body["msg"])


def deletions(server: RunningSandbox) -> int:
    return sum(entry.method == "DELETE" for entry in server.ledger.entries)


def texts(*numbers: int) -> list[str]:
    return [f"message {number}" for number in numbers]


@pytest.fixture
def sent(command: Campaign, server: RunningSandbox, tmp_path: Path) -> Path:
    """A list of six rows, all sent by run 1."""
    recipients = livechat_list(tmp_path / "list.csv", 6)
    assert run(command, server, recipients)["sent"] == 6
    return recipients


def test_what_a_run_has_sent_is_deleted_and_the_record_says_so(
    command: Campaign, server: RunningSandbox, sent: Path, tmp_path: Path
) -> None:
    said = command("undo", sent, *FAST)
    assert (said.code, said.json["state"], said.json["reason"]) == (0, "finished", None)
    assert (said.json["rows"], said.json["sent"], said.json["deleted"]) == (6, 0, 6)
    assert "Undo of run 1 is finished. 6 messages are deleted." in said.stderr
    assert left(server) == []
    book = load_workbook(said.json["results"])
    statuses = [row[0] for row in book["Results"].iter_rows(min_row=2, values_only=True)]
    assert statuses == ["deleted"] * 6
    sent_at = [row[-3] for row in book["Results"].iter_rows(min_row=2, values_only=True)]
    assert all(sent_at)
    summary = [[cell for cell in row if cell is not None] for row in book["Summary"].iter_rows(values_only=True)]
    assert ["0 of 6 rows are sent, 6 are deleted."] in summary
    assert any(row[:2] == ["deleted", 6] for row in summary)
    assert book["To fix"].max_row == 1
    with open_journal(tmp_path / "list.journal.db", create=False) as journal:
        ((what, by, _, detail),) = journal.decisions(1)
    assert (what, detail) == ("undo", "all rows")
    assert "@" in by


def test_a_deleted_row_is_not_sent_again_by_resume_and_results_shows_it(
    command: Campaign, server: RunningSandbox, sent: Path
) -> None:
    command("undo", sent, *FAST)
    resumed = command("resume", sent, *FAST)
    assert (resumed.code, resumed.json["deleted"], len(server.ledger.taken())) == (0, 6, 6)
    results = command("results", sent)
    assert results.code == 0
    assert "Run 1 is finished: 0 of 6 rows are sent, 6 are deleted." in results.stdout
    assert "6 deleted (rows 2, 3, 4, 5, 6, …): deleted by `campaign undo`" in results.stdout


def test_only_the_rows_that_are_named_are_deleted(command: Campaign, server: RunningSandbox, sent: Path) -> None:
    said = command("undo", sent, "--rows", "3-4,7", *FAST)
    assert (said.code, said.json["deleted"], said.json["sent"]) == (0, 3, 3)
    assert deleted(server) == texts(1, 2, 5)
    assert deletions(server) == 3


def test_only_the_messages_of_the_named_run_are_deleted(command: Campaign, server: RunningSandbox, sent: Path) -> None:
    assert run(command, server, sent, "--new")["run"] == 2
    first = command("undo", sent, "--run", "1", *FAST)
    assert (first.code, first.json["run"], first.json["deleted"]) == (0, 1, 6)
    assert first.json["results"].endswith("list.results.xlsx")
    assert [entry.deleted_at is None for entry in server.ledger.taken()] == [False] * 6 + [True] * 6
    assert command("results", sent, "--json").json["sent"] == 6
    last = command("undo", sent, *FAST)
    assert (last.code, last.json["run"], last.json["deleted"]) == (0, 2, 6)
    assert left(server) == []


def test_a_deleted_message_is_not_with_its_recipient_so_skip_sent_sends_it(
    command: Campaign, server: RunningSandbox, sent: Path
) -> None:
    command("undo", sent, "--rows", "2-3", *FAST)
    again = run(command, server, sent, "--skip-sent")
    assert (again["sent"], again["skipped"]) == (2, 4)
    assert sorted(left(server)) == texts(0, 1, 2, 3, 4, 5)


def test_the_same_command_once_more_deletes_nothing_and_ends_as_well(
    command: Campaign, server: RunningSandbox, sent: Path
) -> None:
    command("undo", sent, *FAST)
    said = command("undo", sent, *FAST)
    assert (said.code, said.json["deleted"], deletions(server)) == (0, 6, 6)


def test_rows_that_wait_go_on_waiting(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 6)
    run(command, server, recipients, "--limit", "2")
    said = command("undo", recipients, *FAST)
    assert (said.code, said.json["deleted"], said.json["pending"]) == (0, 2, 4)
    assert "4 rows of this run still wait to be sent: campaign resume" in said.stderr
    assert command("results", recipients, "--json").json["reason"] == "the limit of 2 rows is reached"
    resumed = command("resume", recipients, *FAST)
    assert (resumed.code, resumed.json["sent"], resumed.json["deleted"]) == (0, 4, 2)
    assert left(server) == texts(2, 3, 4, 5)


def test_a_message_that_the_server_keeps_stays_sent_with_the_reason(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    rows = [["token", "rid", "msg"], ["t", "r", "a"], ["t", "closing-1", "b"], ["t", "kept-1", "c"]]
    recipients = write_csv(tmp_path / "list.csv", rows)
    run(command, server, recipients)
    said = command("undo", recipients, *FAST)
    assert (said.code, said.json["state"], said.json["deleted"], said.json["sent"]) == (1, "finished", 1, 2)
    assert "1 sent (row 3): not deleted: the conversation is closed (room-closed)" in said.stderr
    assert "2 messages may still be with the recipients. To try them again: campaign undo" in said.stderr
    reasons = [row[5] for row in load_workbook(said.json["results"])["Results"].iter_rows(min_row=2, values_only=True)]
    assert str(reasons[1]).startswith("not deleted: the conversation is closed")
    assert command("results", recipients).code == 0  # they are sent, which is no mistake of the run
    again = command("undo", recipients, *FAST)
    assert (again.code, deletions(server)) == (1, 5)


def test_messages_that_are_gone_by_then_count_as_deleted(command: Campaign, server: RunningSandbox, sent: Path) -> None:
    for entry in server.ledger.taken()[:2]:
        server.ledger.delete(entry.message_id or "")
    said = command("undo", sent, *FAST)
    assert (said.code, said.json["deleted"]) == (0, 6)
    assert "2 deleted (rows 2, 3): the server did not have the message any more" in said.stderr


# What is refused


def test_kitechat_says_that_it_cannot(command: Campaign, server: RunningSandbox, api_key: str, tmp_path: Path) -> None:
    assert api_key
    recipients = kitechat_list(tmp_path / "list.csv", 2)
    command("run", recipients, "--template", "kitechat-text", "--server", server.url, *FAST)
    said = command("undo", recipients, *FAST)
    assert said.code == 2
    assert "kitechat has no request that deletes a message" in said.stderr
    assert len(server.ledger.entries) == 2


def test_where_nothing_was_sent_there_is_nothing_to_delete(
    command: Campaign, server: RunningSandbox, sent: Path, tmp_path: Path
) -> None:
    assert run(command, server, sent, "--skip-sent")["skipped"] == 6
    said = command("undo", sent, *FAST)
    assert said.code == 2
    assert "there is nothing to delete: no message was sent of this run; name another run with --run: 1" in said.stderr
    unknown = command("undo", sent, "--run", "9", *FAST)
    assert (unknown.code, "there is no run 9" in unknown.stderr) == (2, True)
    never = livechat_list(tmp_path / "never.csv", 2)
    assert command("undo", never, *FAST).code == 2
    assert deletions(server) == 0


def test_rows_that_are_not_there_and_rows_that_were_not_sent_are_named(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 4)
    run(command, server, recipients, "--limit", "2")
    missing = command("undo", recipients, "--rows", "3,99", *FAST)
    assert (missing.code, "there is no row 99" in missing.stderr) == (2, True)
    waiting = command("undo", recipients, "--rows", "4-5", *FAST)
    assert (waiting.code, "no message was sent of these rows" in waiting.stderr) == (2, True)
    assert deletions(server) == 0


def test_without_a_terminal_and_without_yes_nothing_is_deleted(
    command: Campaign, server: RunningSandbox, sent: Path
) -> None:
    said = command("undo", sent)
    assert said.code == 2
    assert f"Delete 6 messages of run 1 from {server.url}?" in said.stderr
    assert "Recipients may have read them" in said.stderr
    assert deletions(server) == 0


def test_the_messages_of_a_forgotten_run_cannot_be_named_any_more(
    command: Campaign, server: RunningSandbox, sent: Path
) -> None:
    command("forget", sent, "--yes")
    said = command("undo", sent, *FAST)
    assert (said.code, deletions(server)) == (2, 0)
    assert "campaign forget" in said.stderr


def test_it_is_refused_while_a_delivery_is_under_way(
    command: Campaign, server: RunningSandbox, sent: Path, tmp_path: Path
) -> None:
    with open_journal(tmp_path / "list.journal.db") as journal, journal.exclusive():
        said = command("undo", sent, *FAST)
    assert (said.code, deletions(server)) == (2, 0)
    assert "is being worked on" in said.stderr


def test_a_copy_of_the_campaign_has_to_be_meant(command: Campaign, server: RunningSandbox, sent: Path) -> None:
    copy = shutil.copytree(sent.parent, sent.parent.parent / f"{sent.parent.name}-copy") / sent.name
    refused = command("undo", copy, *FAST)
    assert (refused.code, "--moved" in refused.stderr, deletions(server)) == (2, True, 0)
    assert command("undo", copy, *FAST, "--moved").json["deleted"] == 6


def test_on_a_terminal_it_asks_with_the_facts(command: Campaign, server: RunningSandbox, sent: Path) -> None:
    assert command("results", sent).code == 0
    terminal = Terminal("undo", sent)
    terminal.wait_for(f"Delete 6 messages of run 1 from {server.url}? [y/N]")
    assert "List      list.csv" in terminal.text
    assert "Sent by   run 1, of 20" in terminal.text
    terminal.say("n\n")
    assert terminal.end() == 2
    assert "Nothing was deleted." in terminal.text
    assert deletions(server) == 0
    agreed = Terminal("undo", sent, "--rate", "100/s")
    agreed.wait_for("[y/N]")
    agreed.say("y\n")
    assert agreed.end() == 0
    assert left(server) == []


# What goes wrong


def test_every_fault_is_settled_by_asking_again(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox()
    recipients = livechat_list(tmp_path / "list.csv", 40)
    run(command, server, recipients)
    faults = [fault for fault in Fault if fault not in (Fault.REDIRECT_BEFORE, Fault.UNAUTHORIZED_BEFORE)]
    script = tuple(each for fault in faults for each in (fault, None, None))
    server.sandbox.set_faults(FaultPlan(script=script, stall_seconds=0.05, retry_after=0))
    said = command("undo", recipients, *FAST, "--concurrency", "4")
    assert (said.code, said.json["deleted"], left(server)) == (0, 40, [])


def test_it_stops_where_the_server_refuses_access_and_goes_on_later(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox()
    recipients = livechat_list(tmp_path / "list.csv", 6)
    run(command, server, recipients)
    server.sandbox.set_faults(FaultPlan(script=(None, None, Fault.UNAUTHORIZED_BEFORE)))
    stopped = command("undo", recipients, *FAST, "--concurrency", "1")
    assert (stopped.code, stopped.json["state"], stopped.json["deleted"]) == (3, "stopped", 2)
    assert "refuses access" in stopped.json["reason"]
    assert "Undo of run 1 stopped: the server refuses access" in stopped.stderr
    gone_on = command("undo", recipients, *FAST)
    assert (gone_on.code, gone_on.json["deleted"], deletions(server)) == (0, 6, 3 + 4)


@pytest.mark.slow
def test_the_servers_own_limit_is_kept(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(limit=RateLimit(5, 0.5)))
    recipients = livechat_list(tmp_path / "list.csv", 8)
    run(command, server, recipients)
    said = command("undo", recipients, "--yes", "--json")
    assert (said.code, said.json["deleted"], said.json["throttled"]) == (0, 8, 0)


def test_rows_that_were_cut_off_while_sending_are_read_back_first(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 4)
    run(command, server, recipients, "--limit", "2")
    change(tmp_path / "list.journal.db", "UPDATE status SET state = 'sending', attempts = 1 WHERE seq IN (2, 3)")
    said = command("undo", recipients, *FAST)
    assert (said.code, said.json["deleted"], said.json["pending"]) == (0, 2, 2)
    assert [entry.method for entry in server.ledger.entries[2:]].count("GET") == 2
    assert left(server) == []
    assert command("resume", recipients, *FAST).json["sent"] == 2
    assert left(server) == texts(2, 3)


def test_rows_in_doubt_are_deleted_too(command: Campaign, server: RunningSandbox, sent: Path, tmp_path: Path) -> None:
    change(tmp_path / "list.journal.db", "UPDATE status SET state = 'in_doubt', kind = 'unclear' WHERE seq = 3")
    said = command("undo", sent, *FAST)
    assert (said.code, said.json["deleted"], said.json["in_doubt"], left(server)) == (0, 6, 0, [])


def test_rows_that_were_cut_off_are_in_doubt_where_the_server_cannot_be_asked_and_are_deleted_as_such(
    command: Campaign, server: RunningSandbox, sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(tmp_path / "list.journal.db", "UPDATE status SET state = 'sending' WHERE seq = 3")
    monkeypatch.setattr(Livechat, "can_read_back", False)
    said = command("undo", sent, *FAST)
    assert (said.code, said.json["deleted"], left(server)) == (0, 6, [])
    assert not any(entry.method == "GET" for entry in server.ledger.entries)


def test_what_waits_and_what_is_in_doubt_is_said_with_the_question(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 5)
    run(command, server, recipients, "--limit", "3")
    change(tmp_path / "list.journal.db", "UPDATE status SET state = 'in_doubt' WHERE seq = 1")
    said = command("undo", recipients, "--rows", "2-3,6")
    assert said.code == 2
    assert "Rows      2-3,6" in said.stderr
    assert "1 message may never have arrived; the server is asked to delete it too" in said.stderr
    assert "2 rows of the run not sent yet; `campaign resume` would still send them" in said.stderr
    assert "Delete 2 messages of run 1" in said.stderr


def test_a_rehearsal_has_nothing_to_take_back(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    plan = campaign.plan(campaign.load(recipients, template="livechat-text"), sandbox=True)
    with campaign.open_journal(tmp_path / "list.journal.db") as journal:
        list(campaign.start_sync(plan, journal=journal).deliver_sync())
    said = command("undo", recipients, *FAST)
    assert (said.code, "no run on record has sent anything" in said.stderr) == (2, True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps open files from being removed")
def test_a_journal_that_is_removed_meanwhile_stops_it_and_the_counts_are_told(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.01))
    recipients = livechat_list(tmp_path / "list.csv", 400)
    run(command, server, recipients)
    process = start_process("undo", str(recipients), "--yes", "--json", "--rate", "100/s")
    wait_for_messages(server, 400 + 20)
    (tmp_path / "list.journal.db").unlink()
    stdout, stderr = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert (process.returncode, report["state"]) == (3, "stopped")
    assert "the journal was removed" in report["reason"]
    assert 0 < report["deleted"] <= len(deleted(server)) < 400
    assert report["deleted"] + report["sent"] == 400
    assert "Put the journal's files back" in stderr
    assert "To try" not in stderr


def test_an_attempt_is_on_record_for_every_request(
    command: Campaign, server: RunningSandbox, sent: Path, tmp_path: Path
) -> None:
    server.sandbox.set_faults(FaultPlan(script=(Fault.RESET_AFTER, Fault.SERVER_ERROR_BEFORE)))
    command("undo", sent, *FAST)
    with open_journal(tmp_path / "list.journal.db", create=False) as journal:
        requests = journal.tally(1).requests
    assert requests == 6 + deletions(server) == 6 + 8


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX sends them")
def test_ctrl_c_lets_requests_end_and_the_same_command_goes_on(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.02))
    recipients = livechat_list(tmp_path / "list.csv", 120)
    run(command, server, recipients)
    process = start_process("undo", str(recipients), "--yes", "--json", "--rate", "100/s")
    wait_for_messages(server, 120 + 10)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert (process.returncode, report["state"], report["reason"]) == (130, "stopped", "interrupted")
    assert report["deleted"] == len(deleted(server)) < 120
    assert f"To try them again: campaign undo {recipients}" in stderr
    server.answer_at_once()
    said = command("undo", recipients, *FAST)
    assert (said.code, said.json["deleted"], left(server)) == (0, 120, [])


@pytest.mark.slow
def test_a_request_to_stop_ends_it(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(latency=0.05))
    recipients = livechat_list(tmp_path / "list.csv", 60)
    run(command, server, recipients)
    process = start_process("undo", str(recipients), "--yes", "--json", "--rate", "20/s")
    wait_for_messages(server, 60 + 3)
    assert command("stop", recipients).code == 0
    stdout, _ = process.communicate(timeout=30)
    report = json.loads(stdout)
    assert (process.returncode, report["state"]) == (130, "stopped")
    assert report["reason"].startswith("stopped by `campaign stop` (")
    assert 0 < report["deleted"] < 60
