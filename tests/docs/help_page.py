"""The page with the help of every command."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from tests.docs.commands import NAMES, command, with_subcommands

BEGIN = """\
# Help of each command

What `campaign COMMAND --help` prints. [Commands and options](commands.md) explains the options, and says which commands
share them. This page is made from the code.
"""


def help_page() -> str:
    """The page."""
    found = [each for name in NAMES for each in with_subcommands(name, command(name))]
    return "\n".join([BEGIN, *(line for name, each in found for line in section_of(name, each))])


def section_of(name: str, found: click.Command) -> Iterator[str]:
    """The section about a command."""
    context = click.Context(found, info_name=f"campaign {name}", help_option_names=["-h", "--help"])
    yield f"## campaign {name}"
    yield ""
    for paragraph in inspect.cleandoc(found.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            yield from ("```sh", *(line.strip() for line in paragraph.splitlines()[1:]), "```", "")
        else:
            yield from (f"{' '.join(paragraph.split())}", "")
    yield from (f"`{found.get_usage(context).removeprefix('Usage: ')}`", "")
    yield from ("| option | meaning |", "| --- | --- |")
    for option in found.get_params(context):
        record = option.get_help_record(context)
        if record is not None and isinstance(option, click.Option):
            yield f"| {_code(record[0])} | {_prose(record[1])} |"
    yield ""


def _code(text: str) -> str:
    return f"`{' '.join(text.split())}`".replace("|", r"\|")


def _prose(text: str) -> str:
    """Help texts are plain text, in which braces, brackets and the like mean nothing to Markdown."""
    return " ".join(text.split()).replace("|", r"\|").replace("<", r"\<").replace("*", r"\*").replace("_", r"\_")
