"""Text for people: shortening, comparing names, durations in words. Pure functions of strings and numbers."""

from __future__ import annotations

import unicodedata


def shorten(text: str, length: int) -> str:
    """Cut a text to at most `length` characters; a text that is cut ends with an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def one_line(text: str, length: int) -> str:
    """Replace each run of white space, line breaks included, with one space, then shorten."""
    return shorten(" ".join(text.split()), length)


def caseless(name: str) -> str:
    """Fold a name for comparison: composed (NFC), without differences of case and of white space."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def duration(seconds: float) -> str:
    """A measured length of time: "42.0 s", "3 min 05 s", "2 h 07 min"."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{seconds:.1f} s"
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def rough_duration(seconds: float) -> str:
    """An estimated or configured length of time: "0.5 s", "90 s", "15 min", "2.5 h", "12 days", "over 1,000 days"."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    days = seconds / 86_400
    if days < 5:
        return f"{seconds / 3600:.3g} h"
    return f"{days:,.0f} days" if days <= 1000 else "over 1,000 days"
