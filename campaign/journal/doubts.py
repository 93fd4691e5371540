"""What a journal tells of rows in doubt, and takes in once the server was asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.journal.records import ABSENT, State
from campaign.text import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

FOUND, UNDELIVERED = "found", "not delivered"
"""Kinds of rows whose message was looked up: it is there, or it is there with an error."""

LOOKED_FOR = "; looked for "
"""What precedes the note of a look-up in the reason of a row in doubt."""

LONGEST_REASON = 1000

NO_ROW = 0
"""In place of a row's place in the run, for a request that is about many."""


class DoubtfulRow(NamedTuple):
    """A row in doubt. Times in seconds since the epoch.

    Attributes:
        seq: its place in the run.
        row: its number in the list.
        destination: the conversation.
        body: the frozen body.
        attempts: how many attempts there were.
        began: when the earliest of them without a conclusive outcome began.
        looked_at: when it was first looked for and not found since the last attempt; None: never.
        reason: why it is in doubt.
    """

    seq: int
    row: int
    destination: str
    body: bytes
    attempts: int
    began: float
    looked_at: float | None
    reason: str


class SentRow(NamedTuple):
    """A row whose message counts as sent. Times in seconds since the epoch.

    Attributes:
        body: the frozen body.
        message_id: the message's id, where the server gave one.
        at: when its last attempt ended.
        latency: how long that took, in seconds; None where it was cut off.
        confirmed: whether the response to its attempt says so, rather than a look-up or an operator.
    """

    body: bytes
    message_id: str | None
    at: float
    latency: float | None
    confirmed: bool


class Settlement(NamedTuple):
    """What a look-up says of a row in doubt.

    Attributes:
        seq: its place in the run.
        attempts: how many attempts it had when it was looked for; where it has more by now, nothing changes.
        state: sent, failed, pending (it was not taken, and is sent again) or in doubt.
        kind: groups reasons that are alike; None leaves it as it is.
        reason: why it is in this state.
        message_id: the message's id, where it was found.
        looked_at: when it was first looked for and was not there, in seconds since the epoch; None: never.
    """

    seq: int
    attempts: int
    state: State
    kind: str | None
    reason: str
    message_id: str | None = None
    looked_at: float | None = None


class DoubtStore(Protocol):
    """The part of a journal store that a look-up of rows in doubt reads and writes."""

    def doubtful_rows(self, run: int, after: int, most: int) -> list[DoubtfulRow]:
        """Rows in doubt in sheet order, without those whose conversation has a request under way.

        Args:
            run: the run's number.
            after: the place in the run after which to look.
            most: how many at most.
        """
        ...

    def sent_rows(self, run: int, destinations: Sequence[str], since: float, sample: int) -> list[SentRow]:
        """Rows of all runs that were sent to some conversations, and the latest of this run's to others since a time.

        Of the former, those from before that time only if their message has an id: it may be named by a later one.

        Args:
            run: the run's number.
            destinations: the conversations.
            since: seconds since the epoch.
            sample: how many of the others at most, all of them confirmed.
        """
        ...

    def settle_doubts(self, run: int, settlements: Sequence[Settlement], session: int | None = None) -> None:
        """Record what a look-up says of rows in doubt, all or nothing.

        Args:
            run: the run's number.
            settlements: one for each row; a row that is not in doubt any more stays as it is.
            session: the session that delivers; None: unchecked.

        Raises:
            JournalBusyError: another session has begun since.
        """
        ...


def still_in_doubt(row: DoubtfulRow, looked: str, looked_at: float | None) -> Settlement:
    """A row that stays in doubt: its reason ends with what the latest look-up said."""
    reason = f"{row.reason.partition(LOOKED_FOR)[0]}{LOOKED_FOR}{looked}"
    return Settlement(row.seq, row.attempts, State.IN_DOUBT, None, shorten(reason, LONGEST_REASON), None, looked_at)


def not_taken(row: DoubtfulRow) -> Settlement:
    """A row that the server did not take, and that waits to be sent again."""
    return Settlement(row.seq, row.attempts, State.PENDING, ABSENT, "")
