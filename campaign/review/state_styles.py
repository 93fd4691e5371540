"""The name, meaning and colours of each state of a row, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State

if TYPE_CHECKING:
    from collections.abc import Mapping


class StateStyle(NamedTuple):
    """How a state is shown; colours as RRGGBB.

    Attributes:
        label: its name.
        meaning: what it means, in a sentence without a full stop.
        fill: a light background for a cell.
        ink: a text colour that is readable on it.
        bar: the colour of its bar in a chart.
    """

    label: str
    meaning: str
    fill: str
    ink: str
    bar: str


# The bars use the colours of Okabe and Ito, which colour-blind people can tell apart; the cells use tints of them.
STATE_STYLES: Mapping[State, StateStyle] = {
    State.SENT: StateStyle("sent", "the server took the message", "D5F0E6", "00533D", "009E73"),
    State.FAILED: StateStyle("failed", "the server refused the message for good", "FBDCCB", "8A2F00", "D55E00"),
    State.IN_DOUBT: StateStyle("in doubt", "the server may have taken the message", "FFE9BF", "6B4700", "E69F00"),
    State.INVALID: StateStyle("invalid", "the row has a mistake, so nothing was sent", "F3DCE9", "7A2F5C", "CC79A7"),
    State.SKIPPED: StateStyle("skipped", "left out on purpose", "E6E6E6", "404040", "999999"),
    State.PENDING: StateStyle("pending", "still to be sent", "D8EEFB", "0B4A73", "56B4E9"),
    State.SENDING: StateStyle("cut off", "the run ended while its request was under way", "FFF6B0", "5C5200", "B8A600"),
}

TO_FIX = (State.INVALID, State.FAILED, State.IN_DOUBT, State.SENDING)
"""The states of the rows on the sheet To fix."""
