"""The shared strings of a workbook."""

from __future__ import annotations

import re
from sys import getsizeof
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.xlsx.package import Limit
from campaign.sheets.xlsx.sheet import LONGEST_TEXT
from campaign.sheets.xlsx.xml_stream import parse, prefix, refuse_flood

if TYPE_CHECKING:
    from campaign.sheets.xlsx.package import Package

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LIMIT = Limit(small=300_000_000, growth=30)
"""Ready-made messages differ in a name alone, and pack a hundred times; what stays in memory is limited below."""

_MOST_BYTES = 200_000_000
"""Memory for all strings: two million names, say. Tiny ones by the million pass every limit to a file's size."""

_MOST_TAGS = 10_000_000
"""Two for a plain string; a coloured or bold piece of one has ten."""

_BYTES_OF_A_PLACE = 24
"""What a string costs besides itself: its place in the list, and what memory is rounded up by."""


def unescape(text: str) -> str:
    """Decode `_xHHHH_`, by which SpreadsheetML writes what XML cannot hold (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    decoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    # Two escapes may be the two halves of one character; half a character alone cannot be sent anywhere.
    return decoded.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read_strings(package: Package, part: str | None) -> list[str]:
    """Read the shared strings; a cell refers to them by position.

    Raises:
        RecipientsError: they are damaged.
    """
    table = _StringTable(package.label)
    if part is not None:
        with package.open(part, _LIMIT) as stream:
            for _ in parse(stream, table, package.label):
                refuse_flood(table.tags, f"{package.label}, its shared strings", _MOST_TAGS)
    return table.strings


class _StringTable:
    """Collects the strings, without the phonetic hints (`rPh`) that Japanese workbooks keep beside them."""

    def __init__(self, where: str) -> None:
        self.strings: list[str] = []
        self.depth = 0
        self.tags = 0
        self._where = where
        self._kept = 0
        self._pieces: list[str] = []
        self._length = 0
        self._in_text = False
        self._in_hint = False

    def begin(self, root: str) -> None:
        before = prefix(root)
        self._si, self._t, self._hint = f"{before}si", f"{before}t", f"{before}rPh"

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        self.tags += 1
        if name == self._t:
            self._in_text = not self._in_hint
        elif name == self._hint:
            self._in_hint = True

    def text(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > LONGEST_TEXT:
                what = f"a cell holds more than {LONGEST_TEXT:,} characters"
                raise RecipientsError(Problem(self._where, what, "shorten it"))

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == self._t:
            self._in_text = False
        elif name == self._si:
            self._keep(unescape("".join(self._pieces)))
            self._pieces.clear()
            self._length = 0
        elif name == self._hint:
            self._in_hint = False

    def _keep(self, string: str) -> None:
        self.strings.append(string)
        self._kept += getsizeof(string) + _BYTES_OF_A_PLACE
        if self._kept > _MOST_BYTES:
            what = f"its texts take more than {_MOST_BYTES / 1e6:,.0f} MB"
            raise RecipientsError(Problem(self._where, what, "copy the rows that are needed into a new workbook"))
