"""Tell mojibake from text that looks like it by coincidence.

“ĐÃ” ends in the two characters that Ô is misread as: a capital letter with an accent and the quotation mark, dash or
no-break space after it are a letter of UTF-8 in some 8-bit encoding. How the characters stand in the text, and what
they would be, tells such a text from mojibake.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VIETNAMESE = re.compile("[ĐđƠơƯư\u1ea0-\u1ef9]")
"""Letters that mojibake in an encoding with Â and Ã does not have."""

_END_OF_WORD = re.compile("(?<![a-zß-öø-ÿ])[ÂÃ](?=[”’»›“‘–—™®\xa0])")
_QUOTED = [
    re.compile(f"({opening}[^{opening}{closing}]*)[ÂÃÎ](?={closing})") for opening, closing in ("“”", "‘’", "«»", "„“")
]
_NO_BREAK_SPACE = re.compile(r"(?<=\w)(\w)\xa0(?=\w)")
_ALSO_WITHIN_CAPITALS = "ÂÄÅÆĹ"
"""Misread no-break spaces, Ġ, Š and Ơ begin with these, and stand in words of capitals, too: “VIÅ\xa0E” is VIŠE."""


def without_ends_of_words(text: str) -> str:
    """Return a text without the characters that only look like mojibake because a word of capitals ends there."""
    if _VIETNAMESE.search(text):
        text = _END_OF_WORD.sub("A", text)
    for quoted in _QUOTED:
        text = quoted.sub(r"\1A", text)
    return _NO_BREAK_SPACE.sub(_with_blank, text)


def _with_blank(match: re.Match[str]) -> str:
    """Replace a no-break space between capitals, where ordinary text has one and a misread à has none."""
    letter, before, after = match[1], match.string[match.start() - 1], match.string[match.end()]
    capitals = letter.isupper() and before.isupper() and (after.isupper() or after.isdecimal())
    return f"{letter} " if capitals and letter not in _ALSO_WITHIN_CAPITALS else match[0]


_LATIN, _MARK = "LATIN", "COMBINING"
_WRITTEN = {
    _LATIN: re.compile(
        "[\x00-\u0131\u0134-\u0137\u0139-\u0148\u014a-\u017eƆƏƐƒƔƠơƯưɓɔɗəɛɣ\u01cd-\u01dc\u0218-\u021b\u1e00-\u1eff]+"
    ),
    _MARK: re.compile("[\u0300-\u0304\u0306-\u030c\u031b\u0323-\u0328\u0331]+"),
    "CYRILLIC": re.compile("[\u0400-\u045f\u0490-\u04ff]+"),
}
"""The letters that languages of today are written with, where a script has many others."""

_EAST_ASIAN = frozenset({"HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH", "BOPOMOFO"})


def is_plausible(fixed: str, text: str, *, every: bool = False) -> bool:
    """Whether a text is one that people write, as far as it differs from another.

    A letter of another script in the middle of a word, or one that no language of today uses, is the work of chance.

    Args:
        fixed: what the text would be.
        text: the text as it is.
        every: whether all that differs has to be plausible, not only some of it.
    """
    judged = list(_judged(fixed, frozenset(text)))
    return not judged or (all(judged) if every else any(judged))


def _judged(fixed: str, known: frozenset[str]) -> Iterator[bool]:
    """Whether each sequence of letters of one script that has letters beyond ASCII which are not known is plausible."""
    runs = [(script, "".join(letters)) for script, letters in groupby(fixed, _script)]
    for index, (script, letters) in enumerate(runs):
        new = "".join(each for each in letters if not each.isascii() and each not in known)
        if not script or not new:
            continue
        beside = {runs[place][0] for place in (index - 1, index + 1) if 0 <= place < len(runs)}
        alone = script not in (_LATIN, _MARK) and len(letters) == 1 and _LATIN in beside
        yield not alone and (script not in _WRITTEN or _WRITTEN[script].fullmatch(new) is not None)


def _script(character: str) -> str:
    """The script of a letter or mark, as the first word of its name tells it; "" for any other character."""
    if unicodedata.category(character)[0] not in "LM":
        return ""
    if character <= "\u024f":
        return _LATIN
    name = unicodedata.name(character, "").split(" ")[0].split("-")[0]
    return "CJK" if name in _EAST_ASIAN else name
