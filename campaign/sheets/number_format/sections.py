"""Compile one section of a format code into functions: fractions here, other kinds in `dates` and `numbers`."""

from __future__ import annotations

from decimal import Decimal
from itertools import takewhile
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.sheets.number_format.dates import DATE_KINDS, DateSection
from campaign.sheets.number_format.locales import Locale, parse_locale
from campaign.sheets.number_format.numbers import exact, fill_left, fill_right, general_text, join_parts, number_section
from campaign.sheets.number_format.syntax import (
    Kind,
    NotUnderstoodError,
    Role,
    SectionLayout,
    UnsupportedError,
    layout_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from campaign.sheets.number_format.numbers import Number, Render
    from campaign.sheets.number_format.serial_date import DateLike
    from campaign.sheets.number_format.syntax import Token

    ShowText: TypeAlias = Callable[[str], str]
    ShowDate: TypeAlias = Callable[[DateLike], str]


_CLOSE_ENOUGH = 1e-13
_HALF = Decimal("0.5")


class _Shape(NamedTuple):
    """The pieces of a fraction section, in display order.

    Attributes:
        whole: the whole number and the literals before it; has no digits if the section has no whole number.
        gap: the literals between the whole number and the numerator.
        numerator: its placeholders.
        bar: the slash with the literals around it.
        denominator: its placeholders, or the digits of a fixed denominator.
        tail: the literals at the end.
    """

    whole: SectionLayout
    gap: str
    numerator: str
    bar: str
    denominator: str
    tail: str

    @property
    def has_whole(self) -> bool:
        return bool(self.whole.pattern(Role.INTEGER))

    @property
    def fixed(self) -> int:
        """The fixed denominator; 0 if there is none."""
        return int(self.denominator) if self.denominator.isdigit() else 0

    @property
    def keeps_room(self) -> bool:
        """Whether spaces replace a fraction that is not displayed, so that a column is aligned."""
        return bool(set(self.numerator + self.denominator) - {"#"})

    @property
    def always_shown(self) -> bool:
        return not self.has_whole or "0" in self.numerator or (not self.fixed and "0" in self.denominator)


def fraction_section(tokens: Sequence[Token]) -> Render:
    """Compile a section with a fraction bar.

    Raises:
        NotUnderstoodError: numerator or denominator is missing, or a token cannot be part of a fraction.
    """
    shape = _shape(tokens)
    has_whole, scale = shape.has_whole, shape.whole.scale

    def render(value: Number, sign: str) -> str:
        number = float(exact(value).scaleb(scale))
        if not isfinite(number):
            raise NotUnderstoodError("no cell contains so large a number")
        whole = int(number) if has_whole else 0
        numerator, denominator = _nearest(number - whole, shape.fixed, 10 ** len(shape.denominator))
        if has_whole and numerator == denominator:
            whole, numerator = whole + 1, 0
        return sign + _shown(shape, whole, numerator, denominator)

    return render


def _shape(tokens: Sequence[Token]) -> _Shape:
    kinds = [token.kind for token in tokens]
    slash = kinds.index(Kind.SLASH)
    if Kind.DIGITS not in kinds[:slash]:
        raise NotUnderstoodError("a fraction needs a numerator")
    top = slash - 1 - kinds[:slash][::-1].index(Kind.DIGITS)
    gap = top - _run(reversed(kinds[:top]), Kind.LITERAL) if Kind.DIGITS in kinds[:top] else top
    bottom = slash + 1 + _run(kinds[slash + 1 :], Kind.LITERAL)
    end = bottom + _run(kinds[bottom:], Kind.DIGITS, Kind.NUMERAL)
    if end == bottom:
        raise NotUnderstoodError("a fraction needs a denominator")
    whole = layout_of(tokens[:gap])
    if whole.pattern(Role.POINT) or whole.has_exponent or kinds[gap - 1 : top] == [Kind.COMMA]:
        raise NotUnderstoodError("a fraction can have neither decimals nor thousands in its numerator")
    return _Shape(
        whole=whole,
        gap=_literal(tokens[gap:top]),
        numerator=tokens[top].text,
        bar=f"{_literal(tokens[top + 1 : slash])}/{_literal(tokens[slash + 1 : bottom])}",
        denominator="".join(token.text for token in tokens[bottom:end]),
        tail=_literal(tokens[end:]),
    )


def _run(kinds: Iterable[Kind], *wanted: Kind) -> int:
    """Count the leading kinds that are among those wanted."""
    return sum(1 for _ in takewhile(lambda kind: kind in wanted, kinds))


def _literal(tokens: Sequence[Token]) -> str:
    for token in tokens:
        if token.kind is not Kind.LITERAL:
            raise NotUnderstoodError(f"{token.text!r} cannot be part of a fraction")
    return "".join(token.text for token in tokens)


def _nearest(number: float, fixed: int, limit: int) -> tuple[int, int]:
    """Return numerator and denominator: the last convergent of the continued fraction with a denominator below `limit`.

    Uses floats, with their rounding errors, because Excel does: 0.3 is 2/7 in `# ?/?`, but 1.3 is 1 1/3.
    """
    if fixed:
        return int(exact(number) * fixed + _HALF), fixed
    before, last = (0, 0), (int(number), 1)
    rest = number - int(number)
    while rest and abs(number - last[0] / last[1]) > _CLOSE_ENOUGH:
        factor, rest = divmod(1 / rest, 1)
        bottom = int(factor) * last[1] + before[1]
        if bottom >= limit:
            break
        before, last = last, (int(number * bottom + 0.5), bottom)
    return last


def _shown(shape: _Shape, whole: int, numerator: int, denominator: int) -> str:
    visible = numerator > 0 or shape.always_shown
    digits = "" if whole == 0 and visible else str(whole)
    pattern = shape.whole.pattern(Role.INTEGER)
    integer = join_parts(shape.whole.parts, {Role.INTEGER: fill_right(digits, pattern, grouped=shape.whole.grouped)})
    if not visible:
        room = len(shape.gap + shape.numerator + shape.bar + shape.denominator) if shape.keeps_room else 0
        return integer + " " * room + shape.tail
    gap = shape.gap if digits else " " * len(shape.gap) * shape.keeps_room
    top = "".join(fill_right(str(numerator) if numerator or not shape.has_whole else "", shape.numerator))
    fill = fill_right if "0" in shape.denominator else fill_left
    bottom = shape.denominator if shape.fixed else "".join(fill(str(denominator), shape.denominator))
    return f"{integer}{gap}{top}{shape.bar}{bottom}{shape.tail}"


_GENERAL_KINDS = frozenset({Kind.GENERAL, Kind.TEXT})
_DIRECTIVES = frozenset({Kind.COLOUR, Kind.CONDITION, Kind.LOCALE})
_AS_IS = frozenset({Kind.LITERAL, Kind.NUMERAL, Kind.POINT, Kind.COMMA})


class Rendering(NamedTuple):
    """A compiled section.

    Attributes:
        positive: formats a number that is not negative.
        negative: formats a negative number, given without its sign.
        date: formats a date; None if the section is not for dates.
    """

    positive: Render
    negative: Render
    date: ShowDate | None = None


def render_number(tokens: Sequence[Token], *, date1904: bool) -> Rendering:
    """Compile a section for numbers and dates.

    Raises:
        NotUnderstoodError: the section is not valid in Excel.
        UnsupportedError: it is valid but not supported here.
    """
    shown = [token for token in tokens if token.kind not in _DIRECTIVES]
    kinds = {token.kind for token in shown}
    if Kind.UNSUPPORTED in kinds:
        raise UnsupportedError("eras, non-Gregorian calendars and digits other than 0 to 9 are not supported")
    where = _locale(tokens)
    if kinds & DATE_KINDS:
        section = DateSection(shown, where, date1904=date1904)
        return Rendering(section.number, section.negative, section.date)
    if kinds & _GENERAL_KINDS or (tokens and not shown):
        render = _general_section(shown)
    elif Kind.SLASH in kinds:
        render = fraction_section(shown)
    else:
        render = number_section(layout_of(shown))
    return Rendering(render, render)


def render_text(tokens: Sequence[Token]) -> ShowText:
    """Compile a section for text.

    Raises:
        NotUnderstoodError: a token of it cannot be combined with text.
    """
    shown = [token for token in tokens if token.kind not in _DIRECTIVES]
    pieces = _without_outer_blanks(_pieces(shown)) if shown or not tokens else [None]
    return lambda text: "".join([text if piece is None else piece for piece in pieces])


def _without_outer_blanks(pieces: list[str | None]) -> list[str | None]:
    """Drop literals of blanks at the ends, which indent; the blanks of the cell's own text are kept."""
    blank = [piece is not None and not piece.strip() for piece in pieces]
    first = blank.index(False) if False in blank else len(blank)
    last = len(blank) - (blank[::-1].index(False) if False in blank else 0)
    return pieces[first:last]


def _general_section(tokens: Sequence[Token]) -> Render:
    # A section of only a colour displays General in that colour.
    pieces = _pieces(tokens) or [None]

    def render(value: Number, sign: str) -> str:
        return sign + "".join([general_text(value) if piece is None else piece for piece in pieces])

    return render


def _pieces(tokens: Sequence[Token]) -> list[str | None]:
    """Return the literals, with None in place of the value."""
    pieces: list[str | None] = []
    for token in tokens:
        if token.kind in _GENERAL_KINDS:
            pieces.append(None)
        elif token.kind in _AS_IS:
            pieces.append(token.text)
        else:
            raise NotUnderstoodError(f"{token.text!r} cannot be combined with General or @")
    return pieces


def _locale(tokens: Sequence[Token]) -> Locale:
    codes = [token.text for token in tokens if token.kind is Kind.LOCALE]
    found = parse_locale(codes[-1] if codes else "")
    if not found.is_western:
        raise UnsupportedError(f"the digits or the calendar of [$-{codes[-1]}] are not supported")
    return found
