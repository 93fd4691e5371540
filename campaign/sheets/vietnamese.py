"""Whether a word can be a syllable of Vietnamese, which is written in syllables.

A syllable has an initial, a rime and at most one tone. Of the words that another language has by accident, or that a
wrong table of letters makes, nearly none has an initial and a rime of these.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_STOPS = ("c", "ch", "p", "t")
_TONES_OF_STOPS = frozenset({"\u0301", "\u0323"})

_INITIALS = (
    ("ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr"),
    ("b", "c", "d", "đ", "g", "h", "k", "l", "m", "n", "p", "q", "r", "s", "t", "v", "x"),
)
_RIME_LIST = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong oong oop
    op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê uêch uênh ui um un ung uơ uôc uôi uôm
    uôn uông uôt up ut uy uya uych uyên uyêt uyn uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt
    ươu ưt ưu y yêm yên yêng yêt yêu
"""
_RIMES = frozenset(_RIME_LIST.split())


@lru_cache(maxsize=1 << 13)
def is_syllable(word: str) -> bool:
    """Whether a word, in small letters, has the form of a syllable of Vietnamese."""
    letters: list[str] = []
    tones: list[str] = []
    for character in unicodedata.normalize("NFD", word):
        (tones if character in _TONES else letters).append(character)
    plain = unicodedata.normalize("NFC", "".join(letters))
    if len(tones) > 1:
        return False
    return any(
        rime in _RIMES and (not rime.endswith(_STOPS) or not _TONES_OF_STOPS.isdisjoint(tones))
        for rime in _rimes(plain)
    )


def _rimes(plain: str) -> list[str]:
    """What may be the rime of a syllable without its tone: the rest after each initial that it begins with, or all."""
    found = [plain]
    for initials in _INITIALS:
        found += [plain[len(initial) :] for initial in initials if plain.startswith(initial)]
    return found
