"""Any text, as it can stand in a cell of a workbook: nothing raises, and nothing is lost without a mark."""

from __future__ import annotations

import re

MOST_UNITS = 32_767
"""The longest text of a cell, in UTF-16 units (Microsoft, "Excel specifications and limits")."""

# What XML 1.0 has no way to write (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f&<>_\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    r"""Show what a workbook cannot hold as `\x07` or `\ud83d`, and cut a text that is too long, with a mark."""
    if _SPECIAL.search(text):
        text = _NO_XML.sub(_named, text)
    return text if len(text) <= MOST_UNITS // 2 else _cut(text)


def spreadsheet_string(text: str) -> str:
    """Visible text as SpreadsheetML spells it: `_x0041_` would be read as an escaped "A" (ECMA-376-1, 22.9.2.19)."""
    return _LOOKS_ESCAPED.sub("_x005F_", visible(text))


def xml_text(text: str) -> str:
    """Visible text as it stands in an XML element of a sheet."""
    if len(text) > MOST_UNITS // 2 or _SPECIAL.search(text):
        text = spreadsheet_string(text)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return text.replace("\r", "&#13;")  # a bare one would be read as a line feed
    return text


def _named(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_UNITS:
        return text
    mark = f"… [cut, {len(text):,} characters in all]"
    # "ignore": the cut may go through the middle of a character.
    return units[: 2 * (MOST_UNITS - len(mark))].decode("utf-16-le", "ignore") + mark
