"""Nothing from a cell, a server or the command line reaches a terminal raw, and `--json` can be shown on one."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import campaign
from campaign.cli.json_output import print_json
from tests.integration.conftest import Campaign, RunningSandbox, write_csv
from tests.integration.test_process_ends import in_shell
from tests.integration.test_processes import POSIX

HOSTILE = "note\x1b]0;TITLE\x07\x1b[31m\x9b1m\u202e\u2066"
RAW = ("\x1b", "\x07", "\x9b", "\u202e", "\u2066")

SERVER = ("--template", "livechat-text", "--server", "https://chat.example.com")


def assert_harmless(*texts: str) -> None:
    for text in texts:
        assert not [character for character in RAW if character in text], text


@pytest.mark.parametrize("word", ["check", "preview"])
@pytest.mark.parametrize(
    "more",
    [
        pytest.param(("-v", "--map", "msg=notes"), id="a header in an error"),
        pytest.param(("-v", "--map", f"msg={HOSTILE}"), id="a header as asked for"),
        pytest.param(("--map", HOSTILE), id="an option's value"),
        pytest.param((f"--{HOSTILE}",), id="an option"),
        pytest.param((HOSTILE, HOSTILE), id="arguments"),
        pytest.param(("--server", f"https://{HOSTILE}", "-v"), id="an address"),
        pytest.param(("--template", HOSTILE, "-v"), id="a template"),
        pytest.param(("--sheet", HOSTILE, "-v"), id="a sheet"),
        pytest.param(("--recipients", HOSTILE, "-v"), id="a file"),
        pytest.param(("--json",), id="cells in JSON"),
        pytest.param((), id="cells"),
    ],
)
def test_what_a_terminal_obeys_is_shown_escaped(
    command: Campaign, tmp_path: Path, word: str, more: tuple[str, ...]
) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg", HOSTILE], ["t", "r", HOSTILE, HOSTILE]])
    said = command(word, recipients, *SERVER, *more)
    assert_harmless(said.stderr, said.stdout)
    assert said.stderr or said.stdout


def test_an_unknown_command_is_repeated_escaped(command: Campaign) -> None:
    said = command(HOSTILE)
    assert said.code == 2
    assert_harmless(said.stderr, said.stdout)
    assert r"\x1b]0;TITLE" in said.stderr


def test_a_report_names_files_escaped(command: Campaign, server: RunningSandbox, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[31mb"
    folder.mkdir()
    recipients = write_csv(folder / "list.csv", [["token", "rid", "msg"], ["t", "r", "x"]])
    said = command("run", recipients, "--template", "livechat-text", "--server", server.url, "--yes", "--json", "-v")
    assert said.code == 0
    assert_harmless(said.stderr, said.stdout)
    assert said.json["results"] == str(folder / "list.results.xlsx")


@POSIX
def test_a_traceback_of_a_real_process_is_escaped(tmp_path: Path) -> None:
    recipients = write_csv(tmp_path / "list.csv", [["token", "rid", "msg", HOSTILE], ["t", "r", "x", "y"]])
    said = in_shell("", "check", recipients, *SERVER, "-v", "--map", "msg=notes")
    assert said.returncode == 2
    assert b"Traceback" in said.stderr
    assert_harmless(said.stderr.decode())


def test_json_escapes_what_a_terminal_obeys_and_says_the_same(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    ranges = ((0, 0xA0), (0x61C, 0x61D), (0x200E, 0x2010), (0x2028, 0x202F), (0x2066, 0x206A))
    said = "".join(chr(code) for first, end in ranges for code in range(first, end)) + "Chào 😀"
    print_json({said: [said]})
    printed = capfdbinary.readouterr().out
    assert json.loads(printed) == {said: [said]}
    assert not set(printed.decode()) & set(said) - set(map(chr, range(32, 127))) - set("\nChào 😀")
    assert "Chào 😀".encode() in printed


def test_one_module_writes_to_the_terminal() -> None:
    package = Path(campaign.__file__).parent
    writers = {"echo", "secho", "confirm", "prompt", "print_exc", "print_exception", "pause"}
    found = set()
    for module in package.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                of = getattr(getattr(node.func, "value", None), "id", "")
                if (of in ("click", "traceback", "tqdm") and name in writers) or name == "print":
                    found.add(module.relative_to(package).as_posix())
    assert found == {"cli/console.py"}
