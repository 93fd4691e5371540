"""Write the man page from the commands as click has them: python -m tools.man_page.

One page for all commands, as it is searched by people, and one script rather than click-man: that makes a page for each
command without exit codes, files and environment, and would be a dependency of every build. The page is kept in the
repository, because a wheel is built in an environment without the package's own dependencies; a test compares the two.
"""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from campaign.cli.main import COMMANDS, campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "man" / "campaign.1"

EXIT_CODES = {
    "0": "every row is sent or skipped; or what was asked for is done",
    "1": "finished, but some row is invalid, failed or in doubt; doctor: something would stop a run",
    "2": "wrong usage, a missing key, a bad file, invalid rows or findings to decide: nothing was sent",
    "3": "stopped before the end; campaign resume goes on",
    "4": "a fault of campaign's own; campaign resume goes on",
    "130": "interrupted; campaign resume goes on",
}
ENVIRONMENT = {
    "KITECHAT_API_KEY": "the key of the channel kitechat",
    "KITECHAT_API_KEY_FILE": "the file that holds it instead",
    "ROCKETCHAT_AUTH_TOKEN, ROCKETCHAT_USER_ID": "the token of the channel rocketchat, and its user's id",
    "ROCKETCHAT_AUTH_TOKEN_FILE, ROCKETCHAT_USER_ID_FILE": "the files that hold them instead",
    "CAMPAIGN_JOURNAL": "the address of the PostgreSQL database that contains the journals",
    "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY": "the proxies of this machine",
    "SSL_CERT_FILE": "the certificates that are trusted",
    "NO_COLOR": "print without colours",
}
FILES = {
    "NAME.journal.db": "the journal of the campaign NAME, beside its campaign file; -wal, -shm and .lock belong to it",
    "NAME.results.xlsx": "the results workbook of its first run; that of a later one has a number",
    "NAME.sandbox.journal.db, NAME.test.journal.db": "the journals of rehearsals and of tests",
}


def man_page(version: str) -> str:
    """The page, in the macros of man(7).

    Args:
        version: campaign's.
    """
    lines = [
        f'.TH CAMPAIGN 1 "" "campaign {version}" "User Commands"',
        ".SH NAME",
        "campaign \\- send a personalised chat message to every row of a spreadsheet",
        ".SH SYNOPSIS",
        ".B campaign",
        ".I COMMAND",
        "[options] [FILE]",
        ".SH DESCRIPTION",
        *_paragraphs(campaign.help or ""),
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        lines += _command(name, getattr(importlib.import_module(f"campaign.cli.{name}"), name))
    lines += [".SH EXIT STATUS", *_listed(EXIT_CODES)]
    lines += [".SH ENVIRONMENT", *_listed(ENVIRONMENT)]
    lines += [".SH FILES", *_listed(FILES)]
    return "\n".join(lines) + "\n"


def _command(name: str, command: click.Command) -> Iterator[str]:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    named = [(each, each.metavar or (each.name or "").upper()) for each in arguments]
    words = " ".join(word if each.required else f"[{word}]" for each, word in named)
    yield f".SS {_escaped(f'campaign {name} {words}'.strip())}"
    yield from _paragraphs(command.help or "")
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            yield from (".TP", f".B {_escaped(_shown(option))}", _text(option.help or ""))


def _shown(option: click.Option) -> str:
    names = ", ".join((*option.opts, *option.secondary_opts))
    if option.is_flag:
        return names
    if option.metavar is None and isinstance(option.type, click.Choice):
        return f"{names} {'|'.join(map(str, option.type.choices))}"
    return f"{names} {option.metavar or (option.name or '').upper()}"


def _paragraphs(text: str) -> Iterator[str]:
    r"""Paragraphs of a help text; those that begin with \b keep their lines, as click has it."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        if lines[0] == "\b":
            yield from (".PP", ".RS", ".nf", *map(_text, lines[1:]), ".fi", ".RE")
        else:
            yield from (".PP", _text(" ".join(lines)))


def _listed(items: dict[str, str]) -> Iterator[str]:
    for name, text in items.items():
        yield from (".TP", f".B {_escaped(name)}", _text(text))


def _escaped(text: str) -> str:
    r"""Text in which roff sees no requests: \ and the hyphen that is typed; letters beyond ASCII by their number."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in plain)


def _text(text: str) -> str:
    """A line of text, which does not begin as a request does."""
    escaped = _escaped(text)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def version_of_project() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(man_page(version_of_project()), encoding="ascii", newline="\n")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
