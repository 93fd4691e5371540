"""From the texts of a header row to columns and variables."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from campaign.recipients.table import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LETTERS_THAT_DO_NOT_DECOMPOSE = str.maketrans(
    {"đ": "d", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ħ": "h", "ŧ": "t", "ı": "i"},
)
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"[\d\s.,/:+%()-]+")


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


def column_letter(index: int) -> str:
    """Name a column as a spreadsheet program does: 0 is "A", 26 is "AA"."""
    letters = ""
    rest = index + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def columns_of(headers: Iterable[str]) -> tuple[Column, ...]:
    """Turn the displayed header row into columns; blank headers at its end are no columns.

    Headers are trimmed and composed (NFC), so that a template can name them as they look.
    """
    cleaned = [unicodedata.normalize("NFC", header.strip()) for header in headers]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return tuple(
        Column(index, column_letter(index), header, variable_name(header)) for index, header in enumerate(cleaned)
    )


def looks_like_headers(texts: Sequence[str]) -> bool:
    """Tell whether a row may be the header row: at least two cells filled, none of them a number or a date."""
    filled = [text for text in texts if text.strip()]
    return len(filled) > 1 and not any(_NUMBER.fullmatch(text) for text in filled)
