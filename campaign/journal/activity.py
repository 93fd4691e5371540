"""What a journal tells of its runs to whoever looks on: who delivers, how fast, and how far the list is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.journal.records import RunManifest


class Activity(NamedTuple):
    """What a delivery was doing when it was last recorded. Times in seconds since the epoch.

    Attributes:
        rate: rows a second that reached a final state, lately; None where that is not known yet.
        eta_seconds: seconds until no row waits any more, seen from `at`; None where nobody knows.
        waiting_for: "window", "limit", "server" or "gate"; None while rows flow.
        until: when that wait ends; None where it is not known, or there is none.
        at: when it was recorded.
        stopping: why it is stopping; "" where it is not.
        waited: seconds that the delivery has waited for its window or for an answer at its gate; they are no part of
            the time that it takes.
    """

    rate: float | None
    eta_seconds: float | None
    waiting_for: str | None
    until: float | None
    at: float
    stopping: str = ""
    waited: float = 0.0


class Holder(NamedTuple):
    """The process that holds a journal for planning or delivery.

    Attributes:
        since: since when, in seconds since the epoch.
        is_local: whether it is on this machine, so that it is known to live.
        workers: the names of the workers that deliver what this process has left to them; (): it does so itself.
    """

    host: str
    process: int
    since: float
    is_local: bool = True
    workers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Which process it is, for people."""
        if self.workers:
            return f"workers ({', '.join(self.workers)})"
        since = datetime.fromtimestamp(self.since).astimezone()
        return f"process {self.process} on {self.host} since {since:%Y-%m-%d %H:%M:%S}"


class SessionRecord(NamedTuple):
    """One delivery by one process. Times in seconds since the epoch.

    Attributes:
        session: its number.
        ended_at: when it ended; None where it is under way or was cut off.
        by: the operator; "" where that is not on record.
    """

    session: int
    host: str
    process: int
    started_at: float
    ended_at: float | None
    by: str


def runs_of_one_key(manifests: Mapping[int, RunManifest], run: int) -> frozenset[int]:
    """The runs whose rows are compared with those of a run by their keys; none where that run's rows have no key.

    Args:
        manifests: of every run that counts, by its number.
        run: the run.
    """
    own = manifests[run]
    if not own.key:
        return frozenset()
    same = (own.key_headers, ())  # an older run has no headers on record
    return frozenset(
        number for number, other in manifests.items() if other.key == own.key and other.key_headers in same
    )


class Coverage(NamedTuple):
    """How much of a list has its messages, whichever run sent them: by key where the rows have one, else by message.

    Attributes:
        run: the run that was planned from the list.
        rows: the rows of the list, the invalid and the skipped included.
        sent: rows that one of the runs has sent.
        in_doubt: other rows that one of the runs may have sent.
    """

    run: int
    rows: int
    sent: int
    in_doubt: int

    @property
    def not_sent(self) -> int:
        """Rows that no run has sent."""
        return self.rows - self.sent - self.in_doubt
