"""Read the custom document properties of a workbook (ECMA-376-1, 22.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.sheets.xlsx.package import Package, PartLimit
from campaign.sheets.xlsx.xml_stream import local, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PART = "docProps/custom.xml"
_LIMIT = PartLimit(free_bytes=1_000_000, max_ratio=0)
"""Real properties have some hundred bytes."""


def read_properties(path: Path) -> Mapping[str, str]:
    """The custom properties by name, as text.

    Raises:
        RecipientsError: they are damaged.
    """
    found = _Properties()
    with Package(path) as package:
        if package.has(_PART):
            with package.open(_PART, _LIMIT) as stream:
                for _ in parse(stream, found, package.label):
                    pass
    return found.texts


class _Properties:
    def __init__(self) -> None:
        self.depth = 0
        self.texts: dict[str, str] = {}
        self._name = ""

    def begin(self, root: str) -> None: ...

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if local(name) == "property":
            self._name = attributes.get("name", "")
            self.texts[self._name] = ""

    def end(self, name: str) -> None:
        self.depth -= 1
        if local(name) == "property":
            self._name = ""

    def text(self, text: str) -> None:
        if self._name:
            self.texts[self._name] += text
