"""The budget of one rendering: a bound in steps and characters, so that no template runs away.

Counted in work and not in seconds, so that a row means the same on every machine. Nothing here knows Jinja's syntax;
`environment` calls it wherever a template can loop, call, or make a text longer.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jinja2.exceptions import TemplateRuntimeError

MOST_STEPS = 200_000
"""Rounds of loops, calls and items of lists that one row may take: about 0.2 s."""

MOST_CHARACTERS = 8_000_000
"""Characters that one row may make, all intermediate texts included; the longest message is far shorter."""

LONGEST = 1_000_000
"""Limit of the characters or items that a single operation produces."""

LONGEST_NUMERAL = 5_000
"""Limit of the digits that are read as a number, of any base."""

LARGEST_NUMBER = 20_000
"""Limit of the bits of numbers to calculate with: more than Python shows as text."""


class OverBudgetError(TemplateRuntimeError):
    """A template does more than any message needs."""


class Budget(threading.local):
    """What is left of the bound, for the thread that renders."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin a row."""
        self._left = [MOST_STEPS, MOST_CHARACTERS]  # one attribute: those of a thread are slow to reach

    def spend(self, steps: int, characters: int = 0) -> None:
        """Take from the budget.

        Raises:
            OverBudgetError: it is used up.
        """
        left = self._left
        left[0] -= steps
        left[1] -= characters
        if left[0] < 0:
            raise OverBudgetError(f"it takes more than {MOST_STEPS:,} steps; make its loops shorter")
        if left[1] < 0:
            raise OverBudgetError(f"it makes more than {MOST_CHARACTERS:,} characters; make its texts shorter")

    def weigh(self, *values: object) -> None:
        """Spend what it takes to go through values once, with all that is in them.

        Lists may hold one another, so that a few names stand for billions of items: the way down ends with the budget.
        """
        if len(values) == 1:
            kind = type(values[0])
            if kind is str:  # as most values are
                self.spend(1, len(values[0]))  # type: ignore[arg-type] # it is text
                return
            if kind is int or kind is bool:
                self.spend(1, values[0].bit_length() >> 3)  # type: ignore[attr-defined] # it is a number
                return
        waiting: list[Iterable[object]] = [values]
        while waiting:
            for value in waiting.pop():
                if isinstance(value, str | bytes):
                    self.spend(1, len(value))
                elif isinstance(value, range):
                    self.spend(len(value) + 1)
                elif type(value) is dict:  # not the cells of a row, which are no longer than the row
                    self.spend(len(value) + 1)
                    waiting += (value.keys(), value.values())
                elif isinstance(value, list | tuple | set | frozenset):
                    self.spend(len(value) + 1)
                    waiting.append(value)
                else:
                    self.spend(1, value.bit_length() >> 3 if isinstance(value, int) else 0)

    def counted(self, items: Iterable[object]) -> Iterator[object]:
        """The items, each of which is a step."""
        for item in items:
            self.spend(1)
            yield item

    def joined(self, pieces: Iterable[str]) -> str:
        """The pieces as one text."""
        found = []
        for piece in pieces:
            self.spend(1, len(piece))
            found.append(piece)
        return "".join(found)


_GROW = """
    batch center expandtabs format indent int join ljust replace rjust to_bytes tojson translate urlize wordwrap zfill
"""
GROWING = frozenset(_GROW.split())
"""Filters and methods whose result can be much longer than their value."""


def refuse_growth(operation: str, value: object, given: Sequence[object], named: Mapping[str, object]) -> None:
    """Check before a filter or a method is called that its result has a sensible size.

    Args:
        operation: the name of the filter or of the method.
        value: what it is applied to.
        given: its arguments.
        named: its arguments by name.

    Raises:
        OverBudgetError: the result would exceed `LONGEST`.
    """
    if operation not in GROWING or (operation == "int" and isinstance(value, str) and len(value) < LONGEST_NUMERAL):
        return
    size = len(value) if isinstance(value, str | bytes | list | tuple | range) else 1
    if _size(operation, value, given, named, size) > LONGEST:
        raise OverBudgetError(f"{operation} makes this far too long")


def _size(operation: str, value: object, given: Sequence[object], named: Mapping[str, object], size: int) -> int:
    """The size that a result can have, for one of the operations in `GROWING`."""
    if operation == "int":
        return LONGEST * size // LONGEST_NUMERAL
    arguments = (*given, *named.values())
    number = max((abs(each) for each in arguments if isinstance(each, int)), default=0)
    text = max((len(each) for each in (*arguments, *_values(given)) if isinstance(each, str | bytes)), default=0)
    grown = 0
    match operation:
        case "center" | "ljust" | "rjust" | "zfill" | "to_bytes" | "batch":
            grown = number
        case "expandtabs" | "tojson":
            grown = size * max(number, 8) if number or operation == "expandtabs" else 0
        case "indent":
            grown = (value.count("\n") + 1) * max(number, text) if isinstance(value, str) else number
        case "join" | "urlize" | "translate":
            grown = size * text
        case "wordwrap":  # a long word is copied once for each line
            grown = size * max(text, size // (10_000 * (number or 79)))
        case "replace":
            grown = _replaced(value, arguments)
        case _:  # "format"
            grown = percent_size(value, (given or named)) if isinstance(value, str) else 0
    return grown


def _values(given: Sequence[object]) -> Iterable[object]:
    return given[0].values() if given and isinstance(given[0], dict) else ()


def _replaced(value: object, arguments: Sequence[object]) -> int:
    texts = [each for each in arguments if isinstance(each, type(value))]
    if not isinstance(value, str | bytes) or len(texts) < 2:
        return 0
    old, new = texts[0], texts[1]
    assert isinstance(new, str | bytes)  # noqa: S101 - of the type of the value
    return len(value) + value.count(old) * len(new)  # type: ignore[arg-type] # both are text or both are bytes


_SPECIFIER = re.compile(r"[#0\- +]*(\*|\d*)(?:\.(\*|\d*))?", re.ASCII)


def percent_size(text: str, values: object) -> int:
    """How long the result of `text % values` can become, from the widths in the text.

    Each `%` is read as Python reads it: a key in balanced parentheses, flags, the width, the precision.
    """
    widths, fields, at = 0, 0, 0
    items = (
        tuple(values.values()) if isinstance(values, Mapping) else values if isinstance(values, tuple) else (values,)
    )
    number = max((abs(each) for each in items if isinstance(each, int)), default=0)
    while (at := text.find("%", at) + 1) > 0:
        at = _after_key(text, at)
        found = _SPECIFIER.match(text, at)
        if found is None or at < 0:
            break  # Python refuses it as well
        for width in found.groups():
            widths += number if width == "*" else int(width[:12] or 0) if width else 0
        fields += 1
        at = found.end() + 1
    longest = max((len(each) for each in items if isinstance(each, str | bytes)), default=0)
    return widths + (fields * longest if isinstance(values, Mapping) else 0)


def _after_key(text: str, at: int) -> int:
    """The place after a key in parentheses, if there is one; -1 where its end is missing."""
    if not text.startswith("(", at):
        return at
    depth = 0
    for found in re.compile(r"[()]").finditer(text, at):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return found.end()
    return -1
