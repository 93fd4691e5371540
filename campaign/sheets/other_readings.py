"""What the words of a text file would be in other encodings: only a person can tell which ones are right."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_CANDIDATES = (
    *("cp1252", "cp850", "cp1258", "cp1250", "cp1251", "cp1253", "cp1254", "cp874", "cp1255", "cp1256"),
    *("mac_roman", "cp866", "koi8-r", "gb18030", "big5", "cp949", "cp932"),
)
"""Encodings that spreadsheet programs and databases save text files in; of those that read the words alike, the first
one is named."""


class Reading(NamedTuple):
    """Words as an encoding reads them.

    Attributes:
        codec: Python's name of the encoding.
        words: the words.
    """

    codec: str
    words: tuple[str, ...]


def other_readings(words: Sequence[bytes], known: Iterable[str]) -> Iterator[Reading]:
    """Yield the readings of words in which each of them looks like a word.

    Args:
        words: words with letters beyond ASCII, as they are in the file.
        known: the words as they are read, which is no other reading.
    """
    seen = {tuple(known)}
    for codec in _CANDIDATES:
        try:
            decoded = tuple(unicodedata.normalize("NFC", word.decode(codec)) for word in words)
        except UnicodeDecodeError:
            continue
        if decoded and decoded not in seen and all(map(_looks_like_a_word, decoded)) and _has_plain_letters(decoded):
            seen.add(decoded)
            yield Reading(codec, decoded)


def _looks_like_a_word(word: str) -> bool:
    """Whether all letters are of one script, with no capital after a small letter."""
    letters = [each for each in word if not each.isascii() or each.isalpha()]
    return (
        all(unicodedata.category(each)[0] in "LM" for each in letters)
        and len({_script(each) for each in letters}) == 1
        and not any(before.islower() and after.isupper() for before, after in pairwise(word))
    )


def _has_plain_letters(words: Sequence[str]) -> bool:
    """Whether words in Latin letters have some without marks: there is no language that has hardly any."""
    letters = [each for word in words for each in word if _script(each) == "LATIN"]
    return not letters or sum(map(str.isascii, letters)) >= len(letters) / 3


def _script(letter: str) -> str:
    """The script of a letter: the first word of its name, LATIN, CYRILLIC, THAI, CJK."""
    return unicodedata.name(letter, "").partition(" ")[0]
