"""Recognise mojibake: UTF-8 that was read in an 8-bit encoding, and saved so (“Nguyá»…n” for “Nguyễn”).

ftfy knows what such text looks like in the encodings of Western and Central Europe, and has the false alarms of years
of web pages behind it. For other encodings, ftfy says nothing; here a text is mojibake if all of it, encoded back, is
UTF-8 of several letters: ordinary text in those encodings practically never is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from campaign.recipients.detectors.coincidences import is_plausible, without_ends_of_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_OF_FTFY = ("cp1252", "latin-1", "cp1250", "iso8859-2", "cp1253", "cp1254", "cp1257", "mac_roman", "cp437")
_STRICTLY = (
    "cp1252",
    "cp1258",
    "cp1250",
    "mac_roman",
    "cp1251",
    "cp850",
    "cp866",
    "koi8-r",
    "mac_cyrillic",
    "cp874",
    "cp1255",
    "cp1256",
)
_BYTES_SAVED_AT_LEAST = 2
_RARE_LETTERS = re.compile("(?![ƠơƯư])[ƀ-\u02ff]|[\u0700-\u0dff]")
"""cp1258 writes À as one byte and Ã as two, so that a text can be UTF-8 of letters that no list has by accident."""


@cache
def _characters(codec: str) -> str:
    """The 256 characters of an encoding; a byte without one is read as the control character of that number."""
    return "".join(bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in range(256))


_CYRILLIC, _LATIN = (0xD0, 0xD1), (0xC2, 0xC3, 0xC4, 0xC5, 0xC6)
_FIRST_BYTES = {
    **{codec: tuple(range(0xC2, 0xF5)) for codec in (*_OF_FTFY, "cp1258")},
    "cp1251": (*_CYRILLIC, *_LATIN, 0xE1, 0xE2),
    "cp850": (*_LATIN, 0xE1),
    "cp866": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "mac_cyrillic": _CYRILLIC,
    "cp874": (0xE0,),
    "cp1255": (0xD7,),
    "cp1256": (0xD8, 0xD9),
}
"""The first bytes of letters in UTF-8 that are looked for: in the encodings of a script other than Latin, those of the
letters of that script, and of Latin letters where that does not make ordinary words suspicious."""


def _charset(first: Iterable[int], codecs: Iterable[str]) -> str:
    characters = {_characters(codec)[byte] for codec in codecs for byte in first}
    return "".join(sorted(re.escape(each) for each in characters if not each.isascii()))


_CONTINUATION = range(0x80, 0xC0)
_ANY_FIRST = "".join(_charset(leads, [codec]) for codec, leads in _FIRST_BYTES.items())
_SCREEN = re.compile(f"[{_ANY_FIRST}][{_charset(_CONTINUATION, _FIRST_BYTES)}]")
"""Matches what may be the first two bytes of a letter in any of the encodings. Two sets of characters are fast to
search for; ordinary text matches now and then, and in some languages in many words."""

_PAIRS = re.compile(
    "|".join(
        f"[{_charset(leads, [codec])}][{_charset(_CONTINUATION, [codec])}]" for codec, leads in _FIRST_BYTES.items()
    )
)
"""As above, and both from one encoding."""


def may_be_mojibake(text: str) -> bool:
    """Whether a text, or any of many texts put together, has to be looked at by `undone`."""
    return not text.isascii() and _SCREEN.search(text) is not None


def undone(text: str) -> str | None:
    """Return what a text would be if it had been read as UTF-8; None for a text that is not mojibake."""
    if not may_be_mojibake(text) or _PAIRS.search(text) is None:
        return None
    suspicious = without_ends_of_words(text)
    return None if suspicious != text and _undone(suspicious) is None else _undone(text)


def _undone(text: str) -> str | None:
    found = (_strictly(text, codec) for codec in _STRICTLY)
    return next((fixed for fixed in found if fixed is not None), None) or _by_ftfy(text)


def _by_ftfy(text: str) -> str | None:
    from ftfy import fix_encoding  # noqa: PLC0415 - slow to import, and few lists need it

    fixed = fix_encoding(text)
    return fixed if fixed != text and is_plausible(fixed, text) else None


def _strictly(text: str, codec: str) -> str | None:
    codes = _codes(codec)
    composed = unicodedata.normalize("NFC", text)
    try:
        encoded = bytes([byte for character in composed for byte in codes[character]])
        fixed = encoded.decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None
    letters = "".join(character for character in fixed if not character.isascii())
    if len(encoded) - len(fixed) < _BYTES_SAVED_AT_LEAST or not all(map(_is_written, letters)):
        return None
    if codec == "cp1258" and _RARE_LETTERS.search(letters):
        return None
    return fixed if is_plausible(fixed, text, every=True) else None


def _is_written(character: str) -> bool:
    """Whether people write a character: a letter, a mark, punctuation or a blank, no symbol or control character."""
    return unicodedata.category(character)[0] in "LMPZ"


@cache
def _codes(codec: str) -> Mapping[str, bytes]:
    """The bytes of each character; cp1258 has vowels with tones as two bytes, which are one character when composed."""
    characters = _characters(codec)
    codes = {character: bytes([byte]) for byte, character in enumerate(characters)}
    marks = [character for character in characters if unicodedata.combining(character)]
    for base in characters if codec == "cp1258" else "":
        for mark in marks:
            composed = unicodedata.normalize("NFC", base + mark)
            if len(composed) == 1:
                codes.setdefault(composed, codes[base] + codes[mark])
    return codes
