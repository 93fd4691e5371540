"""How an undo ended, in a few lines and as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal import State
from campaign.journal.deletions import NOT_DELETED
from campaign.review.next_steps import PUT_BACK
from campaign.review.phrases import rows_of
from campaign.review.summary import as_json, reason_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaign.review.summary import RunSummary


def undo_as_json(summary: RunSummary, ended: str | None) -> Mapping[str, object]:
    """The object of `--json`: that of the run, with how the undo ended.

    Args:
        summary: the run as it is now.
        ended: why the undo ended early; None where it did not.
    """
    state = "stopped" if ended is not None or summary.lost else "finished"
    return {**as_json(summary), "state": state, "reason": ended}


def undo_as_text(summary: RunSummary, left: int, ended: str | None, again: str) -> Iterator[str]:
    """The lines for a terminal.

    Args:
        summary: the run as it is now.
        left: how many of the messages are not deleted.
        ended: why the undo ended early; None where it did not.
        again: the command that was given.
    """
    deleted = summary.tally.count(State.DELETED)
    became = f"{messages_of(deleted)} {_are(deleted)} deleted" + (f", {left:,} {_are(left)} not" if left else "")
    yield f"Undo of run {summary.run} {'is finished' if ended is None else f'stopped: {ended}'}. {became}."
    for reason in summary.reasons:
        if reason.state is State.DELETED or reason.kind.startswith(NOT_DELETED):
            yield reason_line(reason)
    if summary.results:
        yield f"Results: {summary.results}"
    if summary.lost:
        yield PUT_BACK
        return
    if left:
        them = "it" if left == 1 else "them"
        yield f"{messages_of(left)} may still be with the recipients. To try {them} again: {again}"
    if pending := summary.tally.count(State.PENDING):
        wait, them = ("waits", "it") if pending == 1 else ("wait", "them")
        yield (
            f"{rows_of(pending)} of this run still {wait} to be sent: campaign resume {summary.file} sends {them}, "
            f"campaign abandon {summary.file} gives {them} up."
        )


def messages_of(count: int) -> str:
    """A number of messages: "1 message", "1,000 messages"."""
    return "1 message" if count == 1 else f"{count:,} messages"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
