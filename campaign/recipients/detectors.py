"""Detectors of texts that look right and are not: one function for each kind of finding.

A detector looks at one cell and returns a remark on it ("" where there is nothing to add), or None where the cell is in
order. `TEXT_DETECTORS` says which cells are worth a look, so that a column in good order costs next to nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from campaign.sheets import CellValue

NULL_WORDS = frozenset({"NULL", "Null", "null", "nan", "NaN", "NAN", "None", r"\N", "undefined"})

_MOST_SCANNED = 1000
"""Characters of a cell that are looked at: names and words are near its beginning, and cells may be of any length."""
_QUESTION_MARK_IN_WORD = re.compile(r"[^\W\d_]\?+[^\W\d_]")
_ONLY_QUESTION_MARKS = re.compile(r"(?:^|(?<=\s))\?{2,}(?=\s|$)")
_URL = re.compile(r"://|[?&]\w+=")
_SCIENTIFIC = re.compile(r"-?\d(?:[.,]\d+)?E[+-]\d{2,}")
_PROTECTED = re.compile(r"'[=+\-@\t\r]")
_DIGITS_KEPT = 15  # Microsoft, "Excel specifications and limits": number precision
_MISREAD = re.compile(r"[ÃÂÄÅÆá][\u0080-¿€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸŽº»]")
PLACEHOLDER = re.compile(
    r"(?<!\{)\{([^\W\d][\w ]{0,40})\}(?!\})|\[([^\W\d][\w ]{0,40})\]|<<([^<>]{1,40})>>|%([^\W\d]\w{0,40})%"
)


def lost_letters(text: str) -> str | None:
    """U+FFFD, question marks inside words, and words of nothing but question marks; not in an address."""
    start = text[:_MOST_SCANNED]
    if "\ufffd" in start:
        return ""
    found = _QUESTION_MARK_IN_WORD.search(start) or _ONLY_QUESTION_MARKS.search(start)
    return "" if found and not _URL.search(start) else None


def mojibake(text: str) -> str | None:
    """UTF-8 that was read in cp1252 or Latin-1; the remark says what it would be."""
    start = text[:_MOST_SCANNED]
    if not _MISREAD.search(start):
        return None
    for codec in ("cp1252", "latin-1"):
        try:
            return f"would read “{start.encode(codec).decode('utf-8')}”"
        except UnicodeError:
            continue
    return None


def null_word(text: str) -> str | None:
    """A program's word for “nothing”, alone in a cell."""
    return "" if text.strip() in NULL_WORDS else None


def csv_apostrophe(text: str) -> str | None:
    """An apostrophe before a character that begins a formula."""
    return "" if _PROTECTED.match(text) else None


def backslash_quotes(text: str) -> str | None:
    r"""A quotation mark that is written as \"."""
    return "" if '\\"' in text else None


def ruined_number(value: CellValue, text: str, *, is_id: bool) -> bool:
    """Whether a number has lost digits: an id in scientific notation, or 16 digits and more that end in zeros."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (is_id and _SCIENTIFIC.fullmatch(text) is not None) or has_lost_digits(value)


def looks_scientific(text: str) -> bool:
    """Whether a text looks like a number in scientific notation, as Excel shows long ones."""
    return _SCIENTIFIC.fullmatch(text) is not None


def has_lost_digits(number: float) -> bool:
    """Whether a number of 16 or more digits has only zeros after the fifteenth."""
    if abs(number) < 10**_DIGITS_KEPT:
        return False
    exact = Decimal(repr(number))
    return exact % Decimal(10) ** (exact.adjusted() - _DIGITS_KEPT + 1) == 0


def placeholders(text: str) -> list[str]:
    """The names that a text has in the brackets of other programs: {name}, [name], <<name>>, %name%."""
    return ["".join(found) for found in PLACEHOLDER.findall(text[:_MOST_SCANNED])]


class TextDetector(NamedTuple):
    """Where to look for a kind of finding.

    Attributes:
        code: the finding's code.
        suspects: whether any of the texts of a column is worth a look, given the texts and all of them as one.
        remark: the detector.
        only_delimited: whether it concerns text files alone.
    """

    code: str
    suspects: Callable[[Collection[str], str], bool]
    remark: Callable[[str], str | None]
    only_delimited: bool = False


TEXT_DETECTORS: Sequence[TextDetector] = (
    TextDetector("lost-letters", lambda _, joined: "?" in joined or "\ufffd" in joined, lost_letters),
    TextDetector("mojibake", lambda _, joined: not joined.isascii() and _MISREAD.search(joined) is not None, mojibake),
    TextDetector("null-word", lambda texts, _: not NULL_WORDS.isdisjoint(texts), null_word),
    TextDetector("csv-apostrophe", lambda _, joined: "'" in joined, csv_apostrophe, only_delimited=True),
    TextDetector("backslash-quotes", lambda _, joined: '\\"' in joined, backslash_quotes, only_delimited=True),
)


def placeholder_detector(names: Collection[str], variable: Callable[[str], str]) -> TextDetector:
    """Looks for placeholders that name a column.

    Args:
        names: the variables that columns give.
        variable: turns a header into its variable.
    """

    def remark(text: str) -> str | None:
        return "" if any(variable(name) in names for name in placeholders(text)) else None

    def suspects(_: Collection[str], joined: str) -> bool:
        return "{" in joined or "[" in joined or "%" in joined or "<<" in joined

    return TextDetector("placeholder-left", suspects, remark)
