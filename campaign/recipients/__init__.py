"""Use the rows of a sheet as recipients: template variables for columns, and warnings about damaged cells."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from campaign.recipients.lint import Linter
from campaign.sheets.table import header_row_warning
from campaign.text import without_invisible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Linter", "missing_header_warning", "variable_name"]


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


def missing_header_warning(following: Iterable[tuple[int, Sequence[str]]], names: set[str]) -> str:
    """Warn that a row below the header row contains a header that is missing; return "" if none does.

    Args:
        following: numbers and displayed texts of the rows below the header row.
        names: variable names of the missing headers.
    """
    for number, texts in islice(following, 20):
        if not names.isdisjoint(map(variable_name, texts)):
            return header_row_warning(number)
    return ""
