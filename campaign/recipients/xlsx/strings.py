"""The shared strings of a workbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.recipients.xlsx.package import Limit
from campaign.recipients.xlsx.sheet import LONGEST_TEXT
from campaign.recipients.xlsx.xml_stream import parse, prefix

if TYPE_CHECKING:
    from campaign.recipients.xlsx.package import Package

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LIMIT = Limit(small=48_000_000, growth=30)
"""Unlike a sheet, the strings stay in memory; and as each stands there once, they do not pack as tightly."""


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
                pass
    return table.strings


class _StringTable:
    """Collects the strings, without the phonetic hints (`rPh`) that Japanese workbooks keep beside them."""

    def __init__(self, where: str) -> None:
        self.strings: list[str] = []
        self.depth = 0
        self._where = where
        self._text = ""
        self._in_text = False
        self._in_hint = False

    def begin(self, root: str) -> None:
        before = prefix(root)
        self._si, self._t, self._hint = f"{before}si", f"{before}t", f"{before}rPh"

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        if name == self._t:
            self._in_text = not self._in_hint
        elif name == self._hint:
            self._in_hint = True

    def text(self, text: str) -> None:
        if self._in_text:
            self._text += text
            if len(self._text) > LONGEST_TEXT:
                what = f"a cell holds more than {LONGEST_TEXT:,} characters"
                raise RecipientsError(Problem(self._where, what, "shorten it"))

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == self._t:
            self._in_text = False
        elif name == self._si:
            self.strings.append(unescape(self._text))
            self._text = ""
        elif name == self._hint:
            self._in_hint = False
