"""What a journal tells of rows in doubt, and takes in once the server was asked about them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from campaign.journal.records import ABSENT, State
from campaign.text import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

FOUND, UNDELIVERED = "found", "not delivered"
"""Kinds of rows whose message was looked up: it is there, or it is there with an error."""

LOOKED_FOR = "; looked for "
"""What precedes the note of a look-up in the reason of a row in doubt."""

LONGEST_REASON = 1000

Span: TypeAlias = tuple[float, float]
"""Beginning and end, in seconds since the epoch."""

MOST_SPANS, MOST_AROUND = 1000, 10
"""Spans of time around which confirmed messages are looked for, and how many of these on either side of each."""

ROUNDING = 0.001
"""Seconds by which two times may differ that are of one moment: a beginning is an end less a latency."""

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
        lost: how many of them had no conclusive outcome; 0: none that is on record.
        began: when the earliest of these began.
        last: when the latest of them began.
        ended: when that ended, at the latest; None where none is on record.
        looked_at: when it was first looked for and not found since the last attempt; None: never.
        reason: why it is in doubt.
    """

    seq: int
    row: int
    destination: str
    body: bytes
    attempts: int
    lost: int
    began: float
    last: float
    ended: float | None
    looked_at: float | None
    reason: str


class SentRow(NamedTuple):
    """A row whose message counts as sent. Times in seconds since the epoch.

    Attributes:
        run: its run.
        seq: its place in that.
        body: the frozen body.
        message_id: the message's id, where the server gave one.
        at: when its last attempt ended.
        latency: how long that took, in seconds; None where it was cut off.
        kind: "" where the response to its attempt says so; `FOUND` where a look-up does; else an operator does.
    """

    run: int
    seq: int
    body: bytes
    message_id: str | None
    at: float
    latency: float | None
    kind: str


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


def nearest(spans: Sequence[Span], began: Sequence[float], ended: Sequence[float]) -> set[int]:
    """The places of the attempts that were made around some spans of time.

    Args:
        spans: spans of time; of many, a part is looked at.
        began: when each attempt began.
        ended: when it ended, in ascending order.

    Returns:
        For each span up to `MOST_AROUND` attempts that had ended before it, and as many that began after it.
    """
    some = [*sorted(spans)[:: -(-len(spans) // MOST_SPANS) or 1], max(spans)] if spans else []
    count = max(1, min(MOST_AROUND, MOST_SPANS // max(1, len(some))))
    found: set[int] = set()
    for start, end in some:
        place = bisect_right(ended, start)
        found.update(range(max(0, place - count), place))
        later = (each for each in range(bisect_left(ended, end), len(ended)) if began[each] >= end - ROUNDING)
        found.update(islice(later, count))
    return found


class DoubtStore(Protocol):
    """The part of a journal store that a look-up of rows in doubt reads and writes."""

    def has_doubts(self, run: int) -> bool:
        """Whether any row of a run is in doubt."""
        ...

    def doubtful_rows(self, run: int, after: int, most: int, timeout: float) -> list[DoubtfulRow]:
        """Rows in doubt in sheet order, without those whose conversation has a request under way.

        Args:
            run: the run's number.
            after: the place in the run after which to look.
            most: how many at most.
            timeout: seconds that an attempt of which no end is on record may have lasted.
        """
        ...

    def sent_rows(self, destinations: Sequence[str], since: float) -> list[SentRow]:
        """Rows of all runs that were sent to some conversations.

        Those from before a time only if their message has an id: it may be named by a later one.

        Args:
            destinations: the conversations.
            since: seconds since the epoch.
        """
        ...

    def rows_around(self, run: int, spans: Sequence[Span]) -> list[SentRow]:
        """Rows of a run whose messages the server has, of those the ones around some spans; see `nearest`.

        These are rows that the server has confirmed, and as many that were found in its list.

        Args:
            run: the run's number.
            spans: when attempts began and ended, in seconds since the epoch.
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
