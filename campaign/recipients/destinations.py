"""The ids of a destination: what is trimmed from them, and what they must not contain."""

from __future__ import annotations

import re
import unicodedata

BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The characters with the property White_Space (Unicode, PropList.txt): blanks of every width, tabs and line breaks.

They are trimmed from the ends of an id: a blank there is typed or pasted by mistake, and taking it away cannot lead to
another conversation. Characters of no width are not trimmed, at the ends either: they are refused. A zero-width space
is no blank of the person's, who did not see it; what put it there may have changed the id elsewhere, and an id from a
right-to-left text may be in another order than it looks. The person is shown where it is.
"""

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Control characters (Cc), characters that are not displayed (Unicode, DerivedCoreProperties.txt:
Default_Ignorable_Code_Point), separators of lines, and the blank pattern of Braille."""

_NAMES = {0: "NUL", 9: "TAB", 10: "LINE FEED", 13: "CARRIAGE RETURN", 27: "ESCAPE", 127: "DELETE"}
_SHOWN_LENGTH = 12


def trimmed(text: str) -> str:
    """Return an id without the blanks at its ends."""
    return text.strip(BLANKS)


def find_unseen(text: str) -> int:
    """Return the position of the first invisible or control character of an id, -1 if there is none."""
    if text.isascii() and text.isprintable():
        return -1
    found = _UNSEEN.search(text)
    return -1 if found is None else found.start()


def with_unseen_named(text: str) -> str:
    """Return an id whose invisible characters are replaced by their code points: “r1<U+200B>”."""
    return _UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", trimmed(text))


def describe_character(text: str, position: int) -> str:
    """Describe a character and its place: “U+200B (ZERO WIDTH SPACE) after “r1””."""
    before = text[max(0, position - _SHOWN_LENGTH) : position]
    place = f"after “{before}”" if before else f"before “{_UNSEEN.split(text[1:])[0][:_SHOWN_LENGTH]}”"
    return f"{character_name(text[position])} {place}"


def character_name(character: str) -> str:
    """Return the code point and the name of a character: U+200B (ZERO WIDTH SPACE)."""
    code = ord(character)
    name = unicodedata.name(character, "") or _NAMES.get(code, "CONTROL CHARACTER")
    return f"U+{code:04X} ({name})"
