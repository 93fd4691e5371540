"""What is shown with the question whether to delete."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from campaign.cli.question import fact_lines
from campaign.cli.question_when import ends_at
from campaign.review.findings_text import CAUTION
from campaign.review.phrases import rows_of
from campaign.review.undo_summary import messages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.review.findings_text import StyledLine
    from campaign.runs.undo import UndoConfirmation

READ = "Recipients may have read them, and the server may go on showing that a message was deleted."


def undo_question(confirmation: UndoConfirmation) -> str:
    """The question, in one sentence."""
    messages = messages_of(confirmation.messages)
    return f"Delete {messages} of run {confirmation.run} from {confirmation.server}?"


def undo_facts(confirmation: UndoConfirmation, width: int) -> Iterator[StyledLine]:
    """What an operator should know before saying yes."""
    at = confirmation.sent_at
    sent = f"run {confirmation.run}" if at is None else f"run {confirmation.run}, of {_minute(at)}"
    yield from fact_lines("Sent by", sent, width)
    yield from fact_lines("List", confirmation.recipients, width)
    yield from fact_lines("Rows", confirmation.rows.removeprefix("rows "), width)
    if confirmation.uncertain:
        arrived = f"{messages_of(confirmation.uncertain)} may never have arrived; the server is asked to delete "
        yield from fact_lines("In doubt", arrived + ("it too" if confirmation.uncertain == 1 else "them too"), width)
    if confirmation.pending:
        them = "it" if confirmation.pending == 1 else "them"
        waiting = f"{rows_of(confirmation.pending)} of the run not sent yet; `campaign resume` would still send {them}"
        yield from fact_lines("Pending", waiting, width)
    yield from fact_lines("Pace", f"{confirmation.pace.words}; {ends_at(confirmation.pace.seconds)}", width)
    yield from fact_lines("Note", READ, width, CAUTION)


def _minute(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M}"
