"""The table of options: what they mean is written by hand; which commands have them comes from the code."""

from __future__ import annotations

import re

from tests.docs.commands import commands_with, in_order
from tests.docs.markdown import page

NAME = "reference/commands.md"
_ROW = re.compile(r"^\| (?P<cell>`-[^|]*(?:\\\|[^|]*)*) \| (?P<of>[a-z, ]*) \| (?P<meaning>.*) \|$", re.MULTILINE)


def commands_page() -> str:
    """The page, with the commands that have each option.

    An option that has several rows means something else in each, and there the commands are written by hand.
    """
    text = page(NAME)
    rows = [_option(found) for found in _ROW.finditer(text)]
    return _ROW.sub(lambda found: _filled_in(found) if rows.count(_option(found)) == 1 else found[0], text)


def _option(row: re.Match[str]) -> str:
    found = re.search(r"--[a-z-]+", row["cell"])
    assert found is not None, row[0]
    return found[0]


def _filled_in(row: re.Match[str]) -> str:
    return f"| {row['cell']} | {', '.join(in_order(commands_with(_option(row))))} | {row['meaning']} |"
