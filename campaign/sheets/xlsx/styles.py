"""The number format of each cell style, and nothing else of a workbook's styles.

Odd fonts, fills and colours, which stop openpyxl, are of no interest here and are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.sheets.cell_text import builtin_format
from campaign.sheets.xlsx.package import Limit
from campaign.sheets.xlsx.xml_stream import elements

if TYPE_CHECKING:
    from campaign.sheets.xlsx.package import Package

GENERAL = "General"

# The codes by which `cell_text` knows the built-in formats 14 and 22, which follow the computer's settings. Spelt
# out in the sheet they follow nothing; an escape that changes nothing else keeps them apart.
_SPELT_OUT = {"mm-dd-yy": r"mm\-dd\-yy", "m/d/yy h:mm": r"m/d/yy\ h:mm"}
_LIMIT = Limit(small=48_000_000, growth=40)
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
    with package.open(part, _LIMIT) as stream:
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
