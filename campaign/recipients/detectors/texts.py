"""Texts of a single cell that are not what somebody meant to send; each function looks at one kind."""

from __future__ import annotations

import re

_REPLACEMENT = "\ufffd"
_LETTER = r"[^\W\d_]"
_URL = re.compile(r"\S*(?:://|\bwww\.|[?&][\w%.\[\]-]+=|\w\.\w{2,}/|\w\.\w{2,4}\?)\S*")
_LOST_IN_WORD = re.compile(rf"({_LETTER})\?+({_LETTER})|(?:^|\s)\?+{_LETTER}")
_ONLY_MARKS = re.compile(r"\?+(?:[\s.,\-/]+\?+)*")
_WORD_OF_MARKS = re.compile(r"(?:^|\s)\?{2,}(?=\s|$)|^\?(?=\s+\w)")
_WORDS_OF_A_SENTENCE = 3


def may_have_lost_letters(text: str) -> bool:
    """Whether a text, or any of many texts put together, has to be looked at by `has_lost_letters`."""
    return "?" in text or _REPLACEMENT in text


def has_lost_letters(text: str) -> bool:
    """Whether letters of a text were replaced, as programs do with those that an encoding does not have.

    U+FFFD is what Unicode decoders write (Unicode Standard, 3.9), and `?` what 8-bit encoders do: inside and at the
    beginning of words, and for words of an alphabet that the encoding lacks altogether. A question mark at the end of
    a word or of a sentence is one, also without a blank before the next (“không?Gọi lại”), and those in web addresses
    belong there.
    """
    if _REPLACEMENT in text:
        return True
    first = text.find("?")
    if first < 0 or (first == len(text) - 1 and text[first - 1 : first].isalnum()):
        return False  # none, or one at the end of a sentence, as most are
    rest = _URL.sub(" ", text).strip()
    if any(map(_is_within_word, _LOST_IN_WORD.finditer(rest))) or _ONLY_MARKS.fullmatch(rest):
        return True
    found = _WORD_OF_MARKS.search(rest)
    return found is not None and (found.end() < len(rest) or len(rest.split()) <= _WORDS_OF_A_SENTENCE)


def _is_within_word(match: re.Match[str]) -> bool:
    before, after = match.groups("")
    return not (before.islower() and after.isupper())


NULL_WORDS = frozenset(
    {
        *("NULL", "Null", "null", "(null)", "(NULL)", "<null>", "<NULL>", "[NULL]", "{null}", "\\N", "\\\\N"),
        *("nan", "NaN", "NAN", "Nan", "<NA>", "NaT", "<nil>", "None", "undefined", "[object Object]"),
    }
)
"""What programs write for nothing: MySQL's and PostgreSQL's dumps and clients, DBeaver, JetBrains, C, JavaScript,
Python and pandas, Go. “none” and “N/A” are words of people."""


_GUARD = re.compile(r"\s*'(?:[=+\-@]|(?!\d\d\s*$)\d[\d\s.,()+/:-]*$)")
"""'68 is a year."""


def has_csv_apostrophe(text: str) -> bool:
    """Whether a text begins with the apostrophe that guards a spreadsheet program against a formula or a number.

    OWASP, “CSV Injection”, recommends it before `=`, `+`, `-` and `@`; others write it so that digits stay a text.
    """
    return "'" in text[:4] and _GUARD.match(text) is not None


def has_backslash_quotes(text: str, *, is_csv: bool) -> bool:
    r"""Whether quotation marks were written as `\"`, which the CSV of spreadsheet programs does not know (RFC 4180).

    Such a field is read as “An \Bee\" Tran"”. One with a single mark, `"5\" pipe"`, ends in a mark without a partner.
    """
    if '\\"' in text:
        return True
    return is_csv and "\\" in text and text.rstrip().endswith('"') and text.count('"') % 2 == 1
