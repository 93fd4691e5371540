"""Texts as PostgreSQL can store them."""

from __future__ import annotations

from campaign.journal.records import storable


def text_of(text: str) -> str:
    """A text without what cannot be stored: NUL, and lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return storable(text).replace("\0", "\N{REPLACEMENT CHARACTER}")
