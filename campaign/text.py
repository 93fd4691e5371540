"""Text for people: shortening, comparing names, durations in words. Pure functions of strings and numbers."""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

UNLIMITED = 1_000_000
"""A width at which no line is wrapped, for files and pipes."""


def shorten(text: str, length: int) -> str:
    """Cut a text to at most `length` characters; a text that is cut ends with an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def one_line(text: str, length: int) -> str:
    """Replace each run of white space, line breaks included, with one space, then shorten."""
    return shorten(" ".join(text.split()), length)


def without_invisible(text: str) -> str:
    """Leave out format characters, which take up no room: zero-width spaces, soft hyphens, marks of direction."""
    return text if text.isascii() else "".join(each for each in text if unicodedata.category(each) != "Cf")


_NOTHING_TO_SEE = re.compile(
    "[\\s\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+"
)


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of a text: it is empty, or has blanks and invisible characters alone."""
    return not text or (not " " < text[0] < "\x7f" and _NOTHING_TO_SEE.fullmatch(text) is not None)


def as_seen(name: str) -> str:
    """What two names have in common that look the same: composed (NFC), single blanks, no invisible characters."""
    return " ".join(without_invisible(unicodedata.normalize("NFC", name)).split())


def caseless(name: str) -> str:
    """Fold a name for comparison: as it is seen, without differences of case."""
    return as_seen(name.casefold())


def code_points(text: str) -> str:
    """Name the characters of a text that nobody sees, or takes for others: "U+200B ZERO WIDTH SPACE"; "" for none."""
    odd = (each for each in text if unicodedata.category(each) == "Cf" or (each.isspace() and each != " "))
    return " and ".join(
        f"U+{ord(each):04X} {unicodedata.name(each, 'control character')}" for each in dict.fromkeys(odd)
    )


def quoted(names: Sequence[str], *, most: int = 6) -> str:
    """Quote names as a sentence has them: “a”, “b” and “c”; of many the first ones, with the number of the others."""
    shown = [f"“{one_line(name, 40)}”" for name in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most:,} more")
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def toml_text(text: str) -> str:
    """A text as a value of the campaign file."""
    return f"'{text}'" if '"' in text or "\\" in text else f'"{text}"'


def shell_word(text: str) -> str:
    """A text as one argument of a command, in quotation marks that most shells know."""
    return shlex.quote(text) if set('"$`\\!') & set(text) else f'"{text}"'


def listed(names: Iterable[str], *, most: int = 12, length: int = 30) -> str:
    """List names on one line: each shortened, and of very many the first ones with the number of the others."""
    known = list(names)
    shown = ", ".join(one_line(name, length) for name in known[:most])
    return shown if len(known) <= most else f"{shown} and {len(known) - most:,} more"


def duration(seconds: float) -> str:
    """A measured length of time: "42.0 s", "3 min 05 s", "2 h 07 min"."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{seconds:.1f} s"
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def rough_duration(seconds: float) -> str:
    """An estimated or configured length of time: "0.5 s", "90 s", "15 min", "2.5 h", "12 days", "over 1,000 days"."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    days = seconds / 86_400
    if days < 5:
        return f"{seconds / 3600:.3g} h"
    return f"{days:,.0f} days" if days <= 1000 else "over 1,000 days"


# Control characters (C0, DEL, C1), characters that reorder the rest of a line (bidirectional embeddings, overrides and
# isolates: Unicode TR 9) or end it on some terminals, and lone surrogates, which cannot be written.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    r"""The text with every control character escaped: an escape character becomes `\x1b`."""
    return _CONTROLS.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return {9: r"\t", 10: r"\n", 13: r"\r"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
