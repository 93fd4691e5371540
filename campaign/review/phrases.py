"""A run in plain words, for the terminal and the results workbook: states, verdict and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.journal import ReasonCount, Tally


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

TO_FIX = (State.INVALID, State.FAILED)
"""The states of the rows on the sheet To fix."""

DOUBTFUL = (State.IN_DOUBT, State.SENDING)
"""The states of the rows on the sheet In doubt, which is no list to send."""


SKIPPED_ALIKE: Mapping[str, str] = {
    "duplicate": "exact duplicates of earlier rows",
    "hidden": "hidden in the sheet",
    "already sent": "sent already by earlier runs",
    "already in doubt": "in doubt already in earlier runs",
}
"""Reasons of several rows that were skipped, by kind, where that of the first row is true of it alone."""


def verdict(tally: Tally, *, rehearsal: bool = False) -> str:
    """State how many rows were sent and what became of the others, without a full stop."""
    sent, skipped = tally.count(State.SENT), tally.count(State.SKIPPED)
    expected = tally.rows - skipped
    target = " to the sandbox" if rehearsal else ""
    if skipped and not expected:
        return f"no row was to be sent{target}, {skipped:,} {are(skipped)} skipped"
    if sent == expected and sent > 1:
        parts = [f"all {rows_of(sent)} are sent"]
    else:
        parts = [f"{sent:,} of {rows_of(expected)} {'is' if expected == 1 else are(sent)} sent"]
    parts[0] += target
    missing, waiting = tally.count(State.INVALID, State.FAILED), waiting_rows(tally)
    doubtful = tally.count(State.IN_DOUBT)
    if missing:
        parts.append(f"{missing:,} {are(missing)} not")
    if waiting:
        parts.append(f"{waiting:,} {'waits' if waiting == 1 else 'wait'}")
    if doubtful:
        parts.append(f"{doubtful:,} {are(doubtful)} in doubt")
    if skipped:
        parts.append(f"{skipped:,} {are(skipped)} skipped")
    return ", ".join(parts)


def reason_of(reason: ReasonCount) -> str:
    """Why some rows were not sent: the reason of the first of them, where it is true of the others as well."""
    if reason.state is State.SKIPPED and reason.count > 1 and reason.kind in SKIPPED_ALIKE:
        return SKIPPED_ALIKE[reason.kind]
    return reason.example or STATE_STYLES[reason.state].meaning


def row_numbers(reason: ReasonCount) -> str:
    """The numbers of the first rows that have this reason: "2, 3, 5, …"."""
    return ", ".join(map(str, reason.rows)) + (", …" if reason.count > len(reason.rows) else "")


def waiting_rows(tally: Tally) -> int:
    """Count the rows that `campaign resume` would send: not begun, or cut off while sending."""
    return tally.count(State.PENDING, State.SENDING)


def rows_of(count: int) -> str:
    """A number of rows: "1 row", "1,000 rows"."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def times(count: int) -> str:
    """How often: "once", "3 times"."""
    return "once" if count == 1 else f"{count:,} times"


def rate(tally: Tally) -> str | None:
    """Messages sent per second, or per minute where that is slower than one a second; None where none was sent."""
    sent = tally.count(State.SENT)
    if not sent or not tally.seconds:
        return None
    a_second = sent / tally.seconds
    return f"{a_second:,.1f} messages a second" if a_second >= 1 else f"{60 * a_second:,.1f} messages a minute"


def are(count: int) -> str:
    """The verb for a number of rows."""
    return "is" if count == 1 else "are"
