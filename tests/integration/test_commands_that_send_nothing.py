"""`new`, `check`, `preview`, `--help`: the commands that send nothing."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from campaign.cli.main import COMMANDS
from tests.integration.conftest import Campaign, livechat_list, write_csv

SERVER = ("--template", "livechat-text", "--server", "https://chat.example.com")
HEAVY = (
    *("aiohttp", "openpyxl", "pydantic", "jinja2", "tqdm", "charset_normalizer", "sqlite3", "psycopg", "wcwidth"),
    *("campaign.journal", "campaign.review"),
)


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
def test_a_new_campaign_runs_in_the_sandbox_as_it_is(command: Campaign, tmp_path: Path, channel: str) -> None:
    folder = tmp_path / "fresh"
    assert command("new", folder, "--channel", channel).code == 0
    result = command("run", folder / "campaign.toml", "--sandbox", "--json", "--rate", "100/s")
    assert (result.code, result.json["sent"]) == (0, 3)


def test_new_overwrites_nothing(command: Campaign, tmp_path: Path) -> None:
    (tmp_path / "campaign.toml").write_text("mine")
    result = command("new", tmp_path)
    assert result.code == 2
    assert "is there already" in result.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_check_shows_the_mapping_and_every_problem_by_cell(command: Campaign, tmp_path: Path) -> None:
    rows = [["Token", "rid", "Nội dung"], ["t1", "r1", "chào"], ["", "r2", "x"], ["t3", "r3", " "]]
    recipients = write_csv(tmp_path / "list.csv", rows)
    result = command("check", recipients, *SERVER, "--map", "msg=Nội dung", "--json")
    assert result.code == 1
    assert "msg ← column C “Nội dung” ← “chào”" in result.stderr
    assert "1 of 3 rows can be sent, 2 are invalid." in result.stderr
    assert [problem["where"] for problem in result.json["problems"]] == ["A3", "C4"]
    found = [
        (column["variable"], column["column"], column["header"], column["example"]) for column in result.json["columns"]
    ]
    assert found == [("token", "A", "Token", "t1"), ("rid", "B", "rid", "r1"), ("msg", "C", "Nội dung", "chào")]


def test_check_of_a_correct_list_exits_with_0(command: Campaign, tmp_path: Path) -> None:
    result = command("check", livechat_list(tmp_path / "list.csv", 3), *SERVER, "-q")
    assert (result.code, result.stderr, result.stdout) == (0, "", "")


def test_preview_shows_the_rows_asked_for(command: Campaign, tmp_path: Path) -> None:
    result = command("preview", livechat_list(tmp_path / "list.csv", 9), *SERVER, "--rows", "3-4")
    assert result.code == 0
    assert "message 1" in result.stdout
    assert "message 2" in result.stdout
    assert "message 3" not in result.stdout
    assert result.stderr == ""


def test_preview_shows_the_first_rows_and_how_to_see_others(command: Campaign, tmp_path: Path) -> None:
    result = command("preview", livechat_list(tmp_path / "list.csv", 30), *SERVER)
    assert "message 9" in result.stdout
    assert "message 10" not in result.stdout
    assert "--rows" in result.stderr


@pytest.mark.parametrize("options", [(), ("--rows", "3-4"), ("--rows", "3-4", "--json")], ids=["first", "rows", "json"])
def test_preview_reads_no_further_than_it_shows(command: Campaign, tmp_path: Path, options: tuple[str, ...]) -> None:
    rows = [["token", "rid", "msg"], *([f"t{row}", "r", "NULL" if row > 1700 else "x"] for row in range(2, 2000))]
    recipients = write_csv(tmp_path / "list.csv", rows)
    shown = command("preview", recipients, *SERVER, *options)
    assert shown.code == 0
    assert "null-word" not in shown.stdout
    said = "The list was read as far as row 1,001; campaign check looks at all rows."
    assert (said in shown.stderr) is ("--json" not in options)
    whole = command("preview", recipients, *SERVER, "--rows", "2-4,1800")
    assert whole.code == 1
    assert "null-word" in whole.stdout
    assert "was read as far as" not in whole.stderr


def test_preview_writes_a_page(command: Campaign, tmp_path: Path) -> None:
    page = tmp_path / "preview.html"
    result = command("preview", livechat_list(tmp_path / "list.csv", 3), *SERVER, "--html", page)
    assert result.code == 0
    assert "message 2" in page.read_text(encoding="utf-8")


def test_preview_of_a_row_with_a_problem_exits_with_1(command: Campaign, tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t1", "", "hello"]])
    result = command("preview", recipients, *SERVER, "--rows", "2", "--json")
    assert result.code == 1
    assert command("preview", recipients, *SERVER, "--rows", "two").code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_each_commands_short_help(name: str) -> None:
    command = getattr(importlib.import_module(f"campaign.cli.{name}"), name)
    assert command.short_help == COMMANDS[name]


def test_help_lists_every_command_in_order_of_use(command: Campaign) -> None:
    shown = command("--help").stdout
    places = [shown.index(f"  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert command("send").code == 2


def test_help_loads_no_heavy_library() -> None:
    check = (
        "import sys\nfrom campaign.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}  # coverage loads sqlite3
    result = subprocess.run(
        [sys.executable, "-c", check, "--help"], capture_output=True, text=True, check=True, env=plain
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_python_m_campaign_is_the_command() -> None:
    result = subprocess.run([sys.executable, "-m", "campaign", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("campaign, version ")


def test_check_names_unused_variables(command: Campaign, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 1)
    result = command("check", recipients, *SERVER, "--set", "mgs=hello", "--map", "colour=token")
    assert result.code == 0
    named = "is named by the campaign file or an option, and livechat-text.toml does not use it"
    assert f"unused-setting: mgs: {named}; did you mean “msg”?" in result.stdout
    assert f"unused-setting: colour: {named}" in result.stdout


def test_garbage_is_collected_again_once_a_command_is_loaded(command: Campaign) -> None:
    gc.disable()
    try:
        command("check", "--help")
        assert gc.isenabled()
    finally:
        gc.enable()
