"""Types of arguments and options: what is typed wrongly is refused in words, with the nearest right value."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from campaign.journal import shown_address
from campaign.paths import expanded

if TYPE_CHECKING:
    from collections.abc import Sequence

    Choice = click.Choice[str]
    AddressType = click.ParamType[tuple[str, int]]
else:
    Choice, AddressType = click.Choice, click.ParamType  # generic from click 8.2 on

MOST_RANGES = 400
"""Ranges of rows. Each takes two of the 999 values that a statement can bind in SQLite before 3.32."""

LAST_PORT = 65535

_ADDRESS = re.compile(r"(?:(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:\[\]]+)):)?(\d{1,5})")

_RANGE = re.compile(r"(\d{1,7})(?:\s*[-–]\s*(\d{1,7}))?")


def did_you_mean(typed: str, known: Sequence[str]) -> str:
    """The nearest of some words as a question; "" where none is near."""
    plain = typed.lower().replace("_", "-")
    close = [plain] if plain in known else difflib.get_close_matches(plain, known, n=1)
    return f"did you mean “{close[0]}”?" if close else ""


def as_argument(file: Path, database: str = "") -> str:
    """A path as it is typed in a command, with the journal where `--journal` names one in this command.

    Args:
        file: the path.
        database: the address of the journal to go on with, where the command names none.
    """
    text = str(file)
    context = click.get_current_context(silent=True)
    journal = (context.params.get("journal") if context else None) or database
    return " ".join([_quoted(text), *(["--journal", _quoted(shown_address(journal))] if journal else [])])


def _quoted(text: str) -> str:
    return f'"{text}"' if any(character in text for character in " '&()") else text


class WholeNumber(click.IntRange):
    """A whole number within a range."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Read the number."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            upper = "on" if self.max is None else f"to {self.max}"
            self.fail(f"“{value}” is not a whole number from {self.min} {upper}", param, ctx)


class Amount(click.FloatRange):
    """A number of zero or more."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Read the number."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"“{value}” is not a number from {self.min:g} on", param, ctx)


class ListenAddress(AddressType):
    """An address to listen on: a port, or a host and a port; a host of IPv6 is in brackets."""

    name = "address"

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, int]:
        """Read host and port."""
        found = _ADDRESS.fullmatch(str(value).strip())
        if found is None or int(found[3]) > LAST_PORT:
            self.fail(f"“{value}” is neither a port nor HOST:PORT; write 9464 or 0.0.0.0:9464", param, ctx)
        return found[1] or found[2] or "127.0.0.1", int(found[3])


class OneOf(Choice):
    """One of several words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Find the word."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            known = [str(each) for each in self.choices]
            hint = did_you_mean(str(value), known) or f"use {' or '.join(known)}"
            self.fail(f"there is no “{value}”; {hint}", param, ctx)


class FilePath(click.Path):
    """A path; ~ is the home folder, also where no shell has replaced it."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - as click has them
        super().__init__(path_type=Path, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Read the path."""
        return super().convert(expanded(Path(value)), param, ctx)


def row_ranges(value: str) -> tuple[range, ...]:
    """Read 3,9 or 2-5 as a spreadsheet program numbers rows; also as campaign prints it: "rows 13, 28–30".

    Raises:
        click.BadParameter: one of them is neither a row nor a range of rows.
    """
    listed = re.sub(r"^\s*\(?\s*rows?\b|\)\s*$", "", value, flags=re.IGNORECASE).replace(" and ", ",")
    found = [_row_range(part) for each in listed.split(",") if (part := each.strip())]
    if not 0 < len(found) <= MOST_RANGES:
        raise click.BadParameter(f"name 1 to {MOST_RANGES} rows or ranges of rows, such as 3,9 or 2-5")
    return tuple(found)


def _row_range(part: str) -> range:
    if part in ("…", "..."):
        raise click.BadParameter("“…” stands for rows that are not named; name them all, or leave out --rows")
    match = _RANGE.fullmatch(part)
    if match is None:
        raise click.BadParameter(f"“{part}” is not a row or a range of rows; write 3,9 or 2-5")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise click.BadParameter(f"“{part}” runs backwards; write {last}-{first}")
    return range(first, last + 1)
