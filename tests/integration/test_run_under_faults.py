"""`campaign run` against a server that throttles, fails, refuses and loses responses."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign.sandbox import Fault, FaultPlan, RateLimit, SandboxSettings
from tests.integration.conftest import (
    FAST,
    Campaign,
    RunningSandbox,
    StartSandbox,
    kitechat_list,
    livechat_list,
    write_csv,
)

pytestmark = pytest.mark.usefixtures("api_key")


def test_the_servers_limit_is_obeyed_without_a_single_429(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(limit=RateLimit(20, 0.5)))
    recipients = livechat_list(tmp_path / "list.csv", 70)
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST)
    assert result.code == 0
    assert result.json["throttled"] == 0
    assert result.json["seconds"] >= 1.5


def test_429_and_503_delay_rows_and_never_fail_them(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    plan = FaultPlan(script=(None, Fault.THROTTLED_BEFORE, Fault.THROTTLED_SECONDS_BEFORE))
    for template, make in (("livechat-text", livechat_list), ("kitechat-text", kitechat_list)):
        server = start_sandbox(SandboxSettings(faults=plan))
        recipients = make(tmp_path / f"{template}.csv", 6)
        result = command("run", recipients, "--template", template, "--server", server.url, *FAST)
        assert (result.code, result.json["sent"], result.json["throttled"]) == (0, 6, 2)
        assert len(server.ledger.taken()) == 6


def test_a_lost_response_is_read_back_on_livechat(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    script = (Fault.RESET_BEFORE, None, Fault.RESET_AFTER, Fault.SERVER_ERROR_AFTER, Fault.TRUNCATED_AFTER)
    server = start_sandbox(SandboxSettings(faults=FaultPlan(script=script)))
    recipients = livechat_list(tmp_path / "list.csv", 8)
    result = command("run", recipients, "--template", "livechat-text", "--server", server.url, *FAST)
    assert (result.code, result.json["sent"], result.json["in_doubt"]) == (0, 8, 0)
    assert len({entry.message_id for entry in server.ledger.taken()}) == len(server.ledger.taken()) == 8


def test_a_lost_response_leaves_a_kitechat_row_in_doubt_and_it_is_not_sent_again(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(
        SandboxSettings(faults=FaultPlan(script=(None, Fault.RESET_AFTER, Fault.BAD_GATEWAY_BEFORE)))
    )
    recipients = kitechat_list(tmp_path / "list.csv", 6)
    result = command("run", recipients, "--template", "kitechat-text", "--server", server.url, *FAST)
    assert (result.code, result.json["sent"], result.json["in_doubt"]) == (1, 4, 2)
    assert "campaign resume" in result.stderr
    assert "--retry in-doubt" in result.stderr
    again = command("resume", recipients, *FAST)
    assert (again.json["sent"], again.json["in_doubt"], len(server.ledger.entries)) == (4, 2, 6)
    retried = command("resume", recipients, "--retry", "in-doubt", *FAST)
    assert (retried.code, retried.json["sent"], retried.json["in_doubt"]) == (0, 6, 0)


def test_a_refused_key_stops_the_run_at_once_with_the_rest_pending(
    command: Campaign, start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(credentials={"api_key": "another key"}))
    result = command("run", kitechat_list(tmp_path / "list.csv", 30), "--template", "kitechat-text",
                   "--server", server.url, *FAST)  # fmt: skip
    assert result.code == 3
    assert (result.json["state"], result.json["sent"], result.json["pending"]) == ("stopped", 0, 30)
    assert "HTTP 401" in result.json["reason"]
    assert len(server.ledger.entries) == 1


def test_twenty_equal_refusals_stop_the_run(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    rows = [["token", "rid", "msg"], *([f"t{number}", f"closed-{number}", "x"] for number in range(60))]
    recipients = write_csv(tmp_path / "list.csv", rows)
    result = command(
        "run", recipients, "--template", "livechat-text", "--server", server.url, "--concurrency", "1", *FAST
    )
    assert result.code == 3
    assert (result.json["failed"], result.json["pending"]) == (20, 40)
    assert "is the list or the template wrong?" in result.json["reason"]
