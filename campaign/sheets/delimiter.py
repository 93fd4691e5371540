"""Which character stands between the fields of a text file."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
CANDIDATES = "\t;|,"
"""What is tried. Where two fit equally well the comma comes last: it is common within texts, the others are not."""

_RECORDS_LOOKED_AT = 50
_NAME_ONE = "use one character, or a name: comma, semicolon, tab, pipe"
_NAME_ONE_THERE = "put the character there that does, or delete the line"


class Delimiter(NamedTuple):
    """The separator, and whether a first line `sep=;` named it: Excel takes such a line for no row."""

    character: str
    has_sep_line: bool

    @property
    def label(self) -> str:
        """The separator in words."""
        return f"separated by {_NAMES.get(self.character) or f'“{self.character}”'}"


def find_delimiter(lines: Sequence[str], wanted: str | None, *, header_row: int, suffix: str) -> Delimiter:
    """Find the separator.

    Args:
        lines: the first lines of the file.
        wanted: the separator the operator names, as a character or a word, or None.
        header_row: number of the header row, from 1.
        suffix: how the file's name ends.

    Raises:
        RecipientsError: what the operator names, or else the first line, cannot be a separator.
    """
    named = _named_in_first_line(lines[0]) if lines else ""
    has_sep_line = bool(named)
    if wanted is not None:
        return Delimiter(_checked(wanted, "delimiter", _NAME_ONE), has_sep_line)
    if named:
        return Delimiter(_checked(named, "line 1, sep=", _NAME_ONE_THERE), has_sep_line)
    if suffix.lower() in {".tsv", ".tab"}:
        return Delimiter("\t", has_sep_line)
    best = max(CANDIDATES, key=lambda candidate: _fit(lines, candidate, header_row))
    return Delimiter(best if _fit(lines, best, header_row) > _NO_FIT else ",", has_sep_line)


_NO_FIT = (0.0, 0)


def _named_in_first_line(line: str) -> str:
    text = line.lstrip("\ufeff").rstrip("\r\n")
    if text.startswith('"') and text.endswith('"'):  # as programs write it that put every text in quotation marks
        text = text[1:-1]
    name, _, character = text.partition("=")
    return character if name.strip().lower() == "sep" and len(character) == 1 else ""


def _checked(wanted: str, where: str, remedy: str) -> str:
    character = _WORDS.get(wanted.strip().lower(), wanted)
    if len(character) != 1 or character in '"\r\n\0 ' or character.isalnum():
        raise RecipientsError(Problem(where, f"“{wanted}” cannot separate fields", remedy))
    return character


def _fit(lines: Sequence[str], candidate: str, header_row: int) -> tuple[float, int]:
    """Rate a candidate: how many records have as many fields as the header, and how many fields that is."""
    records = islice(csv.reader(lines, delimiter=candidate), header_row - 1, header_row + _RECORDS_LOOKED_AT)
    widths = [len(record) for record in records if any(record)]
    if not widths or widths[0] < 2:
        return _NO_FIT
    alike = sum(width == widths[0] for width in widths) / len(widths)
    return round(alike, 1), widths[0]
