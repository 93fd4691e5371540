"""What reading a list found out about it, for the findings that a person has to decide on."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.sheets.other_readings import Reading

_EXAMPLES = 3

_AREA = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})")


@dataclass(frozen=True, slots=True)
class EncodingFact:
    """How a text file was decoded.

    Attributes:
        codec: Python's name of the encoding.
        guessed: whether it was guessed by statistics, and the file contains letters beyond ASCII, which another
            encoding would turn into others.
        words: a few of those words as decoded, for a person to look at; () unless guessed.
        others: how other encodings read these words, if all of them look like words then.
    """

    codec: str
    guessed: bool = False
    words: tuple[str, ...] = ()
    others: tuple[Reading, ...] = ()


class MergedAreas:
    """The merged areas of a sheet: only the first cell of each contains its text."""

    def __init__(self, references: Iterable[str] = ()) -> None:
        """Initialize with references such as "C2:C3"; others are ignored."""
        references = list(references)
        self.count = len(references)
        self.examples = tuple(references[:_EXAMPLES])
        self._by_column: dict[int, list[tuple[int, int, str]]] = {}
        for reference in references:
            match = _AREA.fullmatch(reference)
            if match is None:
                continue
            first, last = _index(match[1]), _index(match[3])
            for column in range(first, min(last, first + 1_000) + 1):
                self._by_column.setdefault(column, []).append((int(match[2]), int(match[4]), reference))
        for areas in self._by_column.values():
            areas.sort()

    def __bool__(self) -> bool:
        return bool(self._by_column)

    def area_of(self, position: int, row: int) -> str:
        """Return the reference of the area that contains a cell, "" if the cell is not merged.

        Args:
            position: the cell's column, from 0.
            row: the cell's row, from 1.
        """
        areas = self._by_column.get(position, [])
        at = bisect_right(areas, row, key=lambda area: area[0]) - 1  # areas do not overlap
        return areas[at][2] if at >= 0 and row <= areas[at][1] else ""


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What reading found out; `merged` is complete once all rows were read.

    Attributes:
        encoding: how a text file was decoded; None for a workbook.
        named: whether the options name the sheet that is read.
        active_sheet: the sheet that was open when the workbook was saved; "" if the workbook does not say.
        merged: the merged areas.
        filtered: whether a filter hides rows.
        shown_headers: the headers in Unicode, where they were typed for a legacy font and are not converted; else ().
    """

    encoding: EncodingFact | None = None
    named: bool = False
    active_sheet: str = ""
    merged: MergedAreas = field(default_factory=MergedAreas)
    filtered: bool = False
    shown_headers: tuple[str, ...] = ()


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
