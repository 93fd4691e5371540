"""A run in plain words, for the terminal and the results workbook: states, verdict, reasons and next steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal import State
from campaign.journal.decisions import LIST_SUSPECTED
from campaign.journal.deletions import TAKEN_BACK
from campaign.recipients.suppression import SUPPRESSED
from campaign.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

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
    State.SENDING: StateStyle("cut off", "the run ended while its request was under way", "FFF6B0", "5C5200", "B8A600"),
}

TO_FIX = (State.INVALID, State.FAILED)
"""The states of the rows on the sheet To fix."""

DOUBTFUL = (State.IN_DOUBT, State.SENDING)
"""The states of the rows on the sheet In doubt, which is no list to send."""


PUT_BACK = "Put the journal's files back, or restore them from a copy, before any other command: they say who got it."

MANY = 10
"""Rows that nobody names one by one."""

_REASONS, _REASON_LENGTH = 3, 60


@dataclass(frozen=True, slots=True)
class NextCommands:
    """The commands that next steps name.

    Attributes:
        file: what to type after `campaign run` and `campaign resume`.
        workbook: the results workbook as an argument; None where there is none.
        options: further options of `campaign run`, and remarks on them.
    """

    file: str
    workbook: str | None
    options: str = ""

    def resume(self, retry: str = "") -> str:
        """The command that continues the run."""
        return f"campaign resume {self.file}" + (f" --retry {retry}" if retry else "")

    def run(self) -> str:
        """The command that sends the list."""
        return f"campaign run {self.file}{self.options}"

    def run_fixed(self) -> str:
        """The command that sends the corrected rows of the sheet To fix."""
        return f'campaign run {self.file} --recipients {self.workbook} --sheet "To fix"{self.options}'

    def run_again(self) -> str:
        """The command that gives up the rows that wait, and sends the corrected list without those that were sent."""
        return f"campaign run {self.file} --skip-sent{self.options}"

    def resolve(self, rows: int) -> str:
        """The command that settles rows in doubt by hand; shows how to name as many."""
        return f"campaign resolve {self.file} --rows {'3,9' if rows < MANY else '3-40,52'} --as sent"


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

IN_WORKBOOK = NextCommands("…", "(this workbook)")
"""The workbook knows neither the campaign file nor, once it is moved, its own name."""


def verdict(tally: Tally, *, rehearsal: bool = False, trial: bool = False) -> str:
    """State how many rows were sent and what became of the others, without a full stop."""
    sent, skipped = tally.count(State.SENT), tally.count(State.SKIPPED)
    expected = tally.rows - skipped
    target = " to the sandbox" if rehearsal else " to your own conversation" if trial else ""
    if skipped and not expected:
        return f"no row was to be sent{target}, {skipped:,} {_are(skipped)} skipped"
    if sent == expected and sent > 1:
        parts = [f"all {rows_of(sent)} are sent"]
    else:
        parts = [f"{sent:,} of {rows_of(tally.rows)} {'is' if tally.rows == 1 else _are(sent)} sent"]
    parts[0] += target
    missing, waiting = tally.count(State.INVALID, State.FAILED), waiting_rows(tally)
    doubtful, deleted = tally.count(State.IN_DOUBT), tally.count(State.DELETED)
    if deleted:
        parts.append(f"{deleted:,} {_are(deleted)} deleted")
    if missing:
        parts.append(f"{missing:,} {_are(missing)} not")
    if waiting:
        parts.append(f"{waiting:,} {'waits' if waiting == 1 else 'wait'}")
    if doubtful:
        parts.append(f"{doubtful:,} {_are(doubtful)} in doubt")
    if skipped:
        parts.append(f"{skipped:,} {_are(skipped)} skipped")
    return ", ".join(parts)


def next_steps(
    tally: Tally, commands: NextCommands, *, rehearsal: bool = False, trial: bool = False, stopped: str | None = None
) -> Iterator[str]:
    """What to do now, a sentence or two for each thing; a command to copy comes last.

    Args:
        tally: the run's figures.
        commands: what to type.
        rehearsal: whether no message left this machine.
        trial: whether the messages went to a conversation of the operator's own.
        stopped: why the run is not finished; None where it is.
    """
    if rehearsal or trial:
        yield from _after_trial(tally, commands) if trial else _after_rehearsal(tally)
        return
    waiting, doubtful = waiting_rows(tally), tally.count(State.IN_DOUBT)
    failed, invalid = tally.count(State.FAILED), tally.count(State.INVALID)
    if waiting and stopped and stopped.endswith(LIST_SUSPECTED):
        yield (
            f"Look first: read the reasons on the sheet “To fix”, and look at the list and the template. "
            f"{rows_of(waiting)} {_are(waiting)} not sent yet, with the messages as they were planned. If those are "
            f"wrong, correct the list or the template, then: {commands.run_again()}"
        )
        yield f"Only if the messages are right and the others are to go out as they are: {commands.resume()}"
    elif waiting:
        yield f"{rows_of(waiting)} {_are(waiting)} not sent yet. Next: {commands.resume()}"
    if doubtful:
        yield (
            f"{rows_of(doubtful)} {_are(doubtful)} in doubt: the server may have taken the message. Look into "
            f"{'this conversation' if doubtful == 1 else 'these conversations'} first; then settle each row "
            f"(as sent or as not-sent): {commands.resolve(doubtful)}; or, to send all rows in doubt again: "
            f"{commands.resume('in-doubt')}"
        )
    if failed:
        yield (
            f"{rows_of(failed)} failed: the server refused {'it' if failed == 1 else 'them'}. If the cause is on the "
            f"server, have it fixed there; then, to send all failed rows again: {commands.resume('failed')}"
        )
    if tally.finished and (failed or invalid) and commands.workbook:
        yield (
            "To send corrected rows: on the sheet “To fix”, fix the rows; save the workbook, then: "
            f"{commands.run_fixed()}"
        )


def without_journal(tally: Tally, workbook: Path | None) -> Iterator[str]:
    """What to do where the journal is gone or damaged: no command can go on from it."""
    yield PUT_BACK
    if workbook is not None:
        yield f"If there is no copy, the workbook says it too: {workbook}"
    else:
        sent = f"{rows_of(tally.count(State.SENT))} {_are(tally.count(State.SENT))}"
        yield f"If there is no copy, nothing here says which rows these are: {sent} sent, as counted while sending."


def _after_rehearsal(tally: Tally) -> Iterator[str]:
    nothing_left = "Nothing left this machine: the messages went to the sandbox, and no recipient got one."
    if tally.count(State.INVALID, State.FAILED, State.IN_DOUBT):
        yield f"{nothing_left} Next: fix the rows that the sheet “To fix” names in the list itself, and rehearse again."
    else:
        yield f"{nothing_left} Next: the same command without --sandbox sends for real, and asks first."


def _after_trial(tally: Tally, commands: NextCommands) -> Iterator[str]:
    apart = "No recipient on the list got a message, and nothing of this counts as sent."
    if tally.count(State.SENT) < tally.rows - tally.count(State.SKIPPED):
        yield f"{apart} Next: remove the reasons, then test again."
    else:
        yield f"{apart} Look at the messages in your conversation. Next: {commands.run()}"


def reason_of(reason: ReasonCount) -> str:
    """Why some rows were not sent: the reason of the first of them, where it is true of the others as well."""
    if reason.state in (State.SKIPPED, State.DELETED) and reason.count > 1 and reason.kind in ALIKE:
        return ALIKE[reason.kind]
    if reason.count > 1 and reason.kind.startswith(SUPPRESSED):
        return f"stand in {reason.kind.removeprefix(SUPPRESSED)}"
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


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
