"""Text for a terminal: harmless, wrapped by words, and measured in the columns that it takes up on the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wcwidth import iter_graphemes, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What a terminal could obey (C0, DEL, C1), what reorders the rest of a line (bidirectional embeddings, overrides and
# isolates: Unicode TR 9), what some terminals take for a line's end, and halves of characters, which cannot be written.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_WORD = re.compile(" *[^ ]+")


def columns(text: str) -> int:
    """How many columns of a terminal a text without control characters takes up."""
    return width(text, control_codes="ignore")


def harmless(text: str) -> str:
    r"""A text in which everything that a terminal could obey is spelt out: an escape character becomes `\x1b`."""
    return _OBEYED.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    code = ord(found[0])
    return {9: r"\t", 10: r"\n", 13: r"\r"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def wrapped(text: str, limit: int) -> Iterator[str]:
    """The text's lines, none wider than `limit` columns, with control characters spelt out.

    Own line breaks are kept; a word that fits on no line is cut between two characters as people see them.
    """
    for line in text.replace("\r\n", "\n").split("\n"):
        yield from _wrap_line(harmless(line), limit)


# wcwidth has a wrap of its own, but takes time that is quadratic in the length of a word: seconds for 100 kB without
# a blank.
def _wrap_line(line: str, limit: int) -> Iterator[str]:
    kept, used = "", 0
    for word in _WORD.findall(line):
        taken = columns(word)
        if used + taken > limit:
            if kept:
                yield kept
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


def hanging(mark: str, text: str, limit: int) -> Iterator[str]:
    """The text wrapped to `limit` columns in all, with a mark before its first line and blanks below the mark."""
    for number, line in enumerate(wrapped(text, limit - columns(mark))):
        yield f"{' ' * columns(mark) if number else mark}{line}"


def box(title: str, sections: Iterable[Iterable[str]], limit: int) -> Iterator[str]:
    """A box no wider than `limit` columns, as narrow as its text allows, with a rule between sections.

    Args:
        title: stands in the upper edge; cut where it does not fit.
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
