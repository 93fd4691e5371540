"""What an operator does by hand: abandon, resolve, stop, forget, and a retry of named rows."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook

import campaign
from campaign.journal import open_journal
from campaign.sandbox import SandboxSettings
from campaign.sandbox.faults import Fault, FaultPlan
from tests.integration.conftest import FAST, kitechat_list, livechat_list
from tests.integration.test_processes import nothing_is_left_running, start_process, start_run, wait_for_messages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Campaign, RunningSandbox, StartSandbox

pytestmark = pytest.mark.usefixtures("api_key", "nothing_is_left_running")

__all__ = ["nothing_is_left_running"]

LIVECHAT = ("--template", "livechat-text")


def sent_once(server: RunningSandbox) -> bool:
    texts = [json.dumps(body, sort_keys=True) for body in server.bodies()]
    return len(texts) == len(set(texts))


def change(journal: Path, statement: str) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        connection.execute(statement)


@pytest.fixture
def doubtful(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> tuple[Path, RunningSandbox]:
    """A finished Kitechat run of six rows, of which rows 3, 5 and 7 are in doubt."""
    script = (None, Fault.RESET_AFTER) * 3
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=script)))
    recipients = kitechat_list(tmp_path / "list.csv", 6)
    options = ("--template", "kitechat-text", "--server", server.url, "--concurrency", "1")
    said = command("run", recipients, *options, *FAST)
    assert (said.json["sent"], said.json["in_doubt"]) == (3, 3)
    return recipients, server


# abandon


def test_an_abandoned_run_is_finished_and_its_rows_say_why(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 6)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--limit", "2")
    said = command("abandon", recipients, "--yes", "--json")
    assert said.code == 0
    assert (said.json["state"], said.json["sent"], said.json["skipped"], said.json["pending"]) == ("finished", 2, 4, 0)
    assert "left unsent: abandoned by " in said.stderr
    assert load_workbook(said.json["results"])["Results"].max_row == 7
    assert command("resume", recipients, *FAST).json["sent"] == 2
    assert command("abandon", recipients, "--yes").code == 0  # nothing is left to abandon
    assert len(server.ledger.taken()) == 2
    with open_journal(tmp_path / "list.journal.db", create=False) as journal:
        ((what, by, at, detail),) = journal.decisions(1)
    assert (what, detail) == ("abandon", "4 rows left unsent")
    assert "@" in by
    assert abs(at - time.time()) < 60


def test_abandon_looks_up_what_was_cut_off_and_sends_nothing(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 4)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--limit", "2")
    change(tmp_path / "list.journal.db", "UPDATE status SET state = 'sending', attempts = 1 WHERE seq IN (2, 3)")
    said = command("abandon", recipients, "--yes", "--json")
    assert (said.json["sent"], said.json["skipped"], said.json["in_doubt"]) == (2, 2, 0)
    assert len(server.ledger.taken()) == 2


def test_where_the_server_cannot_be_asked_what_was_cut_off_is_in_doubt(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = kitechat_list(tmp_path / "list.csv", 4)
    options = ("--template", "kitechat-text", "--server", server.url)
    command("run", recipients, *options, *FAST, "--limit", "2")
    change(tmp_path / "list.journal.db", "UPDATE status SET state = 'sending', attempts = 1 WHERE seq = 3")
    said = command("abandon", recipients, "--yes", "--json")
    assert (said.json["sent"], said.json["skipped"], said.json["in_doubt"]) == (2, 1, 1)


def test_where_the_server_does_not_answer_what_was_cut_off_is_in_doubt(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox()
    livechat_list(tmp_path / "list.csv", 4)
    campaign = tmp_path / "c.toml"
    campaign.write_text(
        f'name = "c"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n'
        '[delivery]\ngive_up_after = "300ms"\n',
        encoding="utf-8",
    )
    command("run", campaign, *FAST, "--limit", "2")
    change(tmp_path / "c.journal.db", "UPDATE status SET state = 'sending', attempts = 1 WHERE seq = 3")
    server.sandbox.set_faults(FaultPlan(rates={Fault.RESET_AFTER: 1.0}, on_read_back=True))
    said = command("abandon", campaign, "--yes", "--json")
    assert (said.code, said.json["sent"], said.json["skipped"], said.json["in_doubt"]) == (0, 2, 1, 1)
    assert len(server.ledger.taken()) == 2


def test_abandon_asks_the_server_through_the_proxy(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    livechat_list(tmp_path / "list.csv", 4)
    campaign = tmp_path / "c.toml"
    campaign.write_text(
        f'name = "c"\ntemplate = "livechat-text"\n[recipients]\nfile = "list.csv"\n[server]\nurl = "{server.url}"\n'
        '[delivery]\ngive_up_after = "300ms"\n',
        encoding="utf-8",
    )
    command("run", campaign, *FAST, "--limit", "2")
    change(tmp_path / "c.journal.db", "UPDATE status SET state = 'sending', attempts = 1 WHERE seq = 2")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    said = command("abandon", campaign, "--yes", "--json")
    assert (said.code, said.json["sent"], said.json["skipped"], said.json["in_doubt"]) == (0, 1, 2, 1)


# resolve


def test_rows_in_doubt_are_settled_by_hand(command: Campaign, doubtful: tuple[Path, RunningSandbox]) -> None:
    recipients, server = doubtful
    sent = command("resolve", recipients, "--rows", "3, 5", "--as", "sent", "--json")
    assert (sent.code, sent.json["sent"], sent.json["in_doubt"]) == (0, 5, 1)
    waits = command("resolve", recipients, "--rows", "7", "--as", "not-sent", "--json")
    assert (waits.code, waits.json["state"], waits.json["pending"]) == (0, "stopped", 1)
    assert command("results", recipients, "--json").json["reason"] == "rows wait that were settled as not sent"
    before = len(server.ledger.taken())
    assert command("resume", recipients, *FAST).json["sent"] == 6
    assert len(server.ledger.taken()) == before + 1
    reasons = [row[-7] for row in load_workbook(waits.json["results"])["Results"].iter_rows(values_only=True)]
    assert any(str(reason).startswith("settled as sent by ") for reason in reasons)
    with open_journal(recipients.with_name("list.journal.db"), create=False) as journal:
        assert [each.detail for each in journal.decisions(1)] == ["rows 3, 5 as sent", "rows 7 as not sent"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param("3,4", "row 4 is sent, not in doubt", id="a row that is sent"),
        pytest.param("3,99", "there is no row 99", id="a row that is not there"),
        pytest.param("3,90-95", "there is no row 90 to 95", id="rows that are not there"),
        pytest.param("5-2", "“5-2” runs backwards; write 2-5", id="backwards"),
        pytest.param("x", "“x” is not a row or a range of rows", id="no number"),
        pytest.param(",", "name 1 to 400 rows", id="none"),
    ],
)
def test_where_one_row_cannot_be_settled_none_is(
    command: Campaign, doubtful: tuple[Path, RunningSandbox], rows: str, words: str
) -> None:
    recipients, _ = doubtful
    said = command("resolve", recipients, "--rows", rows, "--as", "sent")
    assert said.code == 2
    assert words in said.stderr
    assert command("results", recipients, "--json").json["in_doubt"] == 3


def test_rows_of_an_earlier_run_that_were_not_sent_go_to_its_sheet_to_fix(
    command: Campaign, doubtful: tuple[Path, RunningSandbox]
) -> None:
    recipients, server = doubtful
    options = ("--template", "kitechat-text", "--server", server.url, *FAST)
    command("run", recipients, *options, "--skip-sent")
    said = command("resolve", recipients, "--rows", "5", "--as", "not-sent", "--run", "1", "--json")
    assert (said.code, said.json["run"], said.json["failed"], said.json["in_doubt"]) == (0, 1, 1, 2)
    before = len(server.ledger.taken())
    fixed = command("run", recipients, "--recipients", said.json["results"], "--sheet", "To fix", *options)
    assert (fixed.json["run"], fixed.json["sent"]) == (3, 1)
    assert len(server.ledger.taken()) == before + 1


# resume --rows


def test_named_rows_alone_are_sent_again(command: Campaign, doubtful: tuple[Path, RunningSandbox]) -> None:
    recipients, server = doubtful
    before = len(server.ledger.taken())
    said = command("resume", recipients, "--retry", "in-doubt", "--rows", "5", *FAST)
    assert (said.code, said.json["sent"], said.json["in_doubt"]) == (1, 4, 2)
    assert len(server.ledger.taken()) == before + 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(("--rows", "3"), "add --retry failed or --retry in-doubt", id="without --retry"),
        pytest.param(("--rows", "4", "--retry", "in-doubt"), "row 4 is sent, not in doubt", id="a row that is sent"),
    ],
)
def test_rows_that_cannot_be_sent_again_are_named(
    command: Campaign, doubtful: tuple[Path, RunningSandbox], options: tuple[str, ...], words: str
) -> None:
    recipients, server = doubtful
    before = len(server.ledger.entries)
    said = command("resume", recipients, *options, "--yes")
    assert said.code == 2
    assert words in said.stderr
    assert len(server.ledger.entries) == before


# stop


@pytest.mark.slow
def test_stop_ends_the_delivery_of_another_process_as_ctrl_c_would(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.05))
    recipients = livechat_list(tmp_path / "list.csv", 400)
    process = start_run(recipients, server, "--rate", "50/s")
    wait_for_messages(server, 10)
    said = command("stop", recipients, "--json")
    stdout, stderr = process.communicate(timeout=30)
    assert said.code == 0
    assert said.json["stopping"]
    assert f"process {process.pid} on " in said.json["holder"]
    report = json.loads(stdout)
    assert process.returncode == 130
    assert "stopped by `campaign stop`" in report["reason"]
    assert report["sent"] + report["pending"] == 400
    assert "campaign resume" in stderr
    assert load_workbook(report["results"])["Results"].max_row == 401
    server.answer_at_once()
    resumed = command("resume", recipients, *FAST)  # the request is gone with the process that it was for
    assert (resumed.code, resumed.json["sent"]) == (0, 400)
    assert sent_once(server)


def test_where_no_process_is_at_work_there_is_nothing_to_stop(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    assert command("stop", recipients).code == 2
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST)
    said = command("stop", recipients)
    assert said.code == 2
    assert "no run or resume is at work" in said.stderr


@pytest.mark.slow
def test_the_wish_reaches_a_resume_too(command: Campaign, start_sandbox: StartSandbox, tmp_path: Path) -> None:
    server = start_sandbox(SandboxSettings(latency=0.05))
    recipients = livechat_list(tmp_path / "list.csv", 400)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--limit", "2")
    process = start_process("resume", str(recipients), "--yes", "--rate", "50/s")
    wait_for_messages(server, 8)
    assert command("stop", recipients, "-q").stderr == ""
    process.communicate(timeout=30)
    assert process.returncode == 130


# forget


def test_forget_deletes_the_people_and_keeps_the_counts(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    options = (recipients, *LIVECHAT, "--server", server.url)
    command("run", *options, *FAST)
    command("run", *options, *FAST, "--new")
    said = command("forget", recipients, "--run", "1", "--yes", "--json")
    assert said.code == 0
    assert said.json == {"run": 1, "rows": 3, "with_data": [2], "workbook": str(tmp_path / "list.results.xlsx")}
    assert "list.results.xlsx still contains them" in said.stderr
    assert command("forget", recipients, "--json").json["with_data"] == []
    left = b"".join(path.read_bytes() for path in tmp_path.glob("list.journal.db*"))
    assert b"message 1" not in left
    assert b"token1" not in left
    counts = command("results", recipients, "--json", "--results", tmp_path / "again.xlsx").json
    assert (counts["rows"], counts["sent"]) == (3, 3)
    again = command("run", *options, *FAST, "--skip-sent")  # the digests are still there
    assert (again.json["sent"], again.json["skipped"]) == (0, 3)


@pytest.mark.parametrize("words", ["results", "resume"])
def test_a_workbook_that_still_contains_what_was_forgotten_is_kept(
    command: Campaign, server: RunningSandbox, tmp_path: Path, words: str
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST)
    command("forget", recipients, "--yes")
    kept = (tmp_path / "list.results.xlsx").read_bytes()
    said = command(words, recipients, "--json")
    assert said.json["results"] == str(tmp_path / "list.results (1).xlsx")
    assert "list.results.xlsx: still contains what `campaign forget` deleted from the journal" in said.stderr
    assert "it is kept, and the new workbook is" in said.stderr
    assert (tmp_path / "list.results.xlsx").read_bytes() == kept
    assert command(words, recipients, "--json").json["results"] == str(tmp_path / "list.results (1).xlsx")


def test_an_unfinished_run_is_not_forgotten(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    command("run", recipients, *LIVECHAT, "--server", server.url, *FAST, "--limit", "1")
    said = command("forget", recipients, "--yes")
    assert said.code == 2
    assert "is unfinished: 2 rows are not sent yet" in said.stderr
    assert "campaign abandon" in said.stderr
    assert command("resume", recipients, *FAST).json["sent"] == 3


def test_what_was_forgotten_cannot_be_sent_again(command: Campaign, doubtful: tuple[Path, RunningSandbox]) -> None:
    recipients, server = doubtful
    command("forget", recipients, "--yes")
    before = len(server.ledger.entries)
    said = command("resume", recipients, "--retry", "in-doubt", "--yes")
    assert said.code == 2
    assert "its messages were deleted by `campaign forget`" in said.stderr
    shown = command("results", recipients)
    assert "none of its rows can be sent again from it: send them from a list of their own." in shown.stdout
    assert "--retry" not in shown.stdout + shown.stderr
    refused = pytest.raises(campaign.CampaignError, match="its messages were deleted")
    with open_journal(recipients.with_name("list.journal.db"), create=False) as journal, refused:
        campaign.resume_sync(journal, api_key="k", retry=(campaign.State.IN_DOUBT,))
    assert len(server.ledger.entries) == before


@pytest.mark.parametrize("word", ["abandon", "stop", "forget"])
def test_without_a_journal_there_is_nothing_to_decide_about(command: Campaign, tmp_path: Path, word: str) -> None:
    said = command(word, livechat_list(tmp_path / "list.csv", 1))
    assert said.code == 2
    assert "there is no run of this campaign on record" in said.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


@pytest.mark.slow
def test_what_is_decided_by_hand_waits_for_a_delivery_under_way(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.05))
    recipients = livechat_list(tmp_path / "list.csv", 400)
    process = start_run(recipients, server, "--rate", "20/s")
    wait_for_messages(server, 3)
    for words in (("abandon", "--yes"), ("forget", "--yes"), ("resolve", "--rows", "3", "--as", "sent")):
        said = command(words[0], recipients, *words[1:])
        assert said.code == 2
        assert f"is being worked on by process {process.pid}" in said.stderr
    command("stop", recipients)
    process.communicate(timeout=30)
    assert process.returncode == 130
