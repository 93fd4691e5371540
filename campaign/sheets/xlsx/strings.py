"""Read the strings that cells refer to by number, and decode the text of a cell."""

from __future__ import annotations

import re
from sys import getsizeof
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.sheets.xlsx.package import PartLimit
from campaign.sheets.xlsx.runs import RunMarks, legacy_font_of
from campaign.sheets.xlsx.sheet_xml import MAX_TEXT_LENGTH
from campaign.sheets.xlsx.xml_stream import check_tag_count, parse, prefix

if TYPE_CHECKING:
    from campaign.sheets.xlsx.package import Package
    from campaign.sheets.xlsx.runs import Run


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


class SharedStrings(NamedTuple):
    """The strings that cells share.

    Attributes:
        texts: the strings, in order; cells refer to them by index.
        runs: the runs of those with a run in a legacy font, and of those with runs in any other if cells have such
            fonts: what of a text a legacy font shows.
    """

    texts: list[str]
    runs: dict[int, tuple[Run, ...]]


def read_strings(package: Package, part: str | None, *, has_legacy_fonts: bool = False) -> SharedStrings:
    """Read the shared strings.

    Args:
        package: the open workbook.
        part: the part with the strings; None: there is none.
        has_legacy_fonts: whether cells have legacy fonts.

    Raises:
        RecipientsError: they are damaged, or too many.
    """
    table = _StringTable(package.label, keeps_all_runs=has_legacy_fonts)
    if part is not None:
        with package.open(part, _STRINGS_LIMIT) as stream:
            for _ in parse(stream, table, package.label):
                check_tag_count(table.tags, f"{package.label}, its shared strings", _MAX_TAGS)
    return SharedStrings(table.strings, table.runs)


class _StringTable:
    """Collects the strings, without the phonetic hints (`rPh`) of Japanese workbooks."""

    def __init__(self, where: str, *, keeps_all_runs: bool) -> None:
        self.strings: list[str] = []
        self.runs: dict[int, tuple[Run, ...]] = {}
        self.depth = 0
        self.tags = 0
        self._where = where
        self._kept = 0
        self._pieces: list[str] = []
        self._length = 0
        self._in_text = False
        self._in_hint = False
        self._marks = RunMarks()
        self._keeps_all_runs = keeps_all_runs

    def begin(self, root: str) -> None:
        before = prefix(root)
        self._si, self._t, self._hint = f"{before}si", f"{before}t", f"{before}rPh"
        self._font, self._run = f"{before}rFont", f"{before}r"

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.tags += 1
        if name == self._t:
            self._in_text = not self._in_hint
        elif name == self._hint:
            self._in_hint = True
        elif name == self._run:
            self._marks.start(self._pieces)
        elif name == self._font:
            self._marks.set_font(attributes.get("val", ""))

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
            if self._marks.found:
                self._keep_runs(self._marks.take(self._pieces))
            self._keep(unescape("".join(self._pieces)))
            self._pieces.clear()
            self._length = 0
        elif name == self._hint:
            self._in_hint = False

    def _keep_runs(self, runs: tuple[Run, ...]) -> None:
        if runs and (self._keeps_all_runs or legacy_font_of(runs, "")):
            kept = tuple(run._replace(text=unescape(run.text)) for run in runs)
            self.runs[len(self.strings)] = kept
            self._kept += sum(getsizeof(run) + getsizeof(run.font) + getsizeof(run.text) for run in kept)

    def _keep(self, string: str) -> None:
        self.strings.append(string)
        self._kept += getsizeof(string) + _LIST_ENTRY_BYTES
        if self._kept > _MAX_BYTES:
            what = f"its texts use more than {_MAX_BYTES / 1e6:,.0f} MB"
            raise RecipientsError(Problem(self._where, what, "copy the rows that are needed into a new workbook"))
