"""Find a column by the header that a person types, and say which one was meant where there is none, or are several."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.errors import Problem
from campaign.recipients import variable_name
from campaign.text import as_seen, caseless, code_points, listed, one_line, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets import Column

_TAKEN_FOR = str.maketrans(
    "аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅαοενρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧÐðɗ",
    "aeopcyxijshdqwABEKMHOPCTYXIJSaoevptuxABEZHIKMNOPTYXĐđd",
)
"""Cyrillic and Greek letters, and the eth that old Vietnamese keyboards type, as the letters that they look like."""


def columns_named(header: str, columns: Sequence[Column], *, any_case: bool) -> list[Column]:
    """The columns whose header looks like the one that is typed.

    Args:
        header: as typed, with any invisible characters.
        columns: the columns of the list.
        any_case: whether a header in other letters, large or small, will do where there is no better one.
    """
    seen = as_seen(header)
    found = [column for column in columns if as_seen(column.header) == seen]
    if found or not any_case:
        return found
    return [column for column in columns if caseless(column.header) == caseless(header)]


def not_one(where: str, header: str, columns: Sequence[Column]) -> Problem:
    """The problem of a header that several columns have; where they differ in characters that nobody sees, by those."""
    remedy = "give one of them another header"
    if len({column.header for column in columns}) == 1:
        letters = " and ".join(column.letter for column in columns)
        return Problem(where, f"columns {letters} share the header “{one_line(header, 80)}”", remedy)
    return Problem(where, f"{_told_apart(columns)} look the same", remedy)


def ambiguous(name: str, columns: Sequence[Column]) -> Problem:
    """The problem of a variable that several headers become."""
    what = f"{_told_apart(columns)} both become this variable"
    return Problem(name, what, "rename one header, or name one under [columns]")


def _told_apart(columns: Sequence[Column]) -> str:
    shown = []
    for column in columns:
        odd = code_points(column.header)
        shown.append(f"“{column.label}” ({column.letter}{f', with {odd}' if odd else ''})")
    return " and ".join(shown)


def no_header(where: str, header: str, columns: Sequence[Column]) -> Problem:
    """The problem of a header that no column has, with the nearest one or all of them."""
    what = f"there is no column with the header “{one_line(header, 80)}”"
    known = {caseless(column.header): column for column in columns if column.header}
    close = difflib.get_close_matches(caseless(header)[:_LONGEST_COMPARED], known, n=1)
    if not close:
        return Problem(where, what, f"the headers are: {listed(column.label for column in known.values())}")
    nearest = known[close[0]]
    alike = caseless(nearest.header.translate(_TAKEN_FOR)) == caseless(header.translate(_TAKEN_FOR))
    other = next((each for each in nearest.header if each not in header), "") if alike else ""
    named = f" It has U+{ord(other):04X} {unicodedata.name(other, '')} in it" if other else ""
    return Problem(where, what, f"did you mean “{nearest.label}”?{named}")


def no_sources(names: Sequence[str], columns: Sequence[Column], where: str) -> list[Problem]:
    """The problems of variables without a column, a value or a default.

    Each that is like a header has its own, all others have one together, and the last one lists the variables.
    """
    variables = {variable: column for column in columns if (variable := variable_name(column.header))}
    nearest = {name: near for name in names if (near := _nearest(name, list(variables)))}
    found = [
        _no_source(
            where,
            [name],
            f"the nearest header is “{variables[near].label}”: use {{{{ {near} }}}}, or --map {name}=HEADER",
        )
        for name, near in nearest.items()
    ]
    if others := [name for name in names if name not in nearest]:
        first = others[0]
        what = "name its header" if len(others) == 1 else "name the header of each"
        hint = f"{what} with --map {first}=HEADER or under [columns], or its text with --set {first}=TEXT"
        found.append(_no_source(where, others, hint))
    if found:
        found[-1] = replace(found[-1], remedy=f"{found[-1].remedy} (variables found: {listed(variables) or 'none'})")
    return found


def _no_source(where: str, names: Sequence[str], remedy: str) -> Problem:
    have = "has" if len(names) == 1 else "have"
    return Problem(where, f"{quoted(names, most=20)} {have} no column, no value and no default", remedy)


def _nearest(name: str, variables: Sequence[str]) -> str:
    plain = variable_name(name)
    if plain in variables:
        return plain
    words = set(plain.split("_"))
    with_its_words = [each for each in variables if words <= set(each.split("_"))]
    found = difflib.get_close_matches(plain[:_LONGEST_COMPARED], with_its_words, n=1, cutoff=0)
    return next(iter(found or difflib.get_close_matches(name[:_LONGEST_COMPARED], variables, n=1)), "")


_LONGEST_COMPARED = 200
"""Characters of a name that are compared with all headers: the comparison takes time quadratic in them."""
