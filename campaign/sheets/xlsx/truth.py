"""Booleans as SpreadsheetML attributes spell them."""

from __future__ import annotations

_TRUE = frozenset({"1", "true", "on"})


def is_true(attribute: str | None) -> bool:
    """Read a boolean attribute (XML Schema boolean; "on" in older drafts); one that is absent is false."""
    return attribute is not None and attribute.lower() in _TRUE
