"""The problem of a file that is not valid TOML."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from wcwidth import width

from campaign.errors import Problem
from campaign.toml_text.causes import Place, likely_cause

if TYPE_CHECKING:
    import tomllib

_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_SECTION = re.compile(r"^[ \t]*\[+[ \t]*([^\]\s]*)", re.MULTILINE)
_SECRET = re.compile("key|secret|passw|auth", re.IGNORECASE)
"""Names of settings whose line is not repeated: a key does not belong in the file, and less so in a log."""

_PASSWORD = re.compile(r"://[^/\s]*:[^\s]*@")
"""An address with a password, whose line is not repeated either."""

_BEFORE, _AFTER = 60, 40
"""Characters that are shown on either side of the place: a line may be as long as a file."""

_INDENT = "    "


class Position(NamedTuple):
    """Where the parser stopped: line and column from 1."""

    line: int
    column: int


def toml_problem(file: str, text: str, error: tomllib.TOMLDecodeError) -> Problem:
    """Say what is wrong with a TOML file, on which line, with the line and a caret under the place.

    Args:
        file: its name, for people.
        text: its content.
        error: what the parser raised.
    """
    text = text.replace("\r\n", "\n")  # as the parser counts
    message = _POSITION.sub("", str(error))
    lines = text.split("\n")
    line, column = _position(str(error), lines, message)
    before = "\n".join(lines[: line - 1])
    sections = _SECTION.findall(before)
    cause = likely_cause(message, Place(lines[line - 1], column - 1, sections[-1] if sections else "", before))
    if _SECRET.search(lines[line - 1].partition("=")[0]) or _PASSWORD.search(lines[line - 1]):
        return Problem(f"{file}, line {line}", cause.what)
    excerpt = show_place(lines[line - 1], column - 1 if cause.at is None else cause.at)
    return Problem(f"{file}, line {line}", cause.what, f"{cause.remedy}\n{excerpt}")


def _position(said: str, lines: list[str], message: str) -> Position:
    found = _POSITION.search(said)
    if found and found[1]:
        return Position(int(found[1]), int(found[2]))
    expected = re.fullmatch('Expected "(\'+)"', message)
    marks = (expected[1],) if expected else ('"""',) if message == "Unterminated string" else ()
    opened = max((number for number, line in enumerate(lines, 1) for mark in marks if mark in line), default=0)
    if opened:  # a text that never ends: what is below it is part of it
        return Position(opened, max(lines[opened - 1].rfind(mark) for mark in marks) + 1)
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
    return Position(last, len(lines[last - 1]) + 1)


def show_place(line: str, at: int) -> str:
    """Return a line with a caret below one of its characters, shortened around it and without control characters.

    Args:
        line: the line.
        at: the index of the character; the line's length for its end.
    """
    start, end = max(0, at - _BEFORE), at + _AFTER
    head = ("…" if start else "") + _visible(line[start:at])
    tail = _visible(line[at:end]) + ("…" if end < len(line) else "")
    head_stripped = head.lstrip(" ")
    blanks = " " * width(head_stripped)
    shown = f"{head_stripped}{tail}".rstrip()
    return f"{_INDENT}{shown}\n{_INDENT}{blanks}^"


def _visible(text: str) -> str:
    """Replace characters that take up no room, or move the others: the caret would be under another place."""
    return "".join(_one_column(each) for each in text)


def _one_column(character: str) -> str:
    category = unicodedata.category(character)
    if character == "\t":
        return " "
    return "·" if category in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
