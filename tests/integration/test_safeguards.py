"""Protection against operating mistakes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from campaign.sandbox import Fault, FaultPlan, SandboxSettings
from tests.integration.conftest import (
    FAST,
    Campaign,
    RunningSandbox,
    StartSandbox,
    kitechat_list,
    livechat_list,
    write_csv,
    write_workbook,
)

KITECHAT = ("--template", "kitechat-text")
LIVECHAT = ("--template", "livechat-text")

pytestmark = pytest.mark.usefixtures("api_key")


@pytest.mark.slow
def test_an_interrupted_retry_leaves_the_other_rows_in_doubt(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(Fault.RESET_AFTER,) * 4)))
    recipients = kitechat_list(tmp_path / "list.csv", 4)
    assert command("run", recipients, *KITECHAT, "--server", server.url, *FAST).json["in_doubt"] == 4
    canary = command("resume", recipients, "--retry", "in-doubt", "--limit", "1", *FAST)
    assert (canary.json["sent"], canary.json["in_doubt"], canary.json["pending"]) == (1, 3, 0)
    plain = command("resume", recipients, *FAST)
    assert (plain.json["sent"], plain.json["in_doubt"]) == (1, 3)
    assert len(server.ledger.entries) == 5


def test_a_throttled_attempt_does_not_resolve_the_doubt_about_an_earlier_one(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=(Fault.RESET_AFTER, Fault.UNAUTHORIZED_BEFORE))))
    recipients = kitechat_list(tmp_path / "list.csv", 1)
    assert command("run", recipients, *KITECHAT, "--server", server.url, *FAST).json["in_doubt"] == 1
    retried = command("resume", recipients, "--retry", "in-doubt", *FAST)
    assert (retried.json["in_doubt"], retried.json["pending"]) == (1, 0)


def test_failed_rows_are_retried_on_request(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "closed-r", "x"]])
    assert command("run", recipients, *LIVECHAT, "--server", server.url, *FAST).json["failed"] == 1
    again = command("resume", recipients, "--retry", "failed", *FAST)
    assert (again.code, again.json["failed"], again.json["requests"]) == (1, 1, 2)


@pytest.mark.parametrize("name", ["list.journal.db", "c.toml", "list.csv"])
def test_results_never_replace_another_file(
    command: Campaign, server: RunningSandbox, tmp_path: Path, name: str
) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 1)
    options = (*LIVECHAT, "--server", server.url, *FAST)
    result = command("run", recipients, *options, "--results", tmp_path / name)
    assert result.code == 2
    assert "a name that ends in .xlsx" in result.stderr
    assert not server.ledger.entries
    command("run", recipients, *options)
    assert command("results", recipients, "--results", tmp_path / name).code == 2
    assert command("resume", recipients, "--results", tmp_path / name, "--yes").code == 2


def test_results_never_replace_the_list(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    workbook = write_workbook(tmp_path / "list.xlsx", [["token", "rid", "msg"], ["t", "r", "x"]])
    result = command("run", workbook, *LIVECHAT, "--server", server.url, "--results", workbook, *FAST)
    assert result.code == 2
    assert "would replace the list" in result.stderr


def test_another_list_of_a_finished_campaign_needs_new(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    options = (tmp_path / "list.csv", *LIVECHAT, "--server", server.url, *FAST)
    livechat_list(tmp_path / "list.csv", 2)
    livechat_list(tmp_path / "copy.csv", 2)
    command("run", *options)
    refused = command("run", *options, "--recipients", tmp_path / "copy.csv")
    assert refused.code == 2
    assert "--new" in refused.stderr
    assert len(server.ledger.entries) == 2


def test_another_list_is_read_from_its_own_first_row(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    livechat_list(tmp_path / "other.csv", 2)
    (tmp_path / "c.toml").write_text(
        'template = "livechat-text"\n[recipients]\nfile = "list.csv"\nheader_row = 3\ndelimiter = ";"\n'
    )
    result = command("run", tmp_path / "c.toml", "--recipients", tmp_path / "other.csv", "--server", server.url, *FAST)
    assert (result.code, result.json["sent"]) == (0, 2)


def test_refusals_that_differ_only_in_a_number_are_of_one_kind(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    rows = [["page_id", "conversation_id", "text"], *(["1", f"unknown-{number}", "x"] for number in range(40))]
    recipients = write_csv(tmp_path / "list.csv", rows)
    result = command("run", recipients, *KITECHAT, "--server", server.url, "--concurrency", "1", *FAST)
    assert (result.code, result.json["failed"], result.json["pending"]) == (3, 20, 20)


def test_a_killed_run_has_an_unknown_stop_reason(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 3)
    limited = command("run", recipients, *LIVECHAT, "--server", server.url, "--limit", "1", *FAST)
    assert limited.json["reason"] == "the limit of 1 row is reached"
    shown = command("results", recipients, "--json")
    assert Counter({**shown.json, "results": None}) == Counter({**limited.json, "results": None})


def test_a_missing_row_is_named(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    result = command("preview", recipients, *LIVECHAT, "--server", "https://chat.example.com", "--rows", "900")
    assert result.code == 2
    assert "the list has no such row" in result.stderr


def test_a_folder_is_not_a_campaign(command: Campaign, tmp_path: Path) -> None:
    result = command("run", tmp_path)
    assert result.code == 2
    assert "is a folder" in result.stderr


@pytest.mark.parametrize("hidden", [False, True], ids=["as it is", "behind another error"])
def test_an_interrupt_while_the_workbook_is_written_ends_in_a_report(
    command: Campaign, server: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hidden: bool
) -> None:
    def interrupted(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            if hidden:  # as zipfile does when it is closed amid a part
                raise ValueError("Can't close the ZIP file while there is an open writing handle on it.")

    monkeypatch.setattr("campaign.runs.report.write_results", interrupted)
    recipients = livechat_list(tmp_path / "list.csv", 3)
    result = command("run", recipients, *LIVECHAT, "--server", server.url, *FAST)
    assert (result.code, result.json["sent"], result.json["results"]) == (130, 3, None)
    assert f"was not written; write it again with: campaign results {recipients}" in result.stderr


@pytest.mark.parametrize(
    ("word", "result"),
    [("run", "interrupted; `campaign results` says how far the run is\n"), ("check", "interrupted\n")],
)
def test_an_interrupt_before_a_delivery_names_the_results_command(
    command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, result: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"campaign.cli.{word}.load", interrupted)
    ended = command(word, livechat_list(tmp_path / "list.csv", 1), *LIVECHAT)
    assert (ended.code, ended.stderr) == (130, result)


def test_the_results_of_a_rehearsal_are_not_sent_for_real(
    command: Campaign, server: RunningSandbox, tmp_path: Path
) -> None:
    write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "closed-r", "Hi"], ["t", "r", "Hi"]])
    rehearsed = command("run", tmp_path / "list.csv", *LIVECHAT, "--sandbox", "-q")
    assert rehearsed.code == 1
    results = tmp_path / "list.sandbox.results.xlsx"
    result = command("run", results, "--sheet", "To fix", *LIVECHAT, "--server", server.url, "--yes")
    assert result.code == 2
    assert "these are the results of a rehearsal" in result.stderr
    assert not server.ledger.entries
    assert command("run", results, "--sheet", "To fix", *LIVECHAT, "--sandbox", "-q").code == 1


def test_a_dry_run_names_unused_variables(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 1)
    result = command("run", recipients, *LIVECHAT, "--server", "https://x.y", "--set", "mgs=x", "--dry-run")
    assert "unused-setting: mgs: is named by" in result.stderr


def test_a_run_names_unused_variables(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 1)
    result = command("run", recipients, *LIVECHAT, "--server", server.url, "--set", "mgs=x", "--yes", "-q")
    assert result.code == 0
    assert "unused-setting: mgs: is named by" in result.stderr


def test_a_dry_run_mentions_the_limit(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 5)
    result = command("run", recipients, *LIVECHAT, "--server", "https://x.y", "--limit", "2", "--dry-run")
    assert (
        "5 of 5 rows can be sent. They would go to https://x.y, the first 2 of them before a resume." in result.stderr
    )
