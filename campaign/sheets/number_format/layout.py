"""A number section laid out: which digits go where, between which literals."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from campaign.sheets.number_format.errors import NotUnderstoodError
from campaign.sheets.number_format.tokens import Kind, Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Role(Enum):
    """What a part of a number section shows."""

    LITERAL = auto()
    INTEGER = auto()
    POINT = auto()
    FRACTION = auto()
    POWER = auto()


class Part(NamedTuple):
    """A literal, or a run of digit placeholders."""

    role: Role
    text: str


class Layout(NamedTuple):
    """A number section, ready to be filled in.

    Attributes:
        parts: literals and placeholders in order.
        scale: the power of ten that the number is multiplied by: 2 for each percent sign, -3 for each scaling comma.
        grouped: whether thousands are separated.
        plus: the sign of an exponent that is not negative: "+" or nothing.
        has_exponent: whether the section is in scientific notation.
    """

    parts: tuple[Part, ...]
    scale: int
    grouped: bool
    plus: str
    has_exponent: bool

    @property
    def number(self) -> tuple[Part, ...]:
        """The parts from the first that is no literal to the last."""
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
        """All the placeholders of one role, one after the other."""
        return "".join(part.text for part in self.parts if part.role is role)


_DIGIT_LIKE = frozenset({Kind.DIGITS, Kind.NUMERAL})
_AS_IS = frozenset({Kind.LITERAL, Kind.NUMERAL, Kind.POINT})


def lay_out(tokens: Sequence[Token]) -> Layout:
    """Lay out the tokens of a section that holds neither dates nor a fraction bar.

    Raises:
        NotUnderstoodError: the tokens do not go together.
    """
    builder = _Builder()
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
    return Layout(parts, builder.scale, grouped, builder.plus, builder.role is Role.POWER)


class Comma(Enum):
    """What a comma means where it stands."""

    LITERAL = auto()
    GROUPS = auto()
    SCALES = auto()


def _comma(tokens: Sequence[Token], index: int) -> Comma:
    """A comma between digits groups thousands, one after the last digit divides by a thousand, others are text."""
    before = tokens[index - 1].kind if index else None
    if before not in _DIGIT_LIKE and before is not Kind.POINT:
        return Comma.LITERAL
    for position, token in enumerate(tokens[index + 1 :]):
        if token.kind is Kind.DIGITS or (token.kind is Kind.NUMERAL and position == 0):
            return Comma.GROUPS
        if token.kind in {Kind.POINT, Kind.EXPONENT}:
            break
    return Comma.SCALES


class _Builder:
    """The layout as far as it is known; `role` is what the next digits are."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.scale = 0
        self.grouped = False
        self.plus = ""
        self.role = Role.INTEGER

    def add_digits(self, text: str, *, joined: bool) -> None:
        if joined and self.parts and self.parts[-1].role is self.role:
            text = self.parts.pop().text + text
        self.parts.append(Part(self.role, text))

    def add_comma(self, text: str, meaning: Comma) -> None:
        if meaning is Comma.LITERAL:
            self.parts.append(Part(Role.LITERAL, text))
        elif meaning is Comma.SCALES:
            self.scale -= 3 * len(text)
        elif self.role is Role.INTEGER:
            self.grouped = True

    def add(self, token: Token) -> None:
        if token.kind is Kind.POINT and self.role is Role.INTEGER:
            self.role = Role.FRACTION
            self.parts.append(Part(Role.POINT, "."))
        elif token.kind is Kind.PERCENT:
            self.scale += 2
            self.parts.append(Part(Role.LITERAL, "%"))
        elif token.kind is Kind.EXPONENT and self.role is not Role.POWER:
            self.role, self.plus = Role.POWER, token.text[1].strip("-")
            self.parts.append(Part(Role.LITERAL, "E"))
        elif token.kind in _AS_IS:
            self.parts.append(Part(Role.LITERAL, token.text))
        else:
            raise NotUnderstoodError(f"{token.text!r} cannot stand in a number")


def _with_integer(parts: list[Part]) -> Iterator[Part]:
    # Excel shows the digits before the point even where the code has no place for them: ".0" shows 1234.0.
    roles = {part.role for part in parts}
    missing = Role.INTEGER not in roles and Role.FRACTION in roles and Role.POWER not in roles
    for part in parts:
        if missing and part.role is Role.POINT:
            yield Part(Role.INTEGER, "#")
        yield part
