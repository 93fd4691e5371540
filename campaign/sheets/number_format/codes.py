"""Compile a format code: choose the section for a value, and whether to add a minus sign."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from campaign.sheets.number_format.dates import DATE_KINDS
from campaign.sheets.number_format.locales import MISSPELLED_CODES, SHORT_DATE, expand_system_formats
from campaign.sheets.number_format.sections import Rendering, render_number, render_text
from campaign.sheets.number_format.serial_date import MICROSECONDS_IN_DAY, microseconds_of_date
from campaign.sheets.number_format.syntax import Kind, NotShownError, NotUnderstoodError, Token, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from campaign.sheets.number_format.numbers import Number
    from campaign.sheets.number_format.sections import ShowDate, ShowText
    from campaign.sheets.number_format.serial_date import DateLike

    Section: TypeAlias = Sequence[Token]
    ShowNumber: TypeAlias = Callable[[Number], str]

_GENERAL: Section = (Token(Kind.GENERAL, "General"),)
_MAX_SECTIONS = 4
_MAX_CODE_LENGTH = 255
_MAX_CONDITIONS = 2
_SMALL_EXPONENT = re.compile(r"""("[^"]*"|\\.)|(?<=[0#?.])e(?=[+-])""", re.DOTALL)
"""Matches quoted and escaped text, which is kept, and the e of `0e+0`, which other programs write for `0E+0`."""

_PADS = re.compile(r"[\s?]")
"""What aligns numbers in a column: blanks, and `?`, which displays a blank in place of a digit that is absent."""

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class FormatCode(NamedTuple):
    """A compiled format code.

    Attributes:
        number: formats a number, or a serial number as a date.
        date: formats a date, a time or a duration.
        text: formats text; None if text is displayed as is.
        follows_system: whether part of it depends on the computer's settings.
    """

    number: ShowNumber
    date: ShowDate
    text: ShowText | None
    follows_system: bool


class _Condition(NamedTuple):
    comparison: str
    limit: float

    def matches(self, value: Number) -> bool:
        return _OPERATORS[self.comparison](value, self.limit)

    @property
    def is_negative_only(self) -> bool:
        """Whether only negative numbers match; Excel then adds no minus sign."""
        if self.comparison == "<":
            return self.limit <= 0
        return self.limit < 0 and self.comparison in {"<=", "="}


def compile_code(code: str, *, date1904: bool, short_date: str) -> FormatCode:
    """Compile a format code.

    Args:
        code: as in the workbook; "" is General.
        date1904: whether day 0 is 1 January 1904.
        short_date: format of dates that depend on the computer's settings.

    Raises:
        NotUnderstoodError: the code is not valid in Excel.
        UnsupportedError: it is valid but not supported here.
    """
    if len(code) > _MAX_CODE_LENGTH:
        raise NotUnderstoodError(f"a number format has up to {_MAX_CODE_LENGTH} characters, not {len(code)}")
    corrected = _SMALL_EXPONENT.sub(lambda match: match[1] or "E", MISSPELLED_CODES.get(code, code))
    parts, follows_system = expand_system_formats(corrected or "General", short_date)
    numbers, text = _split_sections(parts)
    renderings = [render_number(part, date1904=date1904) for part in numbers]
    conditions = [_condition(part) for part in numbers]
    number = _by_condition(renderings, conditions, date1904=date1904) if any(conditions) else _by_sign(renderings)
    date = _date(renderings, number, date1904=date1904)
    if _PADS.search(code):
        number, date = _without_padding(number), _without_padding(date)
    return FormatCode(number, date, None if text is None else render_text(text), follows_system)


_Value = TypeVar("_Value")


def _without_padding(show: Callable[[_Value], str]) -> Callable[[_Value], str]:
    r"""Drop blanks at the ends, which only move the number within its cell: `#,##0.00\ _₫_-` of Vietnamese Excel."""
    return lambda value: show(value).strip()


def check_short_date(code: str) -> None:
    """Check that a format code can replace the system's date.

    Raises:
        NotUnderstoodError: it is not a format code for dates, or has several sections.
    """
    parts = sections(code)
    if len(parts) > 1 or not any(token.kind is Kind.DATE for token in parts[0]):
        raise NotUnderstoodError(f"{code!r} is not a format for dates, such as {SHORT_DATE!r}")
    render_number(parts[0], date1904=False)


