"""The command line answers what is typed wrongly, shows help on request, and completes what is half typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Campaign, livechat_list, write_csv

OPTIONS = ("--template", "livechat-text", "--server", "https://chat.example.com")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("chek", "c.toml"), "did you mean `campaign check`?", id="command"),
        pytest.param(("help", "chek"), "did you mean `campaign check`?", id="command of help"),
        pytest.param(("sandbox", "--port", "80x"), "“80x” is not a whole number from 0 to 65535", id="port"),
        pytest.param(("new", "x", "--channel", "kitchat"), "did you mean “kitechat”?", id="value of an option"),
        pytest.param(("run", "c.toml", "--recipient", "x"), "--recipients", id="option"),
        pytest.param(("check", "c.csv", "--header-row", "0"), "is not a whole number from 1 to", id="header row"),
        pytest.param(
            ("check", "https://docs.google.com/spreadsheets/d/1/edit#gid=0"),
            "https://docs.google.com/spreadsheets/d/1/edit…: is a web address; download it as .xlsx or CSV first",
            id="web address",
        ),
        pytest.param(
            ("run", "c.csv", "--recipients", "https://1drv.ms/x/s!A", *OPTIONS),
            "https://1drv.ms/x/s!A: is a web address",
            id="web address of the list",
        ),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(
    command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command(*arguments)
    assert result.code == 2
    assert says in result.stderr


def test_the_commands_to_go_on_with_can_be_typed_as_they_are_said(command: Campaign, tmp_path: Path) -> None:
    said = command("new", tmp_path / "Ưu đãi Tết").stderr.splitlines()[-1]
    assert said.startswith(f'Next: campaign check "{tmp_path / "Ưu đãi Tết" / "campaign.toml"}", then: ')


def test_help_is_a_command_too(command: Campaign) -> None:
    assert command("help").stdout == command("--help").stdout
    assert command("help", "run").stdout == command("run", "--help").stdout
    assert "campaign run" in command("help", "run").stdout


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        pytest.param("campaign re", ["resume", "resolve", "results"], id="command"),
        pytest.param("campaign preview --r", ["--recipients", "--rows"], id="option"),
        pytest.param("campaign resume --retry f", ["failed"], id="value"),
        pytest.param("campaign check", ["check"], id="whole command"),
    ],
)
def test_a_shell_completes_commands_options_and_values(
    command: Campaign, monkeypatch: pytest.MonkeyPatch, words: str, completions: list[str]
) -> None:
    monkeypatch.setenv("_CAMPAIGN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    result = command()
    assert result.stdout.splitlines() == [f"plain,{each}" for each in completions]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_line_for_the_shell_is_printed(command: Campaign, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_CAMPAIGN_COMPLETE", f"{shell}_source")
    assert "_CAMPAIGN_COMPLETE" in command().stdout


def test_the_rows_that_campaign_prints_can_be_previewed(command: Campaign, tmp_path: Path) -> None:
    rows = livechat_list(tmp_path / "list.csv", 6)
    result = command("preview", rows, *OPTIONS, "--rows", "rows 2, 5–6", "--json")
    assert [line.split(":")[1].split(",")[0].strip() for line in result.stdout.split('{"row"')[1:]] == ["2", "5", "6"]
    assert command("preview", rows, *OPTIONS, "--rows", "5-2").code == 2
    none = command("preview", rows, *OPTIONS, "--rows", "74,84")
    assert (none.code, "the list has no such row" in none.stderr) == (2, True)


def test_a_blank_column_is_one_line(command: Campaign, tmp_path: Path) -> None:
    rows = [["token", "rid", "msg"], *(["t", "", "Hi"] for _ in range(1500))]
    recipients = write_csv(tmp_path / "list.csv", rows)
    line = "“rid” is blank in 1,500 rows (2–1501), and rid needs it; fill it in"
    for arguments in (("check",), ("run", "--yes"), ("run", "--dry-run")):
        result = command(arguments[0], recipients, *OPTIONS, *arguments[1:])
        said = f"{result.stdout}\n{result.stderr}"
        assert said.splitlines().count(line) == 1
        assert said.count("needs it") == 1


def test_damaged_lines_are_said_before_what_follows_from_them(command: Campaign, tmp_path: Path) -> None:
    lines = ["token,rid,msg", 't,r,"Hi', *("t,,Hi" for _ in range(5)), *('t,r,"Hi' for _ in range(4))]
    (tmp_path / "list.csv").write_text("\n".join(lines), encoding="utf-8")
    found = [line.split("; ")[0] for line in command("check", tmp_path / "list.csv", *OPTIONS).stdout.splitlines()]
    assert [line for line in found if "quotation" in line or "blank" in line] == [
        "5 rows (2, 8–11): a field starts with a quotation mark that is not closed",
        "“rid” is blank in 5 rows (3–7), and rid needs it",
    ]
