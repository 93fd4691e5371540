"""Reads pages: their fenced blocks, their tables and their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^>]*) -->\n)?^(?P<indent> *)```(?P<language>\w*)(?: title=\"(?P<title>[^\"]*)\")?\n"
    r"(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_EDIT = re.compile(r"^<!-- edit (?P<file>\S+): (?P<old>.*) → (?P<new>.*) -->$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        language: "sh", "toml", …; "" where there is none.
        text: what is in it.
        note: the comment in the line before it.
        title: the file that it shows.
    """

    language: str
    text: str
    note: str = ""
    title: str = ""


class Edit(NamedTuple):
    """What the reader changes in a file at this place; a comment that the page does not show."""

    file: str
    old: str
    new: str


def page(name: str) -> str:
    """The text of a page, by its path in docs/ or as ../README.md."""
    return (DOCS / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    """Every page, by its path in docs/."""
    return sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [
        Block(found["language"], _unindented(found), found["note"] or "", found["title"] or "")
        for found in _BLOCK.finditer(text)
    ]


def steps(text: str) -> list[Block | Edit]:
    """The fenced blocks and the edits of a page, in their order."""
    found: list[tuple[int, Block | Edit]] = [
        (each.start(), Edit(each["file"], each["old"], each["new"])) for each in _EDIT.finditer(text)
    ]
    found += [(each.start(), block) for each, block in zip(_BLOCK.finditer(text), blocks(text), strict=True)]
    return [step for _, step in sorted(found, key=lambda each: each[0])]


def _unindented(found: re.Match[str]) -> str:
    return re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE)


def tables(text: str) -> Iterator[list[list[str]]]:
    """The tables of a page, as rows of cells without the line below the header."""
    for found in re.finditer(r"(?:^ *\|.*\|$\n?)+", text, re.MULTILINE):
        lines = found[0].strip().splitlines()
        yield [
            [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            for line in (lines[0], *lines[2:])
        ]


def table(text: str, *headers: str) -> list[list[str]]:
    """The rows of all tables of a page that have these headers."""
    return [row for found in tables(text) if found[0] == list(headers) for row in found[1:]]


def codes(cell: str) -> list[str]:
    """What is in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def headings(text: str, level: int = 2) -> list[str]:
    """The headings of a level."""
    outside = _BLOCK.sub("", text)
    return re.findall(rf"^{'#' * level} (.+)$", outside, re.MULTILINE)


def section(text: str, heading: str) -> str:
    """The text below a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]
