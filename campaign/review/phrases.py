"""A run in plain words, for the terminal and the results workbook: states, verdict and reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State
from campaign.journal.deletions import TAKEN_BACK
from campaign.recipients.suppression import SUPPRESSED
from campaign.text import one_line

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
    State.DELETED: StateStyle("deleted", "sent, and taken back since", "D6E6F5", "003A5C", "0072B2"),
    State.SENDING: StateStyle("cut off", "its request has begun, no result is on record", "FFF6B0", "5C5200", "B8A600"),
}

UNDER_WAY = STATE_STYLES[State.SENDING]._replace(label="under way", meaning="its request is under way")
"""How a row is shown whose request has begun, while a delivery is at work on its run."""

TO_FIX = (State.INVALID, State.FAILED)
"""The states of the rows on the sheet To fix."""

DOUBTFUL = (State.IN_DOUBT, State.SENDING)
"""The states of the rows on the sheet In doubt, which is no list to send."""


_REASONS, _REASON_LENGTH = 3, 60

ALIKE: Mapping[str, str] = {
    TAKEN_BACK: "deleted by `campaign undo`",
    "duplicate": "exact duplicates of earlier rows",
    "hidden": "hidden in the sheet",
    "already sent": "sent already by earlier runs",
    "already in doubt": "in doubt already in earlier runs",
    "changed since sent": "sent already by earlier runs, with another message",
    "same key": "have the key of earlier rows",
}
"""Reasons of several rows that were skipped or deleted, by kind, where that of the first row is true of it alone."""


def style_of(state: State, *, under_way: bool) -> StateStyle:
    """How a state is shown; `under_way`: a delivery is at work on the run."""
    return UNDER_WAY if under_way and state is State.SENDING else STATE_STYLES[state]


def verdict(tally: Tally, *, rehearsal: bool = False, trial: bool = False) -> str:
    """State how many rows were sent and what became of the others, without a full stop."""
    sent, skipped = tally.count(State.SENT), tally.count(State.SKIPPED)
    expected = tally.rows - skipped
    target = " to the sandbox" if rehearsal else " to your own conversation" if trial else ""
    if skipped and not expected:
        return f"no row was to be sent{target}, {skipped:,} {are(skipped)} skipped"
    if sent == expected and sent > 1:
        parts = [f"all {rows_of(sent)} are sent"]
    else:
        parts = [f"{sent:,} of {rows_of(tally.rows)} {'is' if tally.rows == 1 else are(sent)} sent"]
    parts[0] += target
    missing, waiting = tally.count(State.INVALID, State.FAILED), waiting_rows(tally)
    doubtful, deleted = tally.count(State.IN_DOUBT), tally.count(State.DELETED)
    if deleted:
        parts.append(f"{deleted:,} {are(deleted)} deleted")
    if missing:
        parts.append(f"{missing:,} {are(missing)} not")
    if waiting:
        parts.append(f"{waiting:,} {'waits' if waiting == 1 else 'wait'}")
    if doubtful:
        parts.append(f"{doubtful:,} {are(doubtful)} in doubt")
    if skipped:
        parts.append(f"{skipped:,} {are(skipped)} skipped")
    return ", ".join(parts)


def reason_of(reason: ReasonCount, *, under_way: bool = False) -> str:
    """Why some rows were not sent: the reason of the first of them, where it is true of the others as well."""
    if reason.state in (State.SKIPPED, State.DELETED) and reason.count > 1 and reason.kind in ALIKE:
        return ALIKE[reason.kind]
    if reason.count > 1 and reason.kind.startswith(SUPPRESSED):
        return f"stand in {reason.kind.removeprefix(SUPPRESSED)}"
    if under_way and reason.state is State.SENDING:
        return UNDER_WAY.meaning
    return reason.example or STATE_STYLES[reason.state].meaning


def left_out(reasons: tuple[ReasonCount, ...]) -> str:
    """How many rows nothing is sent for, and why: "2 rows (1: hidden in the sheet; 1: exact duplicate of row 2)"."""
    if not reasons:
        return ""
    parts = [f"{each.count:,}: {one_line(_short_reason(each), _REASON_LENGTH)}" for each in reasons[:_REASONS]]
    rest = sum(each.count for each in reasons[_REASONS:])
    if rest:
        parts.append(f"{rest:,}: other reasons")
    return f"{rows_of(sum(each.count for each in reasons))} ({'; '.join(parts)})"


def _short_reason(reason: ReasonCount) -> str:
    """Why rows are left out; that of an invalid row without its cell, which is not that of the others."""
    return reason.kind if reason.state is State.INVALID and reason.kind else reason_of(reason)


def row_numbers(reason: ReasonCount) -> str:
    """The numbers of the first rows that have this reason: "2, 3, 5, …"."""
    return ", ".join(map(str, reason.rows)) + (", …" if reason.count > len(reason.rows) else "")


def waiting_rows(tally: Tally) -> int:
    """Count the rows that `campaign resume` would send: not begun, or cut off while sending."""
    return tally.count(State.PENDING, State.SENDING)


def rows_of(count: int) -> str:
    """A number of rows: "1 row", "1,000 rows"."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def on_one_line(reason: str) -> str:
    """A reason for a cell of one line: LibreOffice draws further lines over the row below."""
    return " | ".join(reason.splitlines())


def times(count: int) -> str:
    """How often: "once", "3 times"."""
    return "once" if count == 1 else f"{count:,} times"


def rate(tally: Tally) -> str | None:
    """Messages sent per second, or per minute where that is slower than one a second.

    Returns:
        None where none was sent, or some were deleted: the time includes that of deleting them.
    """
    sent = tally.count(State.SENT)
    if not sent or not tally.seconds or tally.count(State.DELETED):
        return None
    return pace(sent / tally.seconds)


def pace(a_second: float) -> str:
    """Messages per second, or per minute where that is slower than one a second."""
    return f"{a_second:,.1f} messages a second" if a_second >= 1 else f"{60 * a_second:,.1f} messages a minute"


def are(count: int) -> str:
    """The verb for a number of rows."""
    return "is" if count == 1 else "are"
