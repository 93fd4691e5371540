"""Patterns for every spelling of a secret, and for what may stand between its characters without being seen."""

from __future__ import annotations

import html.entities
import re
import unicodedata
from base64 import b64encode
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORTEST_CODED = 6
"""Characters of base64 below which a match would mean nothing."""

SHORTEST_BROKEN = 8
"""Characters of a secret below which blanks between them are those of ordinary text."""

_URL_SAFE: Mapping[str, str] = {"+": "-", "/": "_"}
"""The other alphabet of base64 (RFC 4648, section 5)."""

_BETWEEN_BYTES = r"(?:[:,;_ -]?(?:0x)?)"

_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
_ANSI = r"\[[0-?]{0,16}[ -/]{0,4}[@-~]"
"""The rest of a control sequence after ESC (ECMA-48, section 5.4)."""


class _Codes(NamedTuple):
    """Patterns for the codes of such characters.

    Attributes:
        byte: two hexadecimal digits, below U+0100.
        word: four, above.
        number: decimal.
        name: in HTML.
        letter: after a backslash.
    """

    byte: str
    word: str
    number: str
    name: str
    letter: str


_UNSEEN_CODES = _Codes(
    byte="0[0-8bcef]|1[0-9a-f]|7f|ad",
    word="200[b-f]|202[a-e]|206[0-9a-f]|feff",
    number="173|820[3-7]|65279|[0-8]",
    name="shy|ZeroWidthSpace|zwn?j|NoBreak",
    letter="[0bf]",
)
_BLANK_CODES = _Codes(
    byte="09|0a|0d|20|a0", word="2028", number="9|10|13|32|160", name="Tab|NewLine|nbsp", letter="[nrtv]"
)


def _gaps(characters: str, codes: _Codes) -> re.Pattern[str]:
    """Characters, escapes and tags that are not seen between two characters, or seen as a blank."""
    forms = [
        rf"(?:\x1b|\\{{1,4}}(?:u001b|x1b|u\{{1b\}}|033|e)|%1b){_ANSI}",
        characters,
        rf"\\{{1,4}}(?:u\{{0*(?:{codes.byte}|[9ad]|{codes.word})\}}|u(?:00(?:{codes.byte})|{codes.word})|x(?:{codes.byte}))",
        rf"\\{{1,4}}(?:{codes.letter})",
        rf"%(?:25){{0,3}}(?:c2%(?:25){{0,3}}a[0d]|e2%(?:25){{0,3}}80%(?:25){{0,3}}8[b-f]|{codes.byte})",
        rf"&(?:amp;){{0,3}}(?:#0*(?:{codes.number})|#x0*(?:{codes.byte}|{codes.word}|[0-9ad])|{codes.name});",
        r"<w?br ?/?>",
    ]
    return re.compile("|".join(forms), re.IGNORECASE)


UNSEEN = _gaps(f"[{_UNSEEN}]+", _UNSEEN_CODES)
UNSEEN_OR_BLANK = _gaps(
    rf"[{_UNSEEN}\s]+", _Codes(*("|".join(pair) for pair in zip(_UNSEEN_CODES, _BLANK_CODES, strict=True)))
)

_ALIKE = "\uff01-\uff5e\U0001d400-\U0001d7ff\u2460-\u24ff\u2100-\u214f"
ALIKE = re.compile(f"[{_ALIKE}]")
"""Ranges of characters that are ASCII in another shape: full-width, mathematical, circled, letter-like."""


@lru_cache(maxsize=1)
def plain_forms() -> Mapping[int, str]:
    """The ASCII character of each character that is one in another shape, for `str.translate`."""
    starts_and_ends = [_ALIKE[at : at + 3].split("-") for at in range(0, len(_ALIKE), 3)]
    codes = [code for start, end in starts_and_ends for code in range(ord(start), ord(end) + 1)]
    plain = {code: unicodedata.normalize("NFKC", chr(code)) for code in codes}
    return {code: text for code, text in plain.items() if len(text) == 1 and text.isascii()}


class Spelling(NamedTuple):
    """A way to write a secret.

    Attributes:
        pattern: finds it, in a search that ignores case.
        first: the characters that it may begin with, but for the marks that begin an escape.
        before: how many characters before it the secret shares with a neighbour.
    """

    pattern: str
    first: str
    before: int = 0


MARKS = "\\%&"
"""Characters that begin an escape."""


def spellings(secret: str) -> Iterator[Spelling]:
    """Every way to write a secret."""
    yield Spelling("".join(map(_character, secret)), f"{secret[0]}+" if secret[0] == " " else secret[0])
    digits = secret.encode().hex(":")
    yield Spelling(digits.replace(":", _BETWEEN_BYTES if len(secret) >= SHORTEST_BROKEN else ""), digits[0])
    for before, core in _base64(secret):
        inner = "".join(_character(each, _URL_SAFE.get(each)) for each in core)
        first = core[0] + _URL_SAFE.get(core[0], "")
        yield Spelling(rf"{inner}[\w+/-]?={{0,2}}", first, before)


def plain_spellings(secret: str) -> Iterator[str]:
    """The spellings without a mark that begins an escape, and without what may stand between bytes."""
    yield secret
    yield secret.encode().hex()
    if " " in secret:
        yield secret.replace(" ", "+")
    for _, core in _base64(secret):
        yield from (core, core.replace("+", "-").replace("/", "_"))


def without_separators(text: str) -> str:
    """A text without what may stand between the hexadecimal digits of two bytes."""
    for separator in (":", ",", ";", "_", " ", "-", "0x"):
        text = text.replace(separator, "")
    return text


def _base64(secret: str) -> Iterator[tuple[int, str]]:
    """What a secret becomes in base64 at each of the three offsets, without the characters that neighbours share."""
    data = secret.encode()
    for before, first in enumerate((0, 2, 3)):
        coded = b64encode(bytes(before) + data).decode().rstrip("=")
        core = coded[first : len(coded) - bool((before + len(data)) % 3)]
        if len(core) >= SHORTEST_CODED:
            yield first, core


@cache
def _entity_names() -> Mapping[str, tuple[str, ...]]:
    """The names that HTML has for each text, in the order of the table."""
    names: dict[str, tuple[str, ...]] = {}
    for name, text in html.entities.html5.items():
        if name.endswith(";"):
            names[text] = (*names.get(text, ()), name)
    return names


def _character(character: str, other: str | None = None) -> str:
    """A pattern for every spelling of a character; repetitions are bounded, so that no body makes the search slow."""
    code = ord(character)
    forms = [
        re.escape(character),
        rf"%(?:25){{0,3}}(?:u00)?{code:02x}",
        rf"\\{{1,4}}u00{code:02x}",
        rf"\\{{1,4}}u\{{0{{0,4}}{code:x}\}}",
        rf"\\{{1,4}}x{code:02x}",
        rf"\\{{1,4}}{code:03o}",
        rf"&(?:amp;){{0,3}}#0{{0,5}}{code};",
        rf"&(?:amp;){{0,3}}#x0{{0,5}}{code:x};",
        *(rf"&(?:amp;){{0,3}}{re.escape(name)}" for name in _entity_names().get(character, ())),
    ]
    if not character.isalnum():
        forms.insert(1, rf"\\{{1,4}}{re.escape(character)}")
    if character == " ":
        forms.append(r"\+")
    if other:
        forms.append(re.escape(other))
    return f"(?:{'|'.join(forms)})"
