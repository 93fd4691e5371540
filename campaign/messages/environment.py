"""The Jinja environment of templates: sandboxed, bounded, strict about undefined names, with filters for cells."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from jinja2 import StrictUndefined, Undefined
from jinja2.exceptions import FilterArgumentError, SecurityError, TemplateRuntimeError
from jinja2.filters import do_float, do_int

from campaign.messages.bounded_environment import BoundedEnvironment
from campaign.sheets.number_format import format_number
from campaign.text import is_blank

if TYPE_CHECKING:
    from campaign.sheets import CellValue

RENDER_ERRORS = (
    TemplateRuntimeError,
    SecurityError,
    FilterArgumentError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Every exception that rendering a row can raise."""


def make_environment() -> BoundedEnvironment:
    """Create an environment. It escapes nothing: a message is text, and JSON encoding quotes it."""
    environment = BoundedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    for unwanted in ("lipsum", "cycler", "joiner"):
        environment.globals.pop(unwanted)
    environment.filters.update(default=default, d=default, date=format_date, number=number)
    environment.filters.update(int=to_int, float=to_float)
    environment.bound(finalize=shown)
    return environment


def shown(value: object) -> object:
    """Convert the result of an expression to what the text shows; None becomes nothing.

    Raises:
        TemplateRuntimeError: the result is no text, such as the method in `{{ name.upper }}`.
    """
    if isinstance(value, Mapping):
        raise TemplateRuntimeError('a whole row is not text; name a column: row["…"]')
    if callable(value) and not isinstance(value, Undefined):
        raise TemplateRuntimeError("a function is not text; call it with ()")
    return "" if value is None else value


def default(value: object, default_value: object = "", boolean: object = None) -> object:
    """Return the default where the variable is undefined or the cell is blank.

    Jinja's own filter of this name keeps blank text unless `boolean` is set; in a spreadsheet, a blank cell is a
    missing value.
    """
    if (
        isinstance(value, Undefined)
        or value is None
        or (isinstance(value, str) and is_blank(value))
        or (boolean and not value)
    ):
        return default_value
    return value


def format_date(value: CellValue, code: str = "%d/%m/%Y") -> str:
    """Format a date cell, or ISO text, with a `strftime` pattern.

    In a template: `{{ raw["Ngày hẹn"] | date("%d/%m/%Y") }}`.

    Raises:
        TemplateRuntimeError: the value is not a date.
    """
    if value is None or (isinstance(value, str) and is_blank(value)):
        return ""
    if isinstance(value, str):
        value = _iso_date(value)
    if not isinstance(value, date | datetime | time):
        raise TemplateRuntimeError(f"“{value}” is not a date")
    return _DIRECTIVE.sub(lambda found: _directive(value, found), code)


_DIRECTIVE = re.compile(r"%([^A-Za-z%]{0,4})([A-Za-z%])")
"""What `strftime` replaces. The rest of a pattern is kept from it: it may refuse letters that the locale lacks."""


def _directive(value: date | time, found: re.Match[str]) -> str:
    """One part of a date; `%-d` and `%#d`, of which Linux has one and Windows the other, are without the zeros."""
    flag, letter = found.groups()
    if flag not in ("-", "#"):
        return value.strftime(found[0])
    shown = value.strftime(f"%{letter}")
    if shown.isdecimal():
        return shown.lstrip("0") or "0"
    return value.strftime(found[0]) if flag == "#" else shown


def _iso_date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TemplateRuntimeError(f"“{text}” is not a date; use raw[…] to reach a date cell itself") from error


def number(value: CellValue, code: str = "General") -> str:
    """Format a number cell, or text that is a number, with an Excel number format.

    In a template: `{{ raw["Số tiền"] | number("#,##0") }}`.

    Raises:
        TemplateRuntimeError: the value is not a number, or the format is not supported.
    """
    if value is None or (isinstance(value, str) and is_blank(value)):
        return ""
    amount = _number(value) if isinstance(value, str) else value
    if isinstance(amount, bool | date | datetime | time | timedelta):
        raise TemplateRuntimeError(f"“{value}” is not a number")
    try:
        return format_number(amount, code)
    except ValueError as error:
        raise TemplateRuntimeError(f"“{value}” cannot be shown as {code}: {error}") from error


def to_int(value: object, default: object = ..., base: int = 10) -> object:
    """Convert a text to a whole number; a blank cell is zero.

    Jinja's own filter of this name makes zero of every text that is not a number, so that `total | int < 500` would
    hold for “1,200”. Here it does so only where a default is given: `total | int(0)`.

    Raises:
        TemplateRuntimeError: the value is not a number, or may be one of two, and there is no default.
    """
    if base == 10 and isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    if default is not ...:
        return do_int(value, default, base)  # type: ignore[arg-type] # whatever the template gives
    if _is_nothing(value):
        return 0
    if isinstance(value, str) and base == 10:
        _number(value)
    return _found(do_int(value, None, base), value)  # type: ignore[arg-type] # no number is the same as None


def to_float(value: object, default: object = ...) -> object:
    """Convert a text to a number; see `to_int`.

    Raises:
        TemplateRuntimeError: the value is not a number, or may be one of two, and there is no default.
    """
    if default is not ...:
        return do_float(value, default)  # type: ignore[arg-type] # whatever the template gives
    if _is_nothing(value):
        return 0.0
    found = _number(value) if isinstance(value, str) else do_float(value, math.nan)
    return _found(found if math.isfinite(found) else None, value)


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and is_blank(value))


def _found(number: object, value: object) -> object:
    if number is None:
        raise TemplateRuntimeError(f"“{value}” is not a number")
    return number


_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
"""What is 1200 where a point groups thousands, and 1.2 where it is the decimal point."""


def _number(text: str) -> float:
    """The number that a text is.

    Raises:
        TemplateRuntimeError: it is none, or it may be one of two.
    """
    plain = text.strip()
    if _GROUPED.fullmatch(plain):
        either = f"“{plain}” may be {plain.replace('.', '')} or {float(plain):g}"
        remedy = "use raw[…] to reach a number cell itself, or float(0) if the point is a decimal point"
        raise TemplateRuntimeError(f"{either}; {remedy}")
    try:
        return float(plain)
    except ValueError as error:
        raise TemplateRuntimeError(f"“{text}” is not a number; use raw[…] to reach a number cell itself") from error
