"""The commands of the command line, as click declares them."""

from __future__ import annotations

import importlib

import click

from campaign.cli.main import COMMANDS

NAMES = tuple(COMMANDS)


def command(name: str) -> click.Command:
    """A command by its name."""
    found = getattr(importlib.import_module(f"campaign.cli.{name}"), name)
    assert isinstance(found, click.Command)
    return found


def options_of(name: str) -> set[str]:
    """The options of a command, in all their spellings."""
    return {word for each in command(name).params if isinstance(each, click.Option) for word in each.opts}


def commands_with(option: str) -> set[str]:
    """The commands that have an option."""
    return {name for name in NAMES if option in options_of(name)}


def in_order(names: set[str]) -> list[str]:
    """Commands in the order of the command line's help."""
    return [name for name in NAMES if name in names]
