"""A run in plain words: how it went, and what there is to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.review.state_look import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal import ReasonCount, Tally


def verdict(tally: Tally, *, rehearsal: bool = False) -> str:
    """Whether everyone got the message."""
    skipped, doubtful = tally.count(State.SKIPPED), tally.count(State.IN_DOUBT)
    expected = tally.rows - skipped
    sent = tally.count(State.SENT)
    beside = f", {skipped:,} skipped" if skipped else ""
    if sent == expected:
        who = "A rehearsal, all well" if rehearsal else "Everyone got it"
        return f"{who}: {rows_of(sent)} sent{beside}."
    doubt = f", {doubtful:,} in doubt" if doubtful else ""
    what = "A rehearsal: " if rehearsal else ""
    return f"{what}{sent:,} of {rows_of(expected)} sent, {expected - sent - doubtful:,} not{doubt}{beside}."


def reason_of(reason: ReasonCount) -> str:
    """Why some rows did not go out, in the words of the first of them where those hold for the others as well."""
    if reason.state is State.SKIPPED and reason.count > 1:
        return "exact duplicates of earlier rows"
    return reason.example or LOOKS[reason.state].meaning


def what_to_do(tally: Tally, *, rehearsal: bool = False) -> Iterator[str]:
    """What somebody has to do now, thing by thing."""
    if rehearsal:
        yield from _after_rehearsal(tally)
        return
    waiting, doubtful = tally.count(State.PENDING, State.SENDING), tally.count(State.IN_DOUBT)
    invalid, failed = tally.count(State.INVALID), tally.count(State.FAILED)
    if waiting:
        yield f"{rows_of(waiting)} not sent yet: `campaign resume` with the same campaign file goes on with them."
    if doubtful:
        yield (
            f"{rows_of(doubtful)} in doubt: look into these conversations. Where the message is there, delete the row "
            "from the sheet “To fix”; to send all of them once more: `campaign resume … --retry in-doubt`."
        )
    if failed:
        yield (
            f"{rows_of(failed)} refused by the server. If the reason lies with the server, have it put right there, "
            "then `campaign resume … --retry failed`; if it lies in the row, correct it on the sheet “To fix”."
        )
    if invalid:
        yield f"{rows_of(invalid)} with a mistake: correct them on the sheet “To fix”, which says what is wrong."
    if failed or invalid:
        yield (
            "To send what was corrected: save this workbook, then "
            '`campaign run … --recipients (this workbook) --sheet "To fix"`.'
        )
    if not (waiting or doubtful or failed or invalid):
        yield "Nothing."


def _after_rehearsal(tally: Tally) -> Iterator[str]:
    yield "The messages went to a sandbox on one machine: nobody got anything."
    if tally.count(State.INVALID, State.FAILED, State.IN_DOUBT):
        yield "The sheet “To fix” says what went wrong: mend the list itself, and rehearse again."
    else:
        yield "To send for real: the same command without --sandbox."


def rows_of(count: int) -> str:
    """A number of rows."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def times(count: int) -> str:
    """How often."""
    return "once" if count == 1 else f"{count:,} times"


def duration(seconds: float) -> str:
    """A length of time: "42.0 s", "3 min 05 s", "2 h 07 min"."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{seconds:.1f} s"
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def rate(tally: Tally) -> str:
    """How fast it went."""
    sent = tally.count(State.SENT)
    if not sent or not tally.seconds:
        return "–"
    a_second = sent / tally.seconds
    return f"{a_second:,.1f} messages a second" if a_second >= 1 else f"{60 * a_second:,.1f} messages a minute"
