"""Digits put into the placeholders of a layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.number_format.layout import Part, Role

_MISSING = {"0": "0", "?": " ", "#": ""}
_SEPARATOR_OF_MISSING = {"0": ",", "?": " ", "#": ""}


def fill_right(digits: str, pattern: str, *, grouped: bool = False) -> list[str]:
    """What each placeholder of an integer shows, digits to the right; the first one takes those that have no place."""
    surplus = max(0, len(digits) - len(pattern))
    absent = max(0, len(pattern) - len(digits))
    shown = [_MISSING[place] for place in pattern[:absent]] + list(digits)
    if grouped:
        for index in range(len(shown) - 4, -1, -3):
            shown[index] += "," if index >= absent else _SEPARATOR_OF_MISSING[pattern[index]]
    return ["".join(shown[: surplus + 1]), *shown[surplus + 1 :]]


def fill_left(digits: str, pattern: str) -> list[str]:
    """What each placeholder after the point shows."""
    return [*digits, *(_MISSING[place] for place in pattern[len(digits) :])]


def join(parts: Sequence[Part], shown: dict[Role, list[str]]) -> str:
    """The parts with their placeholders filled in, in order."""
    queues = {role: iter(texts) for role, texts in shown.items()}
    pieces: list[str] = []
    for part in parts:
        queue = queues.get(part.role)
        if queue is None:
            pieces.append(part.text)
        else:
            pieces.extend(next(queue) for _ in part.text)
    return "".join(pieces)
