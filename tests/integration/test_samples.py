"""The shipped samples run in the sandbox unchanged."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from tests.integration.conftest import FAST, Campaign, RunningSandbox
from tests.integration.stand_in_clock import StandInClock

SAMPLES = Path(__file__).parents[2] / "samples"
EXPECTED = {
    "livechat-text": {"rows": 60, "sent": 60},
    "livechat-orders": {"rows": 25, "sent": 15, "skipped": 10},
    "livechat-agent": {"rows": 50, "sent": 45, "failed": 3, "skipped": 2},
    "kitechat-cards": {"rows": 80, "sent": 80},
    "kitechat-image": {"rows": 40, "sent": 40},
    "office-hours": {"rows": 60, "sent": 60},
    "first-twenty": {"rows": 50, "sent": 45, "failed": 3, "skipped": 2},
    "notice": {"rows": 6, "sent": 6},
    "languages": {"rows": 12, "sent": 12},
    "rocketchat-card": {"rows": 24, "sent": 22, "failed": 2},
}


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A copy of the samples, next to which runs can write their files."""
    return Path(
        shutil.copytree(SAMPLES, tmp_path / "samples", ignore=shutil.ignore_patterns("*.db*", "*.results*.xlsx"))
    )


def test_every_sample_has_expected_figures() -> None:
    assert {path.stem for path in SAMPLES.glob("*.toml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_runs_with_the_expected_figures(command: Campaign, samples: Path, name: str) -> None:
    result = command("run", samples / f"{name}.toml", "--sandbox", "--yes", "--json", "--rate", "200/s")
    numbers = {key: value for key, value in result.json.items() if key in EXPECTED[name]}
    assert numbers == EXPECTED[name]
    workbook = load_workbook(result.json["results"])
    assert workbook.sheetnames == ["Summary", "Results", "In doubt", "To fix"]
    assert workbook["Results"].max_row == EXPECTED[name]["rows"] + 1


def test_the_sample_with_a_gate_stops_there_where_no_row_may_fail(command: Campaign, samples: Path) -> None:
    file = samples / "first-twenty.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"5%"', '"0%"'), encoding="utf-8")
    result = command("run", file, "--sandbox", "--json")
    assert (result.code, result.json["sent"], result.json["failed"]) == (3, 19, 1)


def test_the_list_of_people_gets_its_conversations(
    command: Campaign, server: RunningSandbox, samples: Path, tmp_path: Path
) -> None:
    out = tmp_path / "with-rooms.xlsx"
    found = command("rooms", samples / "people.csv", "--server", server.url, "-o", out, *FAST)
    assert (found.code, found.json["sent"]) == (0, 5)
    sent = command("run", out, "--template", "livechat-text", "--server", server.url, *FAST)
    assert (sent.code, sent.json["sent"]) == (0, 5)
    assert len({entry.destination for entry in server.ledger.taken()}) == 4


def test_the_list_with_mistakes_is_refused_with_each_named(command: Campaign, samples: Path) -> None:
    result = command("check", samples / "livechat-agent.toml", "--recipients", samples / "with-mistakes.csv", "--json")
    assert result.code == 1
    assert [problem["where"] for problem in result.json["problems"]] == ["B5", "G9", "F11", "A16"]


def test_the_notice_is_tested_sent_told_of_and_taken_back(
    command: Campaign, server: RunningSandbox, samples: Path
) -> None:
    notice = samples / "notice.toml"
    text = notice.read_text(encoding="utf-8").replace('"python3"', json.dumps(sys.executable))
    notice.write_text(text.replace("https://chat.example.com", server.url), encoding="utf-8")
    for path in (notice, samples, samples / "notice-ended.py"):
        path.chmod(0o700)
    tested = command("test", notice, *FAST, "--to", "token=mine", "--to", "rid=my-room", "--rows", "3")
    assert (tested.code, tested.json["sent"]) == (0, 1)
    assert command("run", notice, *FAST).json["sent"] == 6
    assert (samples / "notice-ended.log").read_text() == "run 1 finished: 6 sent, 0 not; no trouble\n"
    undone = command("undo", notice, *FAST)
    assert (undone.code, undone.json["deleted"], undone.json["sent"]) == (1, 5, 1)
    left = [entry.destination.conversation for entry in server.ledger.taken() if entry.deleted_at is None]
    assert left == ["my-room", "kept-104"]


def test_the_orders_are_sent_once_each_and_not_to_who_opts_out_meanwhile(
    command: Campaign, server: RunningSandbox, samples: Path
) -> None:
    orders = samples / "livechat-orders.toml"
    night = (orders, *FAST, "--server", server.url)
    assert command("run", *night, "--limit", "5").json["sent"] == 5
    with (samples / "livechat-orders-stop.csv").open("a", encoding="utf-8") as stop:
        stop.write("+84 912 480 301,2026-03-09\n")
    resumed = command("resume", orders, *FAST)
    assert (resumed.json["sent"], resumed.json["skipped"]) == (14, 11)
    second = command("run", *night, "--skip-sent")
    assert (second.code, second.json["sent"]) == (0, 0)
    with (samples / "livechat-orders.csv").open("a", encoding="utf-8") as rows:
        rows.write("new-token,new-room,Mai,0912999999,SO-9000,shipped\n")
    third = command("run", *night, "--skip-sent")
    assert (third.code, third.json["sent"]) == (0, 1)
    assert len(server.ledger.taken()) == 15


def test_the_sample_with_office_hours_waits_until_eight_in_hanoi(
    command: Campaign, server: RunningSandbox, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    friday = datetime(2026, 11, 27, 7, 59, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    clock = StandInClock(monkeypatch, friday, skips=True)
    said = command("run", samples / "office-hours.toml", *FAST, "--server", server.url)
    assert (said.json["sent"], len(clock.sleeps)) == (60, 1)
    assert "waiting until Fri 2026-11-27 08:00 (Asia/Ho_Chi_Minh)" in said.stderr
    assert command("status", samples / "office-hours.toml").code == 0
