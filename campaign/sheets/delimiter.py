"""Find what separates the fields of a text file."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
CANDIDATES = "\t;|,"
"""The delimiters that are tried. If two fit equally well, the first is taken: commas are common within texts."""

_SAMPLE_RECORDS = 50
_GIVE_DELIMITER = "use one character, or a name: comma, semicolon, tab, pipe"
_CHANGE_SEP_LINE = "put the delimiter there, or delete the line"


class Delimiter(NamedTuple):
    """How the fields of a file are separated.

    Attributes:
        character: the delimiter.
        has_sep_line: whether the file starts with a line `sep=;`, which Excel does not count as a row.
        spaced: whether a blank after a delimiter belongs to it: the file has quoted fields after blanks.
    """

    character: str
    has_sep_line: bool
    spaced: bool = False

    @property
    def label(self) -> str:
        """The delimiter in words."""
        return f"separated by {_NAMES.get(self.character) or f'“{self.character}”'}"


def find_delimiter(lines: Sequence[str], wanted: str | None, *, header_row: int, suffix: str) -> Delimiter:
    """Find the delimiter.

    Args:
        lines: the first lines of the file.
        wanted: the delimiter given by the user, as a character or a name, or None.
        header_row: number of the header row, from 1.
        suffix: the suffix of the file's name.

    Raises:
        RecipientsError: the delimiter given, or the one in the first line, cannot be one.
    """
    declared = _declared_in_first_line(lines[0]) if lines else ""
    if wanted is not None:
        character = _checked(wanted, "delimiter", _GIVE_DELIMITER)
    elif declared:
        character = _checked(declared, "line 1, sep=", _CHANGE_SEP_LINE)
    elif suffix.lower() in {".tsv", ".tab"}:
        character = "\t"
    else:
        best = max(CANDIDATES, key=lambda candidate: _fit(lines, candidate, header_row))
        character = best if _fit(lines, best, header_row) > _NO_FIT else ","
    return Delimiter(character, bool(declared), _is_spaced(lines, character))


def _is_spaced(lines: Iterable[str], delimiter: str) -> bool:
    """Return whether a field in quotation marks follows a delimiter and a blank, as in `1, "An"`.

    RFC 4180 has no blanks there, and such a field would contain its quotation marks.
    """
    quoted = quoted_after_blank(delimiter)
    return any(' "' in line and quoted.search(line) for line in lines)


@lru_cache(maxsize=8)
def quoted_after_blank(delimiter: str) -> re.Pattern[str]:
    """What matches a field in quotation marks after a delimiter and a blank."""
    mark = re.escape(delimiter)
    return re.compile(rf"""{mark} +"[^"\r\n]+" *(?:{mark}|[\r\n]|$)""")


_NO_FIT = (0.0, 0)


def _declared_in_first_line(line: str) -> str:
    text = line.lstrip("\ufeff").rstrip("\r\n")
    if text.startswith('"') and text.endswith('"'):  # some programs quote every text
        text = text[1:-1]
    name, _, character = text.partition("=")
    return character if name.strip().lower() == "sep" and len(character) == 1 else ""


def _checked(wanted: str, where: str, remedy: str) -> str:
    character = _WORDS.get(wanted.strip().lower(), wanted)
    if len(character) != 1 or character in '"\r\n\0 ' or character.isalnum():
        raise RecipientsError(Problem(where, f"“{wanted}” cannot separate fields", remedy))
    return character


def _fit(lines: Sequence[str], candidate: str, header_row: int) -> tuple[float, int]:
    """Rate a delimiter: the share of records with as many fields as the header, and that number of fields."""
    reader = csv.reader(lines, delimiter=candidate, skipinitialspace=True)
    records = islice(reader, header_row - 1, header_row + _SAMPLE_RECORDS)
    widths = [len(record) for record in records if any(record)]
    if not widths or widths[0] < 2:
        return _NO_FIT
    alike = sum(width == widths[0] for width in widths) / len(widths)
    return round(alike, 1), widths[0]
