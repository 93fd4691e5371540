"""A run in plain words: how it went, and what there is to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal import Tally


def verdict(tally: Tally) -> str:
    """Whether everyone got the message."""
    skipped = tally.count(State.SKIPPED)
    expected = tally.rows - skipped
    sent = tally.count(State.SENT)
    beside = f", {skipped:,} skipped" if skipped else ""
    if sent == expected:
        return f"Everyone got it: {rows_of(sent)} sent{beside}."
    return f"{sent:,} of {rows_of(expected)} sent, {expected - sent:,} not{beside}."


def what_to_do(tally: Tally) -> Iterator[str]:
    """What somebody has to do now, thing by thing."""
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


def rows_of(count: int) -> str:
    """A number of rows."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


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
