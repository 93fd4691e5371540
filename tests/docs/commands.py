"""The commands of the command line, as click declares them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click

from campaign.cli.main import COMMANDS

NAMES = tuple(COMMANDS)


def command(name: str) -> click.Command:
    """A command by its name."""
    found = getattr(importlib.import_module(f"campaign.cli.{name}"), name)
    assert isinstance(found, click.Command)
    return found


def with_subcommands(name: str, found: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command, and those of which it is the group, each with all of its words."""
    yield name, found
    if isinstance(found, click.Group):
        for word, each in found.commands.items():
            yield from with_subcommands(f"{name} {word}", each)


def options_of(name: str) -> set[str]:
    """The options of a command and of its subcommands, in all their spellings."""
    params = [each for _, found in with_subcommands(name, command(name)) for each in found.params]
    return {word for each in params if isinstance(each, click.Option) for word in each.opts}


def commands_with(option: str) -> set[str]:
    """The commands that have an option."""
    return {name for name in NAMES if option in options_of(name)}


def in_order(names: set[str]) -> list[str]:
    """Commands in the order of the command line's help."""
    return [name for name in NAMES if name in names]
