"""`--json` prints JSON in UTF-8 in every locale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import Campaign, write_csv

ARGUMENTS = ("--template", "livechat-text", "--server", "https://chat.example.com", "--json")


def test_json_is_utf8_in_an_ascii_locale(tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "Xin chào 😀"]])
    command = [sys.executable, "-m", "campaign", "check", str(recipients), *ARGUMENTS]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert "Xin chào 😀".encode() in result.stdout
    assert json.loads(result.stdout)["columns"][2]["example"] == "Xin chào 😀"


def test_a_lone_surrogate_is_named_and_breaks_nothing(command: Campaign, tmp_path: Path) -> None:
    template = tmp_path / "template.json"
    template.write_text(r'{"token": "{{ token }}", "rid": "{{ rid }}", "msg": "{{ msg }} \ud83d"}', encoding="utf-8")
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"]])
    result = command("check", recipients, "--template", template, "--server", "https://chat.example.com", "--json")
    assert result.code == 1
    assert "half of a character" in result.json["problems"][0]["what"]


def test_every_problem_of_a_long_list_is_reported(command: Campaign, tmp_path: Path) -> None:
    rows = [[f"token{number}", "", "x" * 40] for number in range(2, 14_002)]
    result = command("check", write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], *rows]), *ARGUMENTS)
    assert result.code == 1
    assert [problem["where"] for problem in result.json["problems"]] == [f"B{number}" for number in range(2, 14_002)]
    assert len(result.stdout) > 1_000_000
    assert result.json["invalid"] == 14_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full, as Linux has one")
def test_a_full_disk_under_the_output_is_a_warning(tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"]])
    command = [sys.executable, "-m", "campaign", "check", str(recipients), *ARGUMENTS]
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert b"1 of 1 row can be sent." in result.stderr
    assert b"Warning: --json: the standard output cannot be written (No space left on device)" in result.stderr
    assert b"Traceback" not in result.stderr


def test_a_missing_standard_output_is_a_warning(tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"]])
    start = "import sys; sys.stdout = None; from campaign.__main__ import main; main()"
    command = [sys.executable, "-c", start, "check", str(recipients), *ARGUMENTS]
    result = subprocess.run(command, capture_output=True, check=False)
    assert b"Warning: --json: there is no standard output to write to" in result.stderr
    assert (result.stdout, result.returncode) == (b"", 0)
