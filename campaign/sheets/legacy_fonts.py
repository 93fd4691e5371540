"""Vietnamese text typed for a font of one of the character sets before Unicode.

Such a font draws another letter than the one that a cell contains: “NguyÔn V¨n B×nh” in the font .VnTime looks like
“Nguyễn Văn Bình”, and so does “Nguyeãn Vaên Bình” in VNI-Times. Only the font tells, so a message would contain the
letters that nobody sees.

Two sets are known here. TCVN3 (“ABC”) is the standard TCVN 5712:1993, VN3, for the fonts whose names begin with “.Vn”;
glibc has it as the iconv encoding TCVN5712-1. It has few capitals: the fonts whose names end in “H” draw small letters
as capitals. VNI Windows, of VNI Software, for the fonts “VNI-…”, writes most marks as a character after the vowel;
Unikey, xvnkb and other input methods contain its table.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TCVN3_CODES = (
    "¡¢£¤¥¦§"  # capitals
    "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\xadõö÷øùúûüýþ"
)
_TCVN3_LETTERS = (
    "ĂÂÊÔƠƯĐ"
    "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"
)  # fmt: skip
_TCVN3 = str.maketrans(_TCVN3_CODES, _TCVN3_LETTERS)

_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT = "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"
_CIRCUMFLEX, _BREVE = "\u0302", "\u0306"
_VNI_MARKS = {
    "ø": _GRAVE, "ù": _ACUTE, "û": _HOOK, "õ": _TILDE, "ï": _DOT,
    "â": _CIRCUMFLEX, "à": _CIRCUMFLEX + _GRAVE, "á": _CIRCUMFLEX + _ACUTE, "å": _CIRCUMFLEX + _HOOK,
    "ã": _CIRCUMFLEX + _TILDE, "ä": _CIRCUMFLEX + _DOT,
    "ê": _BREVE, "è": _BREVE + _GRAVE, "é": _BREVE + _ACUTE, "ú": _BREVE + _HOOK, "ü": _BREVE + _TILDE,
    "ë": _BREVE + _DOT,
}  # fmt: skip
"""What a character after a vowel adds to it; its capital does so after a capital."""

_VNI_LETTERS = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "í": "í", "ì": "ì"}
_VNI_BASES = {"a": "âàáåãäêèéúüëøùûõï", "e": "âàáåãäøùûõï", "o": "âàáåãäøùûõï", "u": "øùûõï", "y": "øùûõ"}
_VNI_BASES |= {"ô": "øùûõï", "ö": "øùûõï"}


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_LETTERS)
    for base, marks in _VNI_BASES.items():
        for mark in marks:
            letter = _VNI_LETTERS.get(base, base) + _VNI_MARKS[mark]
            table[base + mark] = unicodedata.normalize("NFC", letter)
    capitals = {code.upper(): letter.upper() for code, letter in table.items()}
    mixed = {code[0].upper() + code[1]: letter.upper() for code, letter in table.items() if len(code) == 2}
    return {**mixed, **table, **capitals}


_VNI = _vni_table()
_VNI_LETTER = re.compile("|".join(sorted(_VNI, key=len, reverse=True)))


BEYOND = re.compile("[ĂăĐđĨĩŨũƠơƯư\u0300-\u036f\u1ea0-\u1ef9]")
"""Letters of Vietnamese in Unicode that neither character set has as a code."""

TCVN3, VNI = "TCVN3", "VNI"
"""The character sets, by their names for people."""

_CODES = {
    TCVN3: re.compile(f"[A-Za-z{_TCVN3_CODES}]+"),
    VNI: re.compile(f"(?:{_VNI_LETTER.pattern}|[A-Za-z])+"),
}


def is_legacy_font(font: str) -> bool:
    """Whether a font's name is that of a TCVN3 font (“.VnTime”) or a VNI font (“VNI-Times”)."""
    return character_set(font) != ""


@lru_cache(maxsize=256)
def character_set(font: str) -> str:
    """Return the character set of a font by its name, `TCVN3` or `VNI`; "" for any other font."""
    name = font.strip().lower()
    return TCVN3 if name.startswith(".vn") else VNI if name.startswith(("vni-", "vni ")) else ""


def has_only_capitals(font: str) -> bool:
    """Whether a font draws small letters as capitals, as .VnTimeH does."""
    return character_set(font) == TCVN3 and font.rstrip().endswith("H")


def from_legacy_font(text: str, font: str) -> str:
    """Return the text that a sheet shows for a cell in a legacy font, in Unicode.

    A text with letters that the font's character set does not have, such as “ễ”, was typed in Unicode: it is returned
    as it is, and so is the text of any other font. Text of ASCII alone is returned as it is even where the font shows
    it in capitals: it may be an id.

    Args:
        text: the text of the cell.
        font: the name of its font.
    """
    characters = character_set(font)
    if not characters or text.isascii() or BEYOND.search(text) is not None:
        return text
    shown = from_character_set(text, characters)
    return shown.upper() if has_only_capitals(font) and shown != text else shown


def from_character_set(text: str, characters: str) -> str:
    """Convert a text of a character set, `TCVN3` or `VNI`, to Unicode; what is no code of it stays as it is."""
    if characters == VNI:
        return _VNI_LETTER.sub(lambda match: _VNI[match[0]], text)
    return text.translate(_TCVN3)


def is_of_character_set(word: str, characters: str) -> bool:
    """Whether all of a word are codes of a character set, or letters of ASCII."""
    return _CODES[characters].fullmatch(word) is not None
