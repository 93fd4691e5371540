"""Completion in PowerShell, by what its script hands over."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from campaign.cli.main import campaign


def completed(words: list[str], word: str) -> list[list[str]]:
    environment = {"_CAMPAIGN_COMPLETE": "powershell_complete", "COMP_WORDS": "\n".join(words), "COMP_WORD": word}
    result = CliRunner().invoke(campaign, [], env=environment, prog_name="campaign")
    assert result.exit_code == 0
    return [line.split("\t") for line in result.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "word", "expected"),
    [
        pytest.param(["campaign", "res"], "res", ["resume", "resolve", "results"], id="a command"),
        pytest.param(["campaign", "check", "--rec"], "--rec", ["--recipients"], id="an option"),
        pytest.param(["campaign", "new", "--channel"], "", ["livechat", "kitechat"], id="a value"),
        pytest.param(["campaign", "check", "te"], "te", [], id="a file"),
    ],
)
def test_what_is_typed_is_completed(words: list[str], word: str, expected: list[str]) -> None:
    assert [value for value, _ in completed(words, word)][: len(expected) or None] == expected


def test_each_completion_has_a_help_text() -> None:
    assert all(text for _, text in completed(["campaign"], ""))


def test_the_script_registers_itself_and_cleans_up() -> None:
    result = CliRunner().invoke(campaign, [], env={"_CAMPAIGN_COMPLETE": "powershell_source"}, prog_name="campaign")
    assert "Register-ArgumentCompleter -Native -CommandName campaign" in result.stdout
    assert "Remove-Item Env:COMP_WORDS, Env:COMP_WORD, Env:_CAMPAIGN_COMPLETE" in result.stdout
