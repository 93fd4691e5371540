"""Find the columns of a sheet that the rest of its workbook refers to: other sheets, defined names and charts."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from campaign.sheets.xlsx.package import part_key
from campaign.sheets.xlsx.xml_stream import local, parse

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

    from campaign.review.annotation.formulas import FormulaColumns
    from campaign.sheets.xlsx.package import Package, PartLimit

_CHUNK_BYTES = 1 << 20
_CHARTS = re.compile(r"/charts/[^/]+\.xml$")
_FORMULAS = frozenset(["f", "formula", "formula1", "formula2", "definedName"])
_ABOUT_PRINTING_AND_FILTERS = "_xlnm."
"""What the names begin with that Excel makes for print areas and filters."""


def add_references(package: Package, parts: set[str], limit: PartLimit, formulas: FormulaColumns) -> None:
    """Read what refers to a sheet from outside of it.

    Args:
        package: the workbook.
        parts: its other sheets, and its table of contents.
        limit: how large a part may be.
        formulas: gets the formulas.

    Raises:
        RecipientsError: a part is damaged.
    """
    keys = {part_key(part) for part in parts}
    for info in package.entries:
        key = part_key(info.filename)
        if key in keys or _CHARTS.search(key):
            with package.open(info.filename, limit) as stream:
                if not _names_a_sheet(stream):
                    continue
            with package.open(info.filename, limit) as stream:
                reader = _FormulaReader(formulas)
                for _ in parse(stream, reader, package.label, attach=reader.attach):
                    pass


def _names_a_sheet(stream: IO[bytes]) -> bool:
    """Whether a part can refer to a sheet at all; large sheets without such formulas need not be parsed."""
    return any(b"!" in chunk for chunk in iter(lambda: stream.read(_CHUNK_BYTES), b""))


class _FormulaReader:
    """Collects formulas while a part is parsed."""

    def __init__(self, formulas: FormulaColumns) -> None:
        self.depth = 0
        self._formulas = formulas
        self._inside = ""
        self._text: list[str] = []
        self._parser: XMLParserType

    def attach(self, parser: XMLParserType) -> None:
        self._parser = parser

    def begin(self, _root: str) -> None:
        self._parser.CharacterDataHandler = None  # a call for every value takes time

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if local(name) in _FORMULAS and not attributes.get("name", "").startswith(_ABOUT_PRINTING_AND_FILTERS):
            self._inside = name
            self._text.clear()
            self._parser.CharacterDataHandler = self.text

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == self._inside:
            self._inside = ""
            self._parser.CharacterDataHandler = None
            self._formulas.add("".join(self._text), elsewhere=True)

    def text(self, text: str) -> None:
        self._text.append(text)
