"""What cells refer to by number: shared strings and number formats."""

from __future__ import annotations

import re
from sys import getsizeof
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.number_format import builtin_format
from campaign.sheets.xlsx.package import Limit
from campaign.sheets.xlsx.sheet_xml import LONGEST_TEXT
from campaign.sheets.xlsx.xml_stream import elements, parse, prefix, refuse_flood

if TYPE_CHECKING:
    from campaign.sheets.xlsx.package import Package


_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_STRINGS_LIMIT = Limit(small=300_000_000, growth=30)
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
        with package.open(part, _STRINGS_LIMIT) as stream:
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


GENERAL = "General"

# The codes by which `cell_text` knows the built-in formats 14 and 22, which follow the computer's settings. Spelt
# out in the sheet they follow nothing; an escape that changes nothing else keeps them apart.
_SPELT_OUT = {"mm-dd-yy": r"mm\-dd\-yy", "m/d/yy h:mm": r"m/d/yy\ h:mm"}
_STYLES_LIMIT = Limit(small=48_000_000, growth=40)
_MOST_STYLES = 65_536
_LONGEST_CODE = 1_000
"""Far more than Excel takes: 65,490 cell formats, and 255 characters in a code ("Excel specifications and limits")."""

_MOST_CODES = 1_000
"""Format codes that are made ready, at some kilobytes each; Excel takes about 250 of a workbook's own."""

_ONE_TOO_MANY = f"beyond the first {_MOST_CODES:,}"
"""Stands in for every further code. No program takes it for one, so it is shown as General, and noted once."""

_CONTAINERS = frozenset({"numFmts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "extLst"})


def read_formats(package: Package, part: str | None) -> dict[str, str]:
    """Read the number format code of each cell style.

    Returns:
        codes by style number as it stands in a cell's attribute `s`; a style that is absent is General.
            Beyond a thousand codes, those that follow become one that nobody understands.

    Raises:
        RecipientsError: the styles are damaged.
    """
    own: dict[str, str] = {}
    codes: set[str] = set()
    formats: dict[str, str] = {}
    if part is None:
        return formats
    container = ""
    with package.open(part, _STYLES_LIMIT) as stream:
        for name, attributes in elements(stream, package.label):
            if name in _CONTAINERS:
                container = name
            elif name == "numFmt" and container == "numFmts" and len(own) < _MOST_STYLES:
                code = attributes.get("formatCode", "")[:_LONGEST_CODE]
                if len(codes) < _MOST_CODES:
                    codes.add(code)
                own[attributes.get("numFmtId", "")] = _SPELT_OUT.get(code, code) if code in codes else _ONE_TOO_MANY
            elif name == "xf" and container == "cellXfs" and len(formats) < _MOST_STYLES:
                number = attributes.get("numFmtId", "0")
                formats[str(len(formats))] = own.get(number) or _builtin(number)
    return formats


def _builtin(number: str) -> str:
    code = builtin_format(int(number)) if number.isdecimal() and len(number) < 6 else None
    return code or GENERAL
