"""The README agrees with `--help`."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

from campaign.cli.main import COMMANDS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (`-.*?) \| ([a-z, ]+) \|", re.MULTILINE)


def command(name: str) -> click.Command:
    found = getattr(importlib.import_module(f"campaign.cli.{name}"), name)
    assert isinstance(found, click.Command)
    return found


def options_of(name: str) -> set[str]:
    return {word for each in command(name).params if isinstance(each, click.Option) for word in each.opts}


def options_in_readme(name: str) -> set[str]:
    return {
        word
        for cell, commands in ROW.findall(README)
        if name in commands.split(", ")
        for word in re.findall(r"`(--?[a-z-]+)", cell)
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_names_exactly_the_options_of_a_command(name: str) -> None:
    assert options_in_readme(name) == options_of(name)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_has_an_example(name: str) -> None:
    assert f"campaign {name}" in (command(name).help or "")


def test_every_command_in_the_readme_exists() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if re.match(r"(\S+=\S+ )?campaign ", line)]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line.split("campaign ", 1)[1], comments=True)
        used = {word for word in words if word.startswith("-")}
        assert words[0] in COMMANDS, line
        assert used <= options_of(words[0]), line
