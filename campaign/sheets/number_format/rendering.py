"""One section made into a function, by what kind of section it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.sheets.number_format.date_fields import DATE_KINDS
from campaign.sheets.number_format.dates import DateSection
from campaign.sheets.number_format.errors import NotUnderstoodError, UnsupportedError
from campaign.sheets.number_format.fractions import fraction_section
from campaign.sheets.number_format.general import general_text
from campaign.sheets.number_format.layout import lay_out
from campaign.sheets.number_format.names import Locale, locale
from campaign.sheets.number_format.numbers import number_section
from campaign.sheets.number_format.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.sheets.number_format.decimals import Number
    from campaign.sheets.number_format.numbers import Render
    from campaign.sheets.number_format.serial_date import DateLike
    from campaign.sheets.number_format.tokens import Token

    ShowText: TypeAlias = Callable[[str], str]
    ShowDate: TypeAlias = Callable[[DateLike], str]

_GENERAL_KINDS = frozenset({Kind.GENERAL, Kind.TEXT})
_DIRECTIVES = frozenset({Kind.COLOUR, Kind.CONDITION, Kind.LOCALE})
_AS_IS = frozenset({Kind.LITERAL, Kind.NUMERAL, Kind.POINT, Kind.COMMA})


class Rendering(NamedTuple):
    """How a section shows values.

    Attributes:
        positive: a number that is not negative.
        negative: a negative number, given without its sign.
        date: a date, where the section is for dates.
    """

    positive: Render
    negative: Render
    date: ShowDate | None = None


def render_number(tokens: Sequence[Token], *, date1904: bool) -> Rendering:
    """How a section shows numbers and dates.

    Raises:
        NotUnderstoodError: the section is none that Excel would take.
        UnsupportedError: it is, but not supported here.
    """
    shown = [token for token in tokens if token.kind not in _DIRECTIVES]
    kinds = {token.kind for token in shown}
    if Kind.UNSUPPORTED in kinds:
        raise UnsupportedError("eras, calendars other than ours and digits other than 0 to 9 are not supported")
    where = _locale(tokens)
    if kinds & DATE_KINDS:
        section = DateSection(shown, where, date1904=date1904)
        return Rendering(section.number, section.negative, section.date)
    if kinds & _GENERAL_KINDS or (tokens and not shown):
        render = _general_section(shown)
    elif Kind.SLASH in kinds:
        render = fraction_section(shown)
    else:
        render = number_section(lay_out(shown))
    return Rendering(render, render)


def render_text(tokens: Sequence[Token]) -> ShowText:
    """How a section shows text.

    Raises:
        NotUnderstoodError: the section holds what cannot stand beside text.
    """
    shown = [token for token in tokens if token.kind not in _DIRECTIVES]
    pieces = _pieces(shown) if shown or not tokens else [None]
    return lambda text: "".join([text if piece is None else piece for piece in pieces])


def _general_section(tokens: Sequence[Token]) -> Render:
    # A colour alone is a section too: General in that colour.
    pieces = _pieces(tokens) or [None]

    def render(value: Number, sign: str) -> str:
        return sign + "".join([general_text(value) if piece is None else piece for piece in pieces])

    return render


def _pieces(tokens: Sequence[Token]) -> list[str | None]:
    """The literals, with None where the value goes."""
    pieces: list[str | None] = []
    for token in tokens:
        if token.kind in _GENERAL_KINDS:
            pieces.append(None)
        elif token.kind in _AS_IS:
            pieces.append(token.text)
        else:
            raise NotUnderstoodError(f"{token.text!r} cannot stand beside General or @")
    return pieces


def _locale(tokens: Sequence[Token]) -> Locale:
    codes = [token.text for token in tokens if token.kind is Kind.LOCALE]
    found = locale(codes[-1] if codes else "")
    if not found.is_western:
        raise UnsupportedError(f"the digits or the calendar of [$-{codes[-1]}] are not supported")
    return found
