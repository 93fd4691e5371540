"""The name by which a template refers to a column: the column's header, folded to ASCII."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from campaign.sheets.table import doubt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LETTERS_THAT_DO_NOT_DECOMPOSE = str.maketrans(
    {"đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"},
)
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


def variable_name(header: str) -> str:
    """Fold a header into the name a template can use.

    Returns:
        ASCII, lower-case, "_" between words ("Họ và tên" is `ho_va_ten`), with a leading "_" where it would
        start with a digit; "" where nothing of the header can be written in ASCII.
    """
    letters = header.casefold().translate(_LETTERS_THAT_DO_NOT_DECOMPOSE)
    without_marks = "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))
    name = _BETWEEN_WORDS.sub("_", without_marks).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def doubt_by_names(following: Iterable[tuple[int, Sequence[str]]], names: set[str]) -> str:
    """Doubt a header row, in words, where one that follows it holds a header that is missing; "" where none does.

    Args:
        following: numbers and displayed texts of the rows that follow.
        names: the variables that the missing headers fold into.
    """
    for number, texts in islice(following, 20):
        if not names.isdisjoint(map(variable_name, texts)):
            return doubt(number)
    return ""
