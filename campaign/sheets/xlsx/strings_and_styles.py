"""Read the tables that cells refer to by number: shared strings and number formats.

Other styles, such as fonts and colours, are ignored; unusual ones cause openpyxl to fail.
"""

from __future__ import annotations

import re
from sys import getsizeof
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.number_format import builtin_format
from campaign.sheets.xlsx.package import PartLimit
from campaign.sheets.xlsx.sheet_xml import MAX_TEXT_LENGTH
from campaign.sheets.xlsx.xml_stream import check_tag_count, parse, prefix, start_tags

if TYPE_CHECKING:
    from campaign.sheets.xlsx.package import Package


_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_STRINGS_LIMIT = PartLimit(free_bytes=300_000_000, max_ratio=30)
"""Texts that differ only in a name compress a hundredfold; the memory that they use is limited below."""

_MAX_BYTES = 200_000_000
"""Most memory of all strings, enough for two million names. Millions of tiny strings fit into a small file."""

_MAX_TAGS = 10_000_000
"""A plain string has two tags; a run of formatted text has ten."""

_LIST_ENTRY_BYTES = 24
"""Memory of a string's place in the list, and of allocation overhead."""


def unescape(text: str) -> str:
    """Decode `_xHHHH_`, the escape for characters that XML does not allow (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    decoded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    # Two escapes may be the surrogates of one character; a lone surrogate cannot be encoded.
    return decoded.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read_strings(package: Package, part: str | None) -> list[str]:
    """Read the shared strings, in order; cells refer to them by index.

    Raises:
        RecipientsError: they are damaged, or too many.
    """
    table = _StringTable(package.label)
    if part is not None:
        with package.open(part, _STRINGS_LIMIT) as stream:
            for _ in parse(stream, table, package.label):
                check_tag_count(table.tags, f"{package.label}, its shared strings", _MAX_TAGS)
    return table.strings


class _StringTable:
    """Collects the strings, without the phonetic hints (`rPh`) of Japanese workbooks."""

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
            if self._length > MAX_TEXT_LENGTH:
                what = f"a cell contains more than {MAX_TEXT_LENGTH:,} characters"
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
        self._kept += getsizeof(string) + _LIST_ENTRY_BYTES
        if self._kept > _MAX_BYTES:
            what = f"its texts use more than {_MAX_BYTES / 1e6:,.0f} MB"
            raise RecipientsError(Problem(self._where, what, "copy the rows that are needed into a new workbook"))


GENERAL = "General"

# `number_format` identifies the built-in formats 14 and 22, which depend on the computer's settings, by these codes. As
# custom formats they do not depend on them; an escape that has no other effect keeps the two apart.
_AS_CUSTOM = {"mm-dd-yy": r"mm\-dd\-yy", "m/d/yy h:mm": r"m/d/yy\ h:mm"}
_STYLES_LIMIT = PartLimit(free_bytes=48_000_000, max_ratio=40)
_MAX_STYLES = 65_536
_MAX_CODE_LENGTH = 1_000
"""Above Excel's limits: 65,490 cell formats, and 255 characters in a code ("Excel specifications and limits")."""

_MAX_CODES = 1_000
"""Most custom format codes that are compiled, at some kilobytes each; Excel allows about 250 in a workbook."""

_CONTAINERS = frozenset({"numFmts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "extLst"})


def read_formats(package: Package, part: str | None) -> tuple[dict[str, str], str]:
    """Read the number format code of each cell style.

    Returns:
        codes by style number, the attribute `s` of a cell (a style that is absent is General), and a note for the user
        if there were more codes than are read, else "".

    Raises:
        RecipientsError: the styles are damaged.
    """
    own: dict[str, str] = {}
    codes: set[str] = set()
    formats: dict[str, str] = {}
    note = ""
    if part is None:
        return formats, note
    container = ""
    with package.open(part, _STYLES_LIMIT) as stream:
        for name, attributes in start_tags(stream, package.label):
            if name in _CONTAINERS:
                container = name
            elif name == "numFmt" and container == "numFmts" and len(own) < _MAX_STYLES:
                code = attributes.get("formatCode", "")[:_MAX_CODE_LENGTH]
                if len(codes) < _MAX_CODES:
                    codes.add(code)
                if code not in codes:
                    note = f"number formats beyond the first {_MAX_CODES:,} of the workbook are shown as General"
                    code = GENERAL
                own[attributes.get("numFmtId", "")] = _AS_CUSTOM.get(code, code)
            elif name == "xf" and container == "cellXfs" and len(formats) < _MAX_STYLES:
                number = attributes.get("numFmtId", "0")
                formats[str(len(formats))] = own.get(number) or _builtin(number)
    return formats, note


def _builtin(number: str) -> str:
    code = builtin_format(int(number)) if number.isdecimal() and len(number) < 6 else None
    return code or GENERAL
