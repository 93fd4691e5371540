"""A number format code cut into tokens, section by section."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from campaign.sheets.number_format.errors import NotUnderstoodError


class Kind(Enum):
    """What a token does; the text of each is said beside it."""

    LITERAL = auto()  # the text itself, to be shown as it stands
    DIGITS = auto()  # a run of 0, # and ?
    NUMERAL = auto()  # 1 to 9: literal, except in a denominator
    POINT = auto()
    COMMA = auto()  # one or more
    PERCENT = auto()
    EXPONENT = auto()  # E+ or E-
    SLASH = auto()
    TEXT = auto()  # @
    GENERAL = auto()
    DATE = auto()  # a run of one of y m d h s b e a, in lower case
    ELAPSED = auto()  # a run of one of h m s, in lower case
    AM_PM = auto()  # as written
    CONDITION = auto()  # the comparison and the number
    COLOUR = auto()  # says nothing of the text
    UNSUPPORTED = auto()  # eras, other calendars, other digits
    LOCALE = auto()  # what stands after the hyphen of [$symbol-locale]


class Token(NamedTuple):
    """One meaningful piece of a section."""

    kind: Kind
    text: str


_PATTERN = re.compile(
    r"""
      (?P<GENERAL> general )
    | (?P<DIGITS> [0\#?]+ )
    | (?P<NUMERAL> [1-9]+ )
    | (?P<BREAK> ; )
    | (?P<POINT> \. )
    | (?P<COMMA> ,+ )
    | (?P<PERCENT> % )
    | (?P<EXPONENT> (?-i:E)[+-] )
    | (?P<TEXT> @ )
    | (?P<AM_PM> am/pm | a/p | 上午/下午 )
    | (?P<SLASH> / )
    | b1
    | (?P<UNSUPPORTED> b2 | g+ | \[ (?: DBNum | NatNum ) \d* \] )
    | (?P<DATE> y+ | m+ | d+ | h+ | s+ | b+ | a{3,} | (?-i:e)+ )
    | \[ (?P<ELAPSED> h+ | m+ | s+ ) \]
    | \[ (?P<CONDITION> (?: <= | >= | <> | [<>=] ) \s* -? (?: \d+\.?\d* | \.\d+ ) (?: E[+-]?\d+ )? ) \]
    | \[\$ (?P<SYMBOL> [^\]-]* ) (?: - (?P<LOCALE> [^\]]* ) )? \]
    | \[ (?P<COLOUR> black | blue | cyan | green | magenta | red | white | yellow | colou?r\s*\d+ ) \]
    | \\ (?P<ESCAPED> . )
    | " (?P<QUOTED> [^"]* ) "
    | _ (?P<SKIPPED> \\. | . )
    | \* (?: \\. | . )
    | (?P<REFUSED> [EN\["\\_*] )
    | (?P<CHARACTER> . )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)

_AS_IS = frozenset({"SYMBOL", "ESCAPED", "QUOTED", "CHARACTER"})


def sections(code: str) -> list[list[Token]]:
    """Cut a format code into its sections and those into tokens.

    Fills (`*x`) are left out, since a text has no width to fill; a skipped width (`_x`) is a space, as in Excel's TEXT
    function.

    Raises:
        NotUnderstoodError: something in it is no part of a format code that is supported.
    """
    found: list[list[Token]] = [[]]
    for match in _PATTERN.finditer(code):
        group = match.lastgroup
        if group == "BREAK":
            found.append([])
        elif group == "REFUSED":
            raise NotUnderstoodError(f"{match.group()!r} has no meaning in the number format {code!r}")
        else:
            found[-1].extend(_tokens(match, group))
    return found


def _tokens(match: re.Match[str], group: str | None) -> list[Token]:
    if group is None:
        return []
    text = match[group]
    if group == "LOCALE":
        symbol = match["SYMBOL"]
        return [*([Token(Kind.LITERAL, symbol)] if symbol else []), Token(Kind.LOCALE, text)]
    if group == "SKIPPED":
        return [Token(Kind.LITERAL, " ")]
    if group in _AS_IS:
        return [Token(Kind.LITERAL, text)]
    kind = Kind[group]
    return [Token(kind, text.lower() if kind in {Kind.DATE, Kind.ELAPSED} else text)]
