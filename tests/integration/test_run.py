from __future__ import annotations

import stat
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.integration.conftest import (
    FAST,
    Campaign,
    RunningSandbox,
    kitechat_list,
    livechat_list,
    write_csv,
    write_workbook,
)

KEYS = [
    "run",
    "state",
    "reason",
    "rows",
    "sent",
    "failed",
    "in_doubt",
    "invalid",
    "skipped",
    "pending",
    "deleted",
    "requests",
    "throttled",
    "seconds",
    "results",
    "warnings",
]

pytestmark = pytest.mark.usefixtures("api_key")


def test_every_row_arrives_once_and_in_order_for_each_destination(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 300, destinations=40)
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST)
    assert result.code == 0
    assert list(result.json) == KEYS
    assert {**result.json, "seconds": 0} == {
        "run": 1,
        "state": "finished",
        "reason": None,
        "rows": 300,
        "sent": 300,
        "failed": 0,
        "in_doubt": 0,
        "invalid": 0,
        "skipped": 0,
        "pending": 0,
        "deleted": 0,
        "requests": 300,
        "throttled": 0,
        "seconds": 0,
        "results": str(tmp_path / "list.results.xlsx"),
        "warnings": result.json["warnings"],
    }
    arrived = defaultdict(list)
    for body in server.bodies():
        arrived[body["rid"]].append(int(body["msg"].split()[1]))
    assert sorted(number for numbers in arrived.values() for number in numbers) == list(range(300))
    assert all(numbers == sorted(numbers) for numbers in arrived.values())