def unusable_code(error: NotUnderstoodError) -> FormatCode:
    """Return a replacement for a code that could not be compiled: it displays text and raises for other values."""

    def refuse(_value: object) -> str:
        raise type(error)(*error.args)

    return FormatCode(refuse, refuse, text=None, follows_system=False)


def has_date_fields(code: str) -> bool:
    """Return whether a format code, supported or not, has fields of dates or times.

    Raises:
        NotUnderstoodError: it cannot be split into tokens.
    """
    return any(token.kind in DATE_KINDS for part in sections(code) for token in part)


def _split_sections(parts: Sequence[Section]) -> tuple[Sequence[Section], Section | None]:
    """Return the sections for numbers, and the one for text: the fourth, or else the one with an @."""
    if len(parts) > _MAX_SECTIONS:
        raise NotUnderstoodError(f"a number format has up to {_MAX_SECTIONS} sections, not {len(parts)}")
    texts = [index for index, part in enumerate(parts) if any(token.kind is Kind.TEXT for token in part)]
    if len(texts) > 1:
        raise NotUnderstoodError("a number format has one section for text")
    conditions = sum(_condition(part) is not None for part in parts)
    if conditions > _MAX_CONDITIONS:
        raise NotUnderstoodError(f"a number format has up to {_MAX_CONDITIONS} conditions")
    if len(parts) == _MAX_SECTIONS:
        return parts[:-1], parts[-1]
    if not texts:
        return parts, None
    place = texts[0]
    # In a code with conditions, a section with an @ applies to numbers too.
    numbers = parts if conditions else [*parts[:place], *parts[place + 1 :]]
    return numbers or [_GENERAL], parts[place]


def _condition(part: Section) -> _Condition | None:
    for token in part:
        if token.kind is Kind.CONDITION:
            limit = token.text.lstrip("<>=")
            return _Condition(token.text[: -len(limit)], float(limit))
    return None


def _by_sign(renderings: Sequence[Rendering]) -> ShowNumber:
    """Use sections for positive, negative and zero; the first one also replaces those that are missing."""
    positive = renderings[0].positive
    zero = renderings[2].positive if len(renderings) > 2 else positive
    negative, minus = (renderings[1].negative, "") if len(renderings) > 1 else (renderings[0].negative, "-")

    def number(value: Number) -> str:
        if value > 0:
            return positive(value, "")
        if value < 0:
            return negative(-value, minus)
        return zero(abs(value), "")

    return number


def _by_condition(
    renderings: Sequence[Rendering], conditions: Sequence[_Condition | None], *, date1904: bool
) -> ShowNumber:
    """Use the first section whose condition matches; a section without a condition matches the rest."""
    first, *others = conditions
    first = first or _Condition(">", 0)
    if len(renderings) == 3 and others[0] is None:
        others[0] = _Condition("<", 0)
    if len(renderings) == 1:
        renderings, others = [*renderings, render_number(_GENERAL, date1904=date1904)], [None]
    signs = ["-" if condition is None or not condition.is_negative_only else "" for condition in [first, *others]]
    if len(renderings) == 2 and others[0] is None and not _leaves_negatives(first):
        signs[1] = ""
    choices = list(zip([first, *others], renderings, signs, strict=True))

    def number(value: Number) -> str:
        for condition, rendering, minus in choices:
            if condition is None or condition.matches(value):
                return rendering.negative(-value, minus) if value < 0 else rendering.positive(abs(value), "")
        raise NotShownError("no section applies to this number: Excel shows ########")

    return number


def _leaves_negatives(condition: _Condition) -> bool:
    """Return whether the section after this one, the last of two, adds a minus sign.

    Not documented by Microsoft; taken from the tests of the npm package numfmt, which were compared with Excel.
    """
    return condition.comparison == "=" or (condition.limit >= 0 and condition.comparison in {">", ">="})


def _date(renderings: Sequence[Rendering], number: ShowNumber, *, date1904: bool) -> ShowDate:
    if len(renderings) == 1 and renderings[0].date is not None:
        return renderings[0].date

    def date(value: DateLike) -> str:
        days, rest = divmod(microseconds_of_date(value, date1904=date1904), MICROSECONDS_IN_DAY)
        return number(days + rest / MICROSECONDS_IN_DAY if rest else days)

    return date
