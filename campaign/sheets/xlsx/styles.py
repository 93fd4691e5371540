"""Read the styles that cells refer to by number: number formats, and fonts where their names matter.

Other styles, such as colours, are ignored; unusual ones cause openpyxl to fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.sheets.legacy_fonts import is_legacy_font
from campaign.sheets.number_format import builtin_format
from campaign.sheets.xlsx.package import PartLimit
from campaign.sheets.xlsx.xml_stream import start_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.sheets.xlsx.package import Package

GENERAL = "General"

# `number_format` identifies the built-in formats 14 and 22, which depend on the computer's settings, by these codes. As
# custom formats they do not depend on them; an escape that has no other effect keeps the two apart.
_AS_CUSTOM = {"mm-dd-yy": r"mm\-dd\-yy", "m/d/yy h:mm": r"m/d/yy\ h:mm"}
_LIMIT = PartLimit(free_bytes=48_000_000, max_ratio=40)
_MAX_STYLES = 65_536
_MAX_CODE_LENGTH = 1_000
"""Above Excel's limits: 65,490 cell formats, and 255 characters in a code ("Excel specifications and limits")."""

_MAX_CODES = 1_000
"""Most custom format codes that are compiled, at some kilobytes each; Excel allows about 250 in a workbook."""

_CONTAINERS = frozenset({"numFmts", "fonts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "extLst"})

_ALTERNATIVES = frozenset({"AlternateContent", "Choice", "Fallback"})
"""Some programs write a style twice: for themselves, as a choice, and for all others (ECMA-376 part 3, 7.5)."""


class Styles:
    """The styles of a workbook by number, the attribute `s` of a cell.

    Attributes:
        formats: number format codes; a style that is absent is General.
        fonts: names of legacy fonts; a style with any other font is absent.
        note: what the user has to know if there were more codes than are read, else "".
    """

    def __init__(self) -> None:
        self.formats: dict[str, str] = {}
        self.fonts: dict[str, str] = {}
        self.note = ""
        self._container = ""
        self._is_choice = False
        self._own: dict[str, str] = {}
        self._codes: set[str] = set()
        self._font = -1
        self._legacy: dict[str, str] = {}

    def add(self, name: str, attributes: Mapping[str, str]) -> None:
        """Handle an element of the styles, by its name without prefix."""
        if name in _CONTAINERS:
            self._container = name
            self._is_choice = False
        elif name in _ALTERNATIVES:
            self._is_choice = name == "Choice"
        elif self._is_choice:
            return
        elif name == "xf" and self._container == "cellXfs" and len(self.formats) < _MAX_STYLES:
            self._add_style(attributes)
        elif name == "numFmt" and self._container == "numFmts" and len(self._own) < _MAX_STYLES:
            self._add_format(attributes)
        elif self._container == "fonts":
            self._font += name == "font"
            if name == "name" and is_legacy_font(font := attributes.get("val", "")):
                self._legacy[str(self._font)] = font[:_MAX_CODE_LENGTH]

    def _add_format(self, attributes: Mapping[str, str]) -> None:
        code = attributes.get("formatCode", "")[:_MAX_CODE_LENGTH]
        if len(self._codes) < _MAX_CODES:
            self._codes.add(code)
        if code not in self._codes:
            self.note = f"number formats beyond the first {_MAX_CODES:,} of the workbook are shown as General"
            code = GENERAL
        self._own[attributes.get("numFmtId", "")] = _AS_CUSTOM.get(code, code)

    def _add_style(self, attributes: Mapping[str, str]) -> None:
        style = str(len(self.formats))
        number = attributes.get("numFmtId", "0")
        self.formats[style] = self._own.get(number) or _builtin(number)
        if self._legacy and (font := self._legacy.get(attributes.get("fontId", "0"))):
            self.fonts[style] = font


def read_styles(package: Package, part: str | None) -> Styles:
    """Read the number format and the font of each cell style.

    Raises:
        RecipientsError: the styles are damaged.
    """
    styles = Styles()
    if part is not None:
        with package.open(part, _LIMIT) as stream:
            for name, attributes in start_tags(stream, package.label):
                styles.add(name, attributes)
    return styles


def _builtin(number: str) -> str:
    code = builtin_format(int(number)) if number.isdecimal() and len(number) < 6 else None
    return code or GENERAL
