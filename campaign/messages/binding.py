"""Binds the variables of a template to columns and fixed values."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from campaign.errors import Problem, TemplateError
from campaign.messages.headers import ambiguous, columns_named, no_header, no_sources, not_one
from campaign.messages.text_template import RESERVED
from campaign.recipients import variable_name
from campaign.text import as_seen, is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from campaign.messages.text_template import Context, TextTemplate
    from campaign.sheets import CellValue, Column, Row


ColumnHints: TypeAlias = Callable[["Sequence[str]"], Iterable[Problem]]
"""Explains how a list was read, given the variables and headers that the template needs; may raise a better error."""


def no_hints(_wanted: Sequence[str]) -> Iterable[Problem]:
    """Explain nothing: for columns that come from no list."""
    return ()


@dataclass(frozen=True, slots=True)
class Mapped:
    """Sources of variables named in the campaign file and by options.

    Attributes:
        columns: variable to header, from `[columns]` and `--map`.
        values: variable to text, from `[values]` and `--set`; the same for every row.
        used_elsewhere: variables that something else uses than what is bound.
    """

    columns: Mapping[str, str]
    values: Mapping[str, str]
    used_elsewhere: frozenset[str] = frozenset()


class Cells(dict[str, object]):
    """A row's cells by header, however it is typed: a template may contain combining marks and invisible characters."""

    def __missing__(self, header: str) -> object:
        """Look up the header that looks the same."""
        seen = as_seen(header)
        alike = next((each for each in self if as_seen(each) == seen), None)
        if alike is None:
            raise KeyError(header)
        return self[alike]


@dataclass(frozen=True, slots=True)
class Binding:
    """The source of every variable of one template.

    Attributes:
        columns: the column of each variable that has one.
        values: the text of each variable that is the same for every row.
        headers: the columns, by header, that `row[…]` and `raw[…]` reach.
        whole_row: whether the template uses `row` or `raw` at all.
        unused: names that the campaign file or an option gives and the template does not use, perhaps misspelt.
    """

    columns: Mapping[str, Column]
    values: Mapping[str, str]
    headers: Mapping[str, Column]
    whole_row: bool
    unused: tuple[Problem, ...] = ()

    def context(self, row: Row) -> Context:
        """Build the variables that a row is rendered with; a cell of which nobody sees anything is empty."""
        texts = row.texts
        context: dict[str, object] = dict(self.values)
        for name, column in self.columns.items():
            text = texts[column.position]
            context[name] = "" if is_blank(text) else text
        if self.whole_row:
            context["row"] = Cells((header, _seen(texts[column.position])) for header, column in self.headers.items())
            context["raw"] = Cells(
                (header, _seen(row.values[column.position])) for header, column in self.headers.items()
            )
        return context

    def columns_of(self, text: TextTemplate) -> list[Column]:
        """The columns that a string of the template uses, in sheet order."""
        found = {self.columns[name] for name in text.uses.variables if name in self.columns}
        reached = self.headers if text.uses.every_header else text.uses.headers
        found.update(self.headers[header] for header in reached)
        return sorted(found)


def _seen(value: CellValue) -> CellValue:
    return "" if value is None or (isinstance(value, str) and is_blank(value)) else value


def bind(
    texts: Sequence[TextTemplate], columns: Sequence[Column], mapped: Mapped, where: str, hints: ColumnHints = no_hints
) -> Binding:
    """Find a source for every variable.

    Args:
        texts: the template's strings.
        columns: the columns of the recipients.
        mapped: the sources that the campaign file and the options name.
        where: the template's name, for problems.
        hints: explains how the columns were read, which may be why one is missing.

    Raises:
        TemplateError: every variable without a column, value or default, and every header that does not exist; then
            the hints.
    """
    needed = _needed(texts)
    mapping = {name: header for name, header in mapped.columns.items() if name not in mapped.values}
    by_header, problems = _mapped_columns(columns, mapping)
    variables = [(variable_name(column.header), column) for column in columns]
    folded = {name: [column for variable, column in variables if variable == name] for name in needed}
    found: dict[str, Column] = {}
    values = {name: text for name, text in mapped.values.items() if name in needed}
    unknown: list[str] = []
    for name, required in needed.items():
        if name in by_header:
            found[name] = by_header[name]
        elif name in values or name in mapping:
            continue
        elif len(folded[name]) > 1:
            problems.append(ambiguous(name, folded[name]))
        elif folded[name]:
            found[name] = folded[name][0]
        elif required:
            unknown.append(name)
    problems += no_sources(unknown, columns, where)
    wanted = sorted({header for text in texts for header in text.uses.headers})
    problems += [problem for header in wanted if (problem := _unreachable(header, columns, where))]
    if problems:
        unmapped = (name for name, required in needed.items() if required and name not in {*values, *mapping})
        raise TemplateError(*problems, *hints(list(dict.fromkeys((*unmapped, *mapping.values(), *wanted)))))
    whole_row = any(text.uses.whole_row for text in texts)
    used = needed.keys() | mapped.used_elsewhere
    unused = tuple(_unused(name, needed, where) for name in (*mapped.columns, *mapped.values) if name not in used)
    return Binding(found, values, _by_header(columns, wanted), whole_row, unused)


def _needed(texts: Iterable[TextTemplate]) -> dict[str, bool]:
    """Every variable, and whether the template requires it."""
    needed: dict[str, bool] = {}
    for text in texts:
        for name in sorted(text.uses.variables):
            needed[name] = needed.get(name, False) or name not in text.uses.optional
    return needed


def _mapped_columns(columns: Sequence[Column], mapping: Mapping[str, str]) -> tuple[dict[str, Column], list[Problem]]:
    found: dict[str, Column] = {}
    problems: list[Problem] = []
    for variable, header in mapping.items():
        matches = columns_named(header, columns, any_case=True)
        if len(matches) == 1:
            found[variable] = matches[0]
        elif matches:
            problems.append(not_one(f"columns.{variable}", header, matches))
        else:
            problems.append(no_header(f"columns.{variable}", header, columns))
    problems += [
        Problem(f"columns.{name}", f"“{name}” is a reserved name", f'use {name}["{mapping[name]}"] instead')
        for name in RESERVED
        if name in mapping
    ]
    return found, problems


def _by_header(columns: Sequence[Column], typed: Iterable[str]) -> dict[str, Column]:
    """The columns by their header, and by the headers that the template types otherwise."""
    headers = {column.header: column for column in columns}
    return headers | {header: columns_named(header, columns, any_case=False)[0] for header in typed}


def _unreachable(header: str, columns: Sequence[Column], where: str) -> Problem | None:
    """Why `row[…]` cannot reach a header; None where it can."""
    place = f'{where}: row["{header}"]'
    matches = columns_named(header, columns, any_case=False)
    if not matches:
        return no_header(place, header, columns)
    return not_one(place, header, matches) if len(matches) > 1 else None


def _unused(name: str, needed: Iterable[str], where: str) -> Problem:
    close = difflib.get_close_matches(name, list(needed), n=1)
    hint = f"did you mean “{close[0]}”?" if close else ""
    return Problem(name, f"is named by the campaign file or an option, and {where} does not use it", hint)
