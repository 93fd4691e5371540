"""The first rows of sheets, in which headers are looked for if the header row does not have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class SheetStart(NamedTuple):
    """The first rows of a sheet that are not blank, as numbers and displayed texts; `sheet` is None for a text file."""

    sheet: str | None
    rows: Sequence[tuple[int, Sequence[str]]]


SEARCHED_ROWS = 20
"""Rows that are not blank in which headers are looked for, of each sheet."""

SEARCHED_DEPTH = 100
"""Number of the last row that can be one of them: rows that are blank have to be read too."""
