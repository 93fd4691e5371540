"""How each state of a row is named and coloured in the results workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State

if TYPE_CHECKING:
    from collections.abc import Mapping


class Look(NamedTuple):
    """How a state looks to people; colours as RRGGBB.

    Attributes:
        label: its name.
        meaning: what it means, in a sentence without a full stop.
        fill: a light ground for a cell.
        ink: text that is readable on it.
        bar: the colour of its bar in a chart.
    """

    label: str
    meaning: str
    fill: str
    ink: str
    bar: str


# The bars have the colours of Okabe and Ito, which stay apart for the colour-blind; the cells have tints of them.
LOOKS: Mapping[State, Look] = {
    State.SENT: Look("sent", "the server took the message", "D5F0E6", "00533D", "009E73"),
    State.FAILED: Look("failed", "the server refused the message for good", "FBDCCB", "8A2F00", "D55E00"),
    State.IN_DOUBT: Look("in doubt", "the server may have taken the message", "FFE9BF", "6B4700", "E69F00"),
    State.INVALID: Look("invalid", "the row has a mistake, so nothing was sent", "F3DCE9", "7A2F5C", "CC79A7"),
    State.SKIPPED: Look("skipped", "left out on purpose", "E6E6E6", "404040", "999999"),
    State.PENDING: Look("pending", "still to be sent", "D8EEFB", "0B4A73", "56B4E9"),
    State.SENDING: Look("cut off", "the run ended while the message was on its way", "FFF6B0", "5C5200", "B8A600"),
}

TO_FIX = (State.INVALID, State.FAILED, State.IN_DOUBT, State.SENDING)
"""Rows that somebody has to look at."""
