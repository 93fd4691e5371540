"""Recognise text typed for a TCVN3 or VNI font by its letters, where no font is known.

“NguyÔn” and “Nguyeãn” are words of no language. A word is a sign of a character set if it has letters in an order that
people do not write (a capital or a symbol within small letters, a mark as a letter after its vowel) and is a syllable
of Vietnamese once converted. A column is text of a character set if two different words are signs of it, and more words
are signs than words of another language. Beside these, it may have texts that were typed in Unicode.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from campaign.sheets.legacy_fonts import BEYOND, TCVN3, VNI, from_character_set, is_of_character_set
from campaign.sheets.vietnamese import is_syllable

if TYPE_CHECKING:
    from collections.abc import Sequence

CHARACTER_SETS = (TCVN3, VNI)

_SYMBOLS = "¡¢£¤¥¦§¨©ª«¬\xad®µ¶·¸¹»¼½¾×÷"
_CAPITALS = "ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖØÜÝÞ"
_MARKS = "øûåãâäùàáêèéëØÛÅÃÂÄÙÀÁÊÈÉË"
_SIGNS = {
    TCVN3: re.compile(f"[{_SYMBOLS}](?<=[A-Za-z®§].)|[{_CAPITALS}](?<=[a-z].)|®[a-z]"),
    VNI: re.compile(f"[{_MARKS}](?<=[aeyAEY].)|[øûåâäùØÛÅÂÄÙ](?<=[ouOU].)|[øûõïùØÛÕÏÙ](?<=[ôöÔÖ].)"),
}
"""What is a sign in a syllable. Vietnamese in Unicode has “oà”, and French “aï”, which are none."""

_SCREENS = (re.compile(f"[{_SYMBOLS}{_CAPITALS}](?<=[A-Za-z®§].)|®[a-z]"), _SIGNS[VNI])
"""As above, and more, for many texts put together."""

_WORD = re.compile(f"[A-Za-z{_SYMBOLS}\xc0-\xd6\xd8-\xf6\xf8-\u024f\u0300-\u036f\u1ea0-\u1ef9]+")
_CONSONANTS = re.compile("[b-df-hj-np-tv-xzđ]+")
_CAPITAL_WORD = re.compile(f"[A-Z][{_SYMBOLS}\xc0-\xff]*[A-Z]")
_SIGNS_NEEDED = 2


class Reading(Enum):
    """What a word is, if it is read in a character set.

    Attributes:
        SIGN: a syllable, of letters that nobody writes in this order otherwise.
        HINT: a syllable, and none as it stands.
        FITS: a syllable, and one as it stands as well.
        UNICODE: no syllable, and one as it stands.
        OTHER: no syllable, neither so nor so.
        NOTHING: it says nothing: ASCII, a single symbol, an abbreviation.
    """

    SIGN = "sign"
    HINT = "hint"
    FITS = "fits"
    UNICODE = "unicode"
    OTHER = "other"
    NOTHING = "nothing"


@lru_cache(maxsize=1 << 14)
def reading_of(word: str, characters: str) -> Reading:
    """Read a word in a character set, `TCVN3` or `VNI`."""
    if word.isascii() or (len(word) == 1 and not word.isalpha()):
        return Reading.NOTHING
    other = Reading.UNICODE if is_syllable(word.lower()) else Reading.OTHER
    if not is_of_character_set(word, characters):
        return other
    converted = from_character_set(word, characters).lower()
    if _CONSONANTS.fullmatch(converted):
        return Reading.NOTHING
    if not is_syllable(converted):
        return other
    if _SIGNS[characters].search(word):
        return Reading.SIGN
    return Reading.FITS if other is Reading.UNICODE else Reading.HINT


class LetterChoice(NamedTuple):
    """How the texts of a column are read.

    Attributes:
        characters: their character set, `TCVN3` or `VNI`; "" if it is Unicode.
        mixed: whether some of them are in Unicode. Then a text that can be read in both ways is in Unicode.
    """

    characters: str = ""
    mixed: bool = False


class LetterEvidence:
    """What the texts of a column tell about their character set; takes bounded memory."""

    def __init__(self) -> None:
        self._counts = {(characters, reading): 0 for characters in CHARACTER_SETS for reading in Reading}
        self._signs: dict[str, set[str]] = {characters: set() for characters in CHARACTER_SETS}
        self._mixed = False

    def add_all(self, texts: Sequence[str]) -> list[tuple[int, frozenset[str]]]:
        """Look at the texts of some rows.

        Returns:
            the index of each text that has signs of a character set or hints at one, with these character sets.
        """
        together = "\n".join(texts)
        self._mixed = self._mixed or (not together.isascii() and BEYOND.search(together) is not None)
        if not may_be_legacy(together):
            return []
        found = [(index, self.add(text)) for index, text in enumerate(texts) if not text.isascii()]
        return [(index, characters) for index, characters in found if characters]

    def add(self, text: str) -> frozenset[str]:
        """Look at a text; returns the character sets that it has signs of, or hints at."""
        found = set()
        for word in _WORD.findall(text):
            if word.isascii():
                continue
            for characters in CHARACTER_SETS:
                reading = reading_of(word, characters)
                self._counts[characters, reading] += 1
                if reading is Reading.SIGN and len(signs := self._signs[characters]) < _SIGNS_NEEDED:
                    signs.add(word.lower())
                if reading in (Reading.SIGN, Reading.HINT):
                    found.add(characters)
        return frozenset(found)

    def signs(self, characters: str) -> int:
        """The number of words that are signs of a character set."""
        return self._counts[characters, Reading.SIGN]

    @property
    def decided(self) -> str:
        """The character set that the texts are in by themselves; "" for none."""
        best = max(CHARACTER_SETS, key=self.signs)
        enough = len(self._signs[best]) == _SIGNS_NEEDED
        return best if enough and self.signs(best) > self._counts[best, Reading.OTHER] else ""

    def choice(self, common: str = "") -> LetterChoice:
        """How the texts are to be read.

        Args:
            common: the character set of other columns of the list, which these may be in as well.
        """
        characters = self.decided
        if not characters and common:
            fitting = self.signs(common) + self._counts[common, Reading.HINT]
            characters = common if fitting > self._counts[common, Reading.OTHER] else ""
        return LetterChoice(characters, self._mixed) if characters else LetterChoice()


def choices(columns: Sequence[LetterEvidence]) -> tuple[LetterChoice, ...]:
    """How each column is to be read: as its own letters decide, else as those of the other columns if it fits."""
    decided = [(column.signs(own), own) for column in columns if (own := column.decided)]
    common = max(decided)[1] if decided else ""
    return tuple(column.choice(common) for column in columns)


def may_be_legacy(text: str) -> bool:
    """Whether a text, or many texts put together, may have a sign of a character set; fast."""
    return not text.isascii() and any(screen.search(text) for screen in _SCREENS)


def by_letters(text: str, choice: LetterChoice) -> str:
    """Convert a text of a column to Unicode, as its letters decide.

    A text without a sign of the character set stays as it is if a word of it is in another language or in Unicode; so
    does a word of other codes in any text. A text whose letters of ASCII are capitals becomes one of capitals: TCVN3
    has fonts for these, and few codes.
    """
    if not choice.characters or text.isascii():
        return text
    readings = {reading_of(word, choice.characters) for word in _WORD.findall(text)}
    if Reading.SIGN not in readings:
        if not readings.isdisjoint((Reading.OTHER, Reading.UNICODE)):
            return text
        if choice.mixed and Reading.HINT not in readings:
            return text
    converted = _WORD.sub(lambda match: _converted(match[0], choice.characters), text)
    return converted.upper() if _is_in_capitals(text) else converted


def _converted(word: str, characters: str) -> str:
    return from_character_set(word, characters) if is_of_character_set(word, characters) else word


def _is_in_capitals(text: str) -> bool:
    """Whether all letters of ASCII are capitals; one at the beginning of each word is not enough."""
    return _CAPITAL_WORD.search(text) is not None and "".join(filter(str.isascii, text)).isupper()


def row_by_letters(texts: Sequence[str]) -> tuple[str, ...]:
    """Convert the texts of one row, such as the headers, as their letters together decide."""
    evidence = LetterEvidence()
    evidence.add_all(texts)
    choice = evidence.choice()
    return tuple(by_letters(text, choice) for text in texts)


def legacy_characters(texts: Sequence[str]) -> str:
    """Return the character set that texts are in, as their letters decide: `TCVN3` or `VNI`; "" for none."""
    evidence = LetterEvidence()
    evidence.add_all(texts)
    return evidence.decided
