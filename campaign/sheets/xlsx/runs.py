"""The runs of a formatted text: its parts that have a font of their own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from campaign.sheets.legacy_fonts import from_legacy_font, is_legacy_font

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_FONT_LENGTH = 80


class Run(NamedTuple):
    """A part of a text and its font; "" for the font of the cell."""

    font: str
    text: str


class RunMarks:
    """Where the runs of a text begin, among the pieces that it is parsed in.

    Attributes:
        found: whether the current text has runs.
    """

    def __init__(self) -> None:
        self.found = False
        self._starts: list[int] = []
        self._fonts: list[str] = []

    def start(self, pieces: Sequence[str]) -> None:
        """Start a run after these pieces of the text."""
        self.found = True
        self._starts.append(len(pieces))
        self._fonts.append("")

    def set_font(self, font: str) -> None:
        """Set the font of the current run."""
        if self._fonts:
            self._fonts[-1] = font[:_MAX_FONT_LENGTH]

    def take(self, pieces: Sequence[str]) -> tuple[Run, ...]:
        """Return the runs of the text, and forget it; () where none has a font."""
        runs: tuple[Run, ...] = ()
        if any(self._fonts):
            ends = pairwise((*self._starts, len(pieces)))
            runs = tuple(Run(font, "".join(pieces[a:b])) for font, (a, b) in zip(self._fonts, ends, strict=True))
        self._starts.clear()
        self._fonts.clear()
        self.found = False
        return runs


def legacy_font_of(runs: Sequence[Run], font: str) -> str:
    """Return the first legacy font of a text.

    Args:
        runs: its runs.
        font: the font of its cell, if that is a legacy font, else "".
    """
    return next((run.font or font for run in runs if is_legacy_font(run.font or font)), "")


def runs_as_shown(runs: Sequence[Run], font: str) -> str:
    """Return a text in Unicode, as the legacy fonts of its runs show it.

    Args:
        runs: its runs.
        font: the font of its cell.
    """
    return "".join(from_legacy_font(run.text, run.font or font) for run in runs)
