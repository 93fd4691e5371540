"""Text from a file cannot control the terminal, and an error stays one paragraph."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.integration.conftest import Campaign

OPTIONS = ("--template", "livechat-text", "--server", "https://chat.example.com")
CLEAR_SCREEN = "\x1b[2J"


def write(path: Path, *rows: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_control_characters_are_escaped(command: Campaign, tmp_path: Path) -> None:
    name = f"Tên{CLEAR_SCREEN}"
    rows = (("token", "rid", "msg", name), ("t", "r", f"xin {CLEAR_SCREEN} chào", "Lan"), ("t", " ", "x\u202e", ""))
    result = command("check", write(tmp_path / "list.csv", *rows), *OPTIONS)
    assert "“xin \\x1b[2J chào”" in result.stdout
    assert "\x1b" not in result.stdout + result.stderr
    missing = command("check", tmp_path / "list.csv", *OPTIONS, "--map", "msg=nowhere")
    assert "the headers are: token, rid, msg, Tên\\x1b[2J" in missing.stderr


def test_a_multi_line_header_is_named_on_one_line(command: Campaign, tmp_path: Path) -> None:
    rows = (("token", "rid", "Nội dung\n(tiếng Việt)"), ("t", "r", ""))
    recipients = write(tmp_path / "list.csv", *rows)
    missing = command("check", recipients, *OPTIONS, "--map", "msg=nowhere")
    assert "; the headers are: token, rid, Nội dung (tiếng Việt)\n" in missing.stderr
    blank = command("check", recipients, *OPTIONS, "--map", "msg=Nội dung (tiếng Việt)")
    assert "  msg ← column C “Nội dung (tiếng Việt)” ← “”" in blank.stdout
    assert "C2: “Nội dung (tiếng Việt)” is blank, and msg needs it; fill it in" in blank.stdout


def test_a_line_break_in_the_name_of_a_file_is_escaped(command: Campaign, tmp_path: Path) -> None:
    result = command("check", tmp_path / "a\nb.toml")
    [line] = result.stderr.splitlines()
    assert line.startswith(f"{tmp_path / 'a'}\\nb.toml: there is no such file; ")


@pytest.mark.parametrize("blank", ["", " ", "\\t\\n"], ids=["empty", "a blank", "a tab"])
@pytest.mark.parametrize("key", ["template", "recipients.file"])
def test_a_blank_name_is_a_problem_of_its_key(command: Campaign, tmp_path: Path, key: str, blank: str) -> None:
    names = {"template": "livechat-text", "recipients.file": "list.csv", key: blank}
    campaign = tmp_path / "c.toml"
    campaign.write_text(
        f'template = "{names["template"]}"\n[recipients]\nfile = "{names["recipients.file"]}"\n', encoding="utf-8"
    )
    result = command("check", campaign)
    assert (result.code, result.stderr) == (2, f"{campaign}: {key}: is blank\n")
