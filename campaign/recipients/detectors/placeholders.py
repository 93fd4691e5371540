"""Placeholders of other programs, such as `{name}`, that were not replaced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from campaign.recipients.variables import variable_name
from campaign.text import caseless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from campaign.sheets import Column

_NAME = r"""[^\W\d][^\[\]{}()<>%«»|*:;,!?"'=/\\\n]{0,39}"""
_WORD = r"[^\W\d][\w.\-]{0,39}"
_FORMS = re.compile(
    rf"""
      [\#$]? \{{{{1,3}} [ ]? \$? (?P<brace> {_NAME} ) [ ]? \}}{{1,3}} # {{name}} ${{name}}, more braces in cells
    | \[\[? [ ]? (?P<bracket> {_NAME} ) [ ]? \]?\](?!\()                     # [name] [[name]], no link
    | << [ ]? (?P<angle> {_NAME} ) [ ]? >>                                  # Outlook and label programs
    | « [ ]? (?P<word> {_NAME} ) [ ]? »                                     # Word's merge fields
    | % (?! [0-9A-Fa-f]{{2}} % ) (?P<percent> {_WORD} ) %                     # not %C3% of a web address
    | \*\| (?P<mailchimp> {_NAME} ) \|\*
    """,
    re.VERBOSE,
)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_NUMBERED = re.compile(r"\{\{\d+\}\}")
"""WhatsApp's variables, which Jinja renders as the number."""

_QUOTES = frozenset({"bracket", "word"})
"""Forms that people write as well: [Acme] before a subject, «Bonjour»."""

_USUAL_NAMES = """
    name first_name firstname last_name lastname surname full_name fullname title salutation gender company phone mobile
    email e_mail address city country date time amount price order order_id order_number code id link url product
    ten ho_ten ho_va_ten ten_khach_hang ten_khach khach_hang anh_chi danh_xung so_dien_thoai sdt dia_chi ngay
    ma_don_hang ma vorname nachname nom prenom nombre apellido nome cognome imya familiya
"""
_FIELD_NAMES = frozenset(_USUAL_NAMES.split())
"""Variables that such a placeholder is made for in most programs, as `variable_name` writes them."""


def column_names(columns: Iterable[Column]) -> frozenset[str]:
    """Return the names that a placeholder for one of the columns may have: of its variable, and its header."""
    found = {name for column in columns for name in (variable_name(column.header), caseless(column.header))}
    return frozenset(found - {""})


def may_have_placeholders(text: str) -> bool:
    """Whether a text, or any of many texts put together, has to be looked at."""
    return "{" in text or "[" in text or "<<" in text or "%" in text or "«" in text or "*|" in text


def placeholders_in_cell(text: str, names: Collection[str]) -> tuple[str, ...]:
    """Return the placeholders in a cell whose name is that of a column: any other may be part of the text.

    Args:
        text: the cell as displayed.
        names: the names of the columns, from `column_names`.
    """
    return tuple(found for _, found, name in _placeholders(text) if _is_column(name, names))


def placeholders_in_template(source: str, names: Collection[str]) -> dict[str, str]:
    """Return the placeholders of other programs in a string of a template, without those of Jinja, and their names.

    A name in square or angular quotes counts if it is a column, has an underscore, or is a usual name of a field.

    Args:
        source: a literal text of the template, or `{{1}}` for a number that it would send as it is.
        names: the names of the columns, from `column_names`.
    """
    if _NUMBERED.fullmatch(source):
        return {source: ""}
    return {
        found: name
        for form, found, name in _placeholders(_JINJA.sub(" ", source))
        if form not in _QUOTES or _is_column(name, names) or variable_name(name) in _FIELD_NAMES or "_" in name
    }


def _placeholders(text: str) -> Iterator[tuple[str, str, str]]:
    for match in _FORMS.finditer(text):
        form = match.lastgroup or ""
        yield form, match[0], match[form]


def _is_column(name: str, names: Collection[str]) -> bool:
    return variable_name(name) in names or caseless(name) in names
