"""Parse number format codes: sections, tokens, and the layout of a number section."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class NotUnderstoodError(ValueError):
    """The format code is not valid in Excel, or the value cannot be displayed with it."""


class NotShownError(NotUnderstoodError):
    """The format code has no text for the value: Excel fills the cell with number signs."""


class UnsupportedError(NotUnderstoodError):
    """The format code is valid in Excel but not supported here."""


class Kind(Enum):
    """What a token means; the comments describe its text."""

    LITERAL = auto()  # text that is displayed as is
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
    COLOUR = auto()  # has no effect on the text
    UNSUPPORTED = auto()  # eras, other calendars, other digits
    LOCALE = auto()  # the part after the hyphen of [$symbol-locale]


class Token(NamedTuple):
    """One token of a section."""

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
    | _ (?: \\. | . )
    | \* (?: \\. | . )
    | (?P<REFUSED> [EN\["\\_*] )
    | (?P<CHARACTER> . )
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII | re.DOTALL,
)

_LITERAL_GROUPS = frozenset({"SYMBOL", "ESCAPED", "QUOTED", "CHARACTER"})


def sections(code: str) -> list[list[Token]]:
    """Split a format code into sections, and the sections into tokens.

    Layout is dropped: a fill (`*x`) and a skipped width (`_x`) move what a cell shows, and show no character
    themselves (Microsoft, "Number format codes"). Excel's TEXT function writes a space for a width, which a message
    must not contain.

    Raises:
        NotUnderstoodError: part of it is not a format code that is supported.
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
    if group in _LITERAL_GROUPS:
        return [Token(Kind.LITERAL, text)]
    kind = Kind[group]
    return [Token(kind, text.lower() if kind in {Kind.DATE, Kind.ELAPSED} else text)]


class Role(Enum):
    """What a part of a number section displays."""

    LITERAL = auto()
    INTEGER = auto()
    POINT = auto()
    FRACTION = auto()
    POWER = auto()


class LayoutPart(NamedTuple):
    """A literal, or a run of digit placeholders."""

    role: Role
    text: str


class SectionLayout(NamedTuple):
    """The layout of a number section.

    Attributes:
        parts: literals and placeholders, in order.
        scale: the power of ten that the number is multiplied by: 2 for each percent sign, -3 for each scaling comma.
        grouped: whether thousands separators are displayed.
        plus: the sign of an exponent that is not negative: "+" or "".
        has_exponent: whether the section is in scientific notation.
    """

    parts: tuple[LayoutPart, ...]
    scale: int
    grouped: bool
    plus: str
    has_exponent: bool

    @property
    def number(self) -> tuple[LayoutPart, ...]:
        """The parts from the first to the last that is not a literal."""
        places = [index for index, part in enumerate(self.parts) if part.role is not Role.LITERAL]
        return self.parts[places[0] : places[-1] + 1] if places else ()

    @property
    def around(self) -> tuple[str, str]:
        """The literals before and after `number`."""
        texts = [part.text if part.role is Role.LITERAL else None for part in self.parts]
        first = texts.index(None)
        last = len(texts) - texts[::-1].index(None)
        return "".join(filter(None, texts[:first])), "".join(filter(None, texts[last:]))

    def pattern(self, role: Role) -> str:
        """Return the placeholders of one role, joined."""
        return "".join(part.text for part in self.parts if part.role is role)


_DIGIT_LIKE = frozenset({Kind.DIGITS, Kind.NUMERAL})
_LITERAL_KINDS = frozenset({Kind.LITERAL, Kind.NUMERAL, Kind.POINT})


def layout_of(tokens: Sequence[Token]) -> SectionLayout:
    """Parse the tokens of a section without dates and fraction bar.

    Raises:
        NotUnderstoodError: the tokens cannot be combined.
    """
    builder = _LayoutBuilder()
    for index, token in enumerate(tokens):
        if token.kind is Kind.COMMA:
            builder.add_comma(token.text, _comma(tokens, index))
        elif token.kind is Kind.DIGITS:
            builder.add_digits(token.text, joined=index > 0 and tokens[index - 1].kind is Kind.COMMA)
        else:
            builder.add(token)
    parts = tuple(_with_integer(builder.parts))
    # Digits with literals among them are not grouped.
    grouped = builder.grouped and sum(part.role is Role.INTEGER for part in parts) == 1
    return SectionLayout(parts, builder.scale, grouped, builder.plus, builder.role is Role.POWER)


class Comma(Enum):
    """What a comma means, by its position."""

    LITERAL = auto()
    GROUPS = auto()
    SCALES = auto()


def _comma(tokens: Sequence[Token], index: int) -> Comma:
    """Classify a comma: between digits it separates thousands, after the last digit it divides by a thousand."""
    before = tokens[index - 1].kind if index else None
    if before not in _DIGIT_LIKE and before is not Kind.POINT:
        return Comma.LITERAL
    for position, token in enumerate(tokens[index + 1 :]):
        if token.kind is Kind.DIGITS or (token.kind is Kind.NUMERAL and position == 0):
            return Comma.GROUPS
        if token.kind in {Kind.POINT, Kind.EXPONENT}:
            break
    return Comma.SCALES


class _LayoutBuilder:
    """Builds a layout token by token; `role` is the role of the next digits."""

    def __init__(self) -> None:
        self.parts: list[LayoutPart] = []
        self.scale = 0
        self.grouped = False
        self.plus = ""
        self.role = Role.INTEGER

    def add_digits(self, text: str, *, joined: bool) -> None:
        if joined and self.parts and self.parts[-1].role is self.role:
            text = self.parts.pop().text + text
        self.parts.append(LayoutPart(self.role, text))

    def add_comma(self, text: str, meaning: Comma) -> None:
        if meaning is Comma.LITERAL:
            self.parts.append(LayoutPart(Role.LITERAL, text))
        elif meaning is Comma.SCALES:
            self.scale -= 3 * len(text)
        elif self.role is Role.INTEGER:
            self.grouped = True

    def add(self, token: Token) -> None:
        if token.kind is Kind.POINT and self.role is Role.INTEGER:
            self.role = Role.FRACTION
            self.parts.append(LayoutPart(Role.POINT, "."))
        elif token.kind is Kind.PERCENT:
            self.scale += 2
            self.parts.append(LayoutPart(Role.LITERAL, "%"))
        elif token.kind is Kind.EXPONENT and self.role is not Role.POWER:
            self.role, self.plus = Role.POWER, token.text[1].strip("-")
            self.parts.append(LayoutPart(Role.LITERAL, "E"))
        elif token.kind in _LITERAL_KINDS:
            self.parts.append(LayoutPart(Role.LITERAL, token.text))
        else:
            raise NotUnderstoodError(f"{token.text!r} cannot be part of a number")


def _with_integer(parts: list[LayoutPart]) -> Iterator[LayoutPart]:
    # Excel displays the digits before the point even without placeholders for them: ".0" displays 1234.0.
    roles = {part.role for part in parts}
    missing = Role.INTEGER not in roles and Role.FRACTION in roles and Role.POWER not in roles
    for part in parts:
        if missing and part.role is Role.POINT:
            yield LayoutPart(Role.INTEGER, "#")
        yield part