def test_livechat_bodies_contain_the_documented_fields_and_the_message_id(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    rows = [
        ["token", "rid", "msg", "agent_id", "agent_username"],
        ["t1", "r1", "hello", "a1", "jane"],
        ["t2", "r2", "hi"],
    ]
    recipients = write_csv(tmp_path / "list.csv", [*rows[:2], [*rows[2], "", ""]])
    result = command("run", recipients, "--template", "livechat-text-agent", "--server", server.url, *FAST)
    assert result.code == 0
    first, second = sorted(server.bodies(), key=lambda body: str(body["token"]))
    assert set(first) == {"_id", "token", "rid", "msg", "agent"}
    assert first["agent"] == {"agentId": "a1", "username": "jane"}
    assert set(second) == {"_id", "token", "rid", "msg"}
    assert first["_id"] != second["_id"]


def test_the_api_key_is_sent_in_its_header_and_stored_nowhere(
    command: Campaign, server: RunningSandbox, tmp_path: Path, api_key: str
) -> None:
    recipients = kitechat_list(tmp_path / "list.csv", 3)
    result = command("run", recipients, "--template", "kitechat-text", "--server", server.url, *FAST)
    assert result.code == 0
    assert [entry.has_credentials for entry in server.ledger.entries] == [True] * 3
    assert api_key not in result.stdout + result.stderr
    for left in tmp_path.iterdir():
        assert api_key.encode() not in left.read_bytes(), left


def test_leading_zeros_dates_and_amounts_are_sent_as_the_sheet_shows_them(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    workbook = write_workbook(tmp_path / "list.xlsx", [["token", "rid", "msg", "Số tiền"], ["007", "r", "x", 1250000]])
    result = command(
        "run", workbook, "--template", "livechat-text", "--map", "msg=Số tiền", "--server", server.url, *FAST
    )
    assert result.code == 0
    assert [(body["token"], body["msg"]) for body in server.bodies()] == [("007", "1250000")]


def test_invalid_rows_stop_the_run_before_the_first_send(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"], ["t", "", "y"]])
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, "--yes")
    assert result.code == 2
    assert "B3: “rid” is blank, and rid needs it" in result.stderr
    assert "1 of 2 rows cannot be sent as it is" in result.stderr
    assert not server.ledger.entries
    assert command("resume", recipients, "--yes").code == 2


def test_a_run_that_is_refused_for_invalid_rows_prints_its_object(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    rows = [["token", "rid", "msg"], ["t", "r", "x"], ["t", "", "y"], ["t ", "r", "NULL"]]
    recipients = write_csv(tmp_path / "list.csv", rows)
    options = ("--template", "livechat-text", "--server", server.url)
    result = command("run", recipients, *options, "--yes", "--json")
    assert result.code == 2
    assert list(result.json) == KEYS
    assert (result.json["state"], result.json["reason"]) == ("stopped", "1 of 3 rows cannot be sent as it is")
    counts = [result.json[name] for name in ("rows", "sent", "pending", "invalid", "skipped", "requests")]
    assert counts == [3, 0, 2, 1, 0, 0]
    assert [each["code"] for each in result.json["warnings"]] == ["null-word", "same-destination", "trimmed"]
    order = ["B3: “rid” is blank", "✗ null-word:", "– same-destination:", "list.csv: 1 of 3 rows", "Nothing was sent."]
    assert [result.stderr.index(each) for each in order] == sorted(result.stderr.index(each) for each in order)
    rehearsal = command("run", recipients, *options, "--sandbox", "--json")
    assert (rehearsal.code, rehearsal.json["invalid"]) == (2, 1)
    assert "1 finding has to be decided before the real run:" in rehearsal.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(
            (), "Nothing is sent before the invalid row is corrected, or left out with --skip-inv", id="plain"
        ),
        pytest.param(("--skip-invalid",), "1 of 2 rows can be sent, 1 is invalid. It would go to", id="left out"),
        pytest.param(("--sandbox",), "Nothing is sent before the invalid row is corrected", id="a rehearsal"),
    ],
)
def test_a_dry_run_with_invalid_rows_ends_as_check_does(
    command: Campaign, server: RunningSandbox, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"], ["t", "", "y"]])
    campaign = (recipients, "--template", "livechat-text", "--server", server.url)
    result = command("run", *campaign, "--dry-run", "--json", *options)
    assert (result.code, command("check", *campaign).code) == (1, 1)
    assert (result.json["reason"], result.json["invalid"]) == ("dry run", 1)
    assert says in result.stderr


def test_skip_invalid_sends_the_valid_rows_and_reports_the_others(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"], ["t", "", "y"]])
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, "--skip-invalid", *FAST)
    assert result.code == 1
    assert (result.json["sent"], result.json["invalid"], result.json["rows"]) == (1, 1, 2)


def test_an_exact_duplicate_is_skipped_with_a_reason(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"], ["t", "r", "x"]])
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST)
    assert result.code == 0
    assert (result.json["sent"], result.json["skipped"]) == (1, 1)
    assert "exact duplicate of row 2" in result.stderr


def test_without_yes_and_without_a_terminal_nothing_is_sent(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url)
    assert result.code == 2
    assert f"Send 3 messages to {server.url}" in result.stderr
    assert "--yes" in result.stderr
    assert not server.ledger.entries


def test_a_dry_run_plans_and_leaves_nothing_behind(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, "--dry-run", "--json")
    assert result.code == 0
    assert list(result.json) == KEYS
    assert (result.json["run"], result.json["reason"], result.json["pending"]) == (None, "dry run", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]
    assert not server.ledger.entries


def test_limit_sends_the_first_rows_and_resume_the_rest(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 50)
    first = command("run", recipients, "--template", "livechat-text", "--server", server.url, "--limit", "5", *FAST)
    assert first.code == 3
    assert (first.json["state"], first.json["sent"], first.json["pending"]) == ("stopped", 5, 45)
    assert first.json["reason"] == "the limit of 5 rows is reached"
    recipients.unlink()
    second = command("resume", recipients, *FAST)
    assert second.code == 0
    assert (second.json["run"], second.json["state"], second.json["sent"]) == (1, "finished", 50)
    assert len(server.ledger.taken()) == 50


def test_a_run_on_record_never_starts_over_silently(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 6)
    options = (recipients, "--template", "livechat-text", "--server", server.url, *FAST)
    command("run", *options, "--limit", "2")
    unfinished = command("run", *options)
    assert unfinished.code == 2
    assert "is unfinished: 2 of 6 rows are sent" in unfinished.stderr
    assert "campaign resume" in unfinished.stderr
    command("resume", recipients, *FAST)
    finished = command("run", *options)
    assert finished.code == 2
    assert "--new" in finished.stderr
    again = command("run", *options, "--new")
    assert (again.code, again.json["run"]) == (0, 2)
    assert again.json["results"] == str(tmp_path / "list.results-2.xlsx")
    assert len(server.ledger.taken()) == 12


def test_the_corrected_sheet_to_fix_is_a_recipients_file(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    rows: list[list[object]] = [["token", "rid", "msg"], ["t1", "r1", "x"], ["t2", "closed-r", "y"], ["t3", None, "z"]]
    workbook = write_workbook(tmp_path / "list.xlsx", rows)
    options = ("--template", "livechat-text", "--server", server.url, "--skip-invalid", *FAST)
    first = command("run", workbook, *options)
    assert (first.code, first.json["failed"], first.json["invalid"]) == (1, 1, 1)
    results = load_workbook(first.json["results"])
    sheet = results["To fix"]
    assert [[cell.value for cell in row][:3] for row in sheet.iter_rows()] == [rows[0], rows[2], rows[3]]
    sheet["B2"] = "r2"
    sheet["B3"] = "r3"
    results.save(tmp_path / "fixed.xlsx")
    second = command("run", workbook, "--recipients", tmp_path / "fixed.xlsx", "--sheet", "To fix", *options)
    assert (second.code, second.json["run"], second.json["sent"]) == (0, 2, 2)
    assert sorted(body["rid"] for body in server.bodies()) == ["r1", "r2", "r3"]


def test_a_rehearsal_has_its_own_journal_and_a_new_run_each_time(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 4)
    options = (recipients, "--template", "livechat-text", "--server", "https://chat.example.com", "--sandbox", *FAST)
    assert command("run", *options).json["results"] == str(tmp_path / "list.sandbox.results.xlsx")
    assert command("run", *options).json["run"] == 2
    assert (tmp_path / "list.sandbox.journal.db").exists()
    assert not (tmp_path / "list.journal.db").exists()


def test_a_rehearsal_of_a_livechat_campaign_needs_no_server_and_of_kitechat_no_key(
    command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KITECHAT_API_KEY")
    livechat = command("run", livechat_list(tmp_path / "a.csv", 2), "--template", "livechat-text", "--sandbox", *FAST)
    kitechat = command("run", kitechat_list(tmp_path / "b.csv", 2), "--template", "kitechat-text", "--sandbox", *FAST)
    assert (livechat.code, kitechat.code) == (0, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions in access lists, not in mode bits")
def test_journal_and_results_are_readable_by_their_owner_only(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    command(
        "run", livechat_list(tmp_path / "list.csv", 2), "--template", "livechat-text", "--server", server.url, *FAST
    )
    for name in ("list.journal.db", "list.results.xlsx"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_results_are_written_again_from_the_journal(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 4)
    first = command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST)
    (tmp_path / "list.results.xlsx").unlink()
    again = command("results", recipients, "--json")
    assert again.json == first.json
    assert (tmp_path / "list.results.xlsx").exists()
    elsewhere = command("results", recipients, "--run", "1", "--results", tmp_path / "copy.xlsx", "--json", "-q")
    assert elsewhere.json["results"] == str(tmp_path / "copy.xlsx")
    assert elsewhere.stderr == ""
    assert "no run 7" in command("results", recipients, "--run", "7").stderr
