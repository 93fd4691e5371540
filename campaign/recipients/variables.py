"""The variable that a header becomes."""

from __future__ import annotations

import re
import unicodedata

from campaign.text import without_invisible

_LETTERS_THAT_DO_NOT_DECOMPOSE = str.maketrans(
    {"đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"},
)
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


def variable_name(header: str) -> str:
    """Convert a header to the variable name that a template uses.

    Returns:
        ASCII, lower-case, with "_" between words ("Họ và tên" becomes `ho_va_ten`) and before a leading digit; "" if
        no part of the header can be written in ASCII.
    """
    letters = without_invisible(header).casefold().translate(_LETTERS_THAT_DO_NOT_DECOMPOSE)
    without_marks = "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))
    name = _BETWEEN_WORDS.sub("_", without_marks).strip("_")
    return f"_{name}" if name[:1].isdigit() else name
