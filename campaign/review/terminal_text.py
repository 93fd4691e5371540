"""Text in the columns of a terminal: its width, lines that are wrapped, boxes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wcwidth import iter_graphemes, width

from campaign.text import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORD = re.compile(" *[^ ]+")


def columns(text: str) -> int:
    """How many columns of a terminal a text without control characters takes up after a blank.

    A mark without a letter before it takes up none by itself, but one where it joins the blank.
    """
    return width(f" {text}", control_codes="ignore") - 1


def wrapped(text: str, limit: int, *, first: int = 0) -> Iterator[str]:
    """The text's lines, none wider than `limit` columns, with control characters escaped.

    Own line breaks are kept; a word that fits on no line is cut between two characters as people see them.

    Args:
        text: the text.
        limit: columns of a line.
        first: columns of the first line, where it has more.
    """
    for line in text.replace("\r\n", "\n").split("\n"):
        yield from _wrap_line(harmless(line), limit, max(limit, first))
        first = 0


# The wrap function of wcwidth takes time quadratic in the length of a word: seconds for 100 kB without a blank.
def _wrap_line(line: str, limit: int, room: int) -> Iterator[str]:
    kept, used = "", 0
    for word in _WORD.findall(line):
        taken = columns(word)
        if used + taken > room:
            if kept:
                yield kept
            room = limit
            *full, kept = _cut(word.lstrip(" "), limit)
            yield from full
            used = columns(kept)
        else:
            kept, used = kept + word, used + taken
    yield kept


def _cut(word: str, limit: int) -> Iterator[str]:
    kept, used = "", 0
    for character in iter_graphemes(word):
        taken = columns(character)
        if used + taken > limit:
            yield kept
            kept, used = "", 0
        kept, used = kept + character, used + taken
    yield kept


def _shortened(text: str, limit: int) -> str:
    line = harmless(text)
    return line if columns(line) <= limit else f"{next(_cut(line, limit - 1))}…"


def hanging(mark: str, text: str, limit: int, *, indent: int | None = None) -> Iterator[str]:
    """The text wrapped to `limit` columns in all, with a mark before its first line and blanks below the mark.

    Args:
        mark: what the first line begins with.
        text: the text.
        limit: columns.
        indent: blanks before the further lines; None: as many as the mark has columns.
    """
    if indent is None:
        for number, line in enumerate(wrapped(text, max(1, limit - columns(mark)))):
            yield f"{' ' * columns(mark) if number else mark}{line}"
        return
    margin = " " * (len(mark) - len(mark.lstrip(" ")))
    first, *rest = wrapped(f"{mark.lstrip(' ')}{text}", max(1, limit - indent), first=limit - len(margin))
    yield f"{margin}{first}"
    yield from (f"{' ' * indent}{line}" for line in rest)


def box(title: str, sections: Iterable[Iterable[str]], limit: int) -> Iterator[str]:
    """A box no wider than `limit` columns, as narrow as its text allows, with a rule between sections.

    Args:
        title: the text in the upper edge; shortened if it does not fit.
        sections: paragraphs, which are wrapped.
        limit: the most columns that the box may take, at least 9.
    """
    inner = limit - 4
    heading = _shortened(title, inner - 2)
    lines = [[line for paragraph in section for line in wrapped(paragraph, inner)] for section in sections]
    inner = max([columns(heading) + 2, *(columns(line) for section in lines for line in section)])
    yield f"╭─ {heading} {'─' * (inner - columns(heading) - 1)}╮"
    for number, section in enumerate(lines):
        if number:
            yield f"├{'─' * (inner + 2)}┤"
        for line in section:
            yield f"│ {line}{' ' * (inner - columns(line))} │"
    yield f"╰{'─' * (inner + 2)}╯"
