"""What a journal stores of messages that are taken back: kinds of rows, and the word for the attempts."""

from __future__ import annotations

from campaign.journal.records import State

UNDO = "undo"
"""What the attempt to delete a message is called on record; an attempt to send one is a "send"."""

TAKEN_BACK, GONE = "taken back", "gone"
"""Kinds of deleted rows: the server deleted the message, or did not have it any more."""

NOT_DELETED = "not deleted"
"""What the kind of a row begins with whose message the server did not delete."""

MAY_BE_THERE = (State.SENT, State.IN_DOUBT)
"""States of rows whose messages an undo deletes."""


def kind_of_refusal(kind: str) -> str:
    """The kind of a row whose message the server did not delete.

    Args:
        kind: the kind of the refusal.
    """
    return f"{NOT_DELETED}: {kind}"
