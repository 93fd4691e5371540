"""Phone numbers as people write them: which texts are one, and which two may be the same number.

A list of those who opted out and a list of recipients rarely come from one program: one has +84 90 123 4567, another
0901234567, a third 84901234567, and a spreadsheet program that took it for a number has lost the zero. No country is
configured, so two ways of writing count as the same number if there is a country in which they are. In doubt a row is
left out, which is seen before the send; the opposite mistake sends to a person who said no.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FEWEST_DIGITS, MOST_DIGITS = 7, 15
"""Digits of a phone number; 15 is the limit of ITU-T E.164."""

SHORTEST_NATIONAL = 8
"""Digits, without country code and trunk zero, from which on two ways of writing can be compared."""

SHORTEST_WITH_ZEROS = 2 + 1 + SHORTEST_NATIONAL
"""Digits from which on two leading zeros stand for a plus sign; an id may have leading zeros, too."""

SEPARATORS = " \t\xa0().,-/'"
"""Characters between digits that mean nothing; an apostrophe protects a number from a spreadsheet program, which groups
its digits by commas or points if the cell is formatted so."""

_PHONE = re.compile(r"[ \t\xa0()'.,\-/]*\+?[0-9 \t\xa0().,\-/]*")
_DECIMALS = re.compile(rf"(?<=\d{{{FEWEST_DIGITS}}})[.,]0{{1,2}}(?=\n|\Z)")
"""What a program adds to a number that it keeps as a fraction: "84901234567.0"."""
_NO_DIGIT = re.compile(r"[^0-9]")

_ONE_OR_TWO_DIGITS = (
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 "
    "86 90 91 92 93 94 95 98"
)
_FIRST_OF_THREE = "21 22 23 24 25 26 29 35 37 38 42 50 59 67 68 69 80 85 87 88 96 97 99"

_SHORT_CODES = _ONE_OR_TWO_DIGITS.split()
COUNTRY_CODES = (*_SHORT_CODES, *(f"{zone}{digit}" for zone in _FIRST_OF_THREE.split() for digit in range(10)))
"""Country codes (ITU-T E.164, list of assigned codes); those of three digits by their first two."""


def canonical(text: str) -> str:
    """A phone number with its digits alone, after a plus sign if it has a country code; "" for any other text.

    "00 84 …" becomes "+84…". A leading zero stays: it says that the number is written as within its country.
    """
    digits = text = text if text.isascii() else "".join(map(_plain, text))
    if not text.isdecimal():
        if text.endswith("0") and ("." in text or "," in text):
            text = _DECIMALS.sub("", text)
        if not _PHONE.fullmatch(text):
            return ""
        digits = _NO_DIGIT.sub("", text)
    is_international = "+" in text
    if not is_international and digits.startswith("00") and len(digits) >= SHORTEST_WITH_ZEROS:
        digits, is_international = digits[2:], True
    if not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return ""
    return f"+{digits}" if is_international else digits


def has_decimals(texts: str) -> bool:
    """Whether one of some texts, a line for each, is a number with decimals of zero."""
    return _DECIMALS.search(texts) is not None


def _plain(character: str) -> str:
    """A digit, a blank or a dash of any script as that of ASCII."""
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Zs":
            return " "
        case "Pd":
            return "-"
    return unicodedata.normalize("NFKC", character)


def tail(number: str) -> str:
    """The end of a canonical number, which all ways of writing it have in common."""
    return number.removeprefix("+")[-SHORTEST_NATIONAL:]


def other_ways(number: str, codes: Sequence[str] = COUNTRY_CODES) -> Iterator[tuple[str, str]]:
    """Every other canonical text that may be the same number, each with its country code; "" where it has none.

    Args:
        number: a canonical number.
        codes: the country codes to try where the number itself tells none, the likeliest first.
    """
    if number.startswith("+"):
        yield number[1:], ""
        code, national = _split(number[1:])
        if code:
            yield from _with_code(code, national)
            yield from _national(national)
    elif number.startswith("0"):
        yield f"+{number}", ""
        if _is_national(national := number[1:]):
            yield national, ""
            for code in codes:
                yield from _with_code(code, national)
    else:
        yield f"+{number}", ""
        code, national = _split(number)
        if code:
            yield f"0{national}", ""
            yield from ((f"+{code}{zero}{national}", code) for zero in ("", "0"))
        if len(number) >= SHORTEST_NATIONAL:
            yield f"0{number}", ""
            for code in codes:
                yield from ((f"+{code}{zero}{number}", code) for zero in ("", "0"))


def same(one: str, other: str) -> bool:
    """Whether two canonical numbers may be the same."""
    return one == other or any(way == other for way, _ in other_ways(one))


def _national(national: str) -> Iterator[tuple[str, str]]:
    yield f"0{national}", ""
    yield national, ""


def _with_code(code: str, national: str) -> Iterator[tuple[str, str]]:
    """A number with its country code; the zero of the national form is often left in by mistake."""
    for zero in ("", "0"):
        yield f"+{code}{zero}{national}", code
        yield f"{code}{zero}{national}", code


def _split(digits: str) -> tuple[str, str]:
    """The country code, and the national number without its zero; "" twice where that is too short to be one."""
    code = next((digits[:length] for length in (1, 2) if digits[:length] in _SHORT_CODES), digits[:3])
    national = digits[len(code) :].removeprefix("0")
    return (code, national) if _is_national(national) and code in COUNTRY_CODES else ("", "")


def _is_national(digits: str) -> bool:
    return len(digits) >= SHORTEST_NATIONAL and not digits.startswith("0")
