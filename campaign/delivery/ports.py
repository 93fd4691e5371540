"""What delivery needs of the rest of the world: a clock, a transport, an attempt log and a rate limiter.

Journals implement `AttemptLog`, `transport.HttpTransport` implements `Transport`, and
`rate_limiter.LocalRateLimiter` and `shared_rate_limiter.SharedRateLimiter` implement `RateLimiter`. Tests and further
stores bring their own.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.delivery.admission import Admission
from campaign.delivery.finished import Finished
from campaign.delivery.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from campaign.channels import Channel
    from campaign.channels.base import NoResponse, Quota, Request, Response
    from campaign.delivery.shutdown import Shutdown
    from campaign.journal.activity import Activity
    from campaign.journal.records import Outcome, Reservation, State, WaitingRow
    from campaign.settings import DeliverySettings


class Clock(Protocol):
    """A clock."""

    def now(self) -> float:
        """Seconds on a monotonic clock."""
        ...

    def epoch(self) -> float:
        """Seconds since the epoch on the machine's clock, for the record."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds on a monotonic clock."""
        return time.monotonic()

    def epoch(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await asyncio.sleep(seconds)


class Transport(Protocol):
    """Sends requests."""

    async def send(self, request: Request) -> Response | NoResponse:
        """Send one request and read its response."""
        ...


class Permit(NamedTuple):
    """A request's permission to leave.

    Attributes:
        route: the server's route; each has a quota of its own.
        granted_at: when it was granted, in seconds on the monotonic clock.
    """

    route: str
    granted_at: float


class RateLimiter(Protocol):
    """Decides when each request may leave."""

    async def acquire(self, route: str, *, until: float = math.inf) -> Permit | None:
        """Wait until a request to a route may leave; None when the run is shutting down, or `until` has passed.

        Args:
            route: the server's route.
            until: when the request must have left, in seconds on the monotonic clock.
        """
        ...

    def release(
        self, permit: Permit, response: Response | None = None, quota: Quota | None = None, *, healthy: bool = False
    ) -> None:
        """Return a permit and learn from the response.

        Args:
            permit: the permit.
            response: the whole response, where one came.
            quota: what it says of the server's limit.
            healthy: the server itself responded, and was not in trouble.
        """
        ...

    def pause(self, seconds: float, *, own: bool = False) -> None:
        """Let no request leave for a while.

        Args:
            seconds: for how long.
            own: whether only this worker's requests stay, because it does not reach the server, which may be well.
        """
        ...

    def slow_down(self) -> None:
        """Reduce the rate; healthy responses restore it."""
        ...

    def lost_contact(self) -> None:
        """Find out with one request at a time whether the server is back."""
        ...

    @property
    def stated_quota(self) -> tuple[int, float] | None:
        """How many messages in how many seconds the server allows, as it stated last; None where it stated nothing."""
        ...

    @property
    def in_flight(self) -> int:
        """Requests that have their permit and no answer yet, for display."""
        ...

    @property
    def waiting_for(self) -> float:
        """Seconds until the next request may leave, for display."""
        ...

    @property
    def current_rate(self) -> float:
        """Requests per second aimed at now, for display."""
        ...


class AttemptLog(Protocol):
    """The durable record of one run's attempts and outcomes, and the queue of its rows."""

    @property
    def failed(self) -> bool:
        """Whether an outcome could not be written; then nothing more may be sent."""
        ...

    async def begin(self, seq: int, at: float, what: str = "send") -> int:
        """Record an attempt and return its number, higher than any before, once it would survive a power cut.

        Args:
            seq: the row's place in the run.
            at: now, in seconds since the epoch.
            what: "send", or "undo", which leaves its row as it is.

        Raises:
            JournalWriteError: the attempt is not on record, so the request must not leave.
        """
        ...

    def reserve(self, rows: Sequence[int], at: float) -> Sequence[Reservation]:
        """Record the first attempts of rows that are about to be sent, without waiting for the disk."""
        ...

    async def begin_reserved(self, reservation: Reservation) -> None:
        """Return once a reserved attempt would survive a power cut and outcomes are still being written.

        Raises:
            JournalWriteError: the attempt is not on record, so the request must not leave.
        """
        ...

    def withdraw(self, reservation: Reservation) -> None:
        """Take back a reserved attempt that was not made."""
        ...

    def retract(self, seq: int, attempt: int, state: State) -> None:
        """Take back an attempt that was begun and whose request was not made; its row returns to a state."""
        ...

    def record_outcome(self, seq: int, attempt: int, result: str, outcome: Outcome) -> None:
        """Record the result of an attempt and the row's state from now on; committed soon, not awaited."""
        ...

    def record_read_back(self, seq: int, began_at: float, result: str, outcome: Outcome) -> None:
        """Record a read-back and the row's state from now on; committed soon, not awaited."""
        ...

    def record_undo(self, seq: int, attempt: int, began_at: float, result: str, outcome: Outcome) -> None:
        """Record the result of an undo; committed soon, not awaited.

        Only an outcome with a kind changes the row: its state, kind and reason. When and how it was sent stays.
        """
        ...

    def record_look_up(self, began_at: float, result: str, outcome: Outcome) -> None:
        """Record a look-up of a period, which is no single row's; committed soon, not awaited."""
        ...

    async def waiting(self, after: int, most: int) -> list[WaitingRow]:
        """The next rows to deliver, in sheet order: at most `most` after place `after` of the run."""
        ...


class DeliveryLog(AttemptLog, Protocol):
    """The record of one run's attempts, and of what its delivery does besides."""

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what the delivery does, with the next commit or soon, without waiting for it. Never fails."""
        ...


class RowEvent(NamedTuple):
    """A row has reached a final state in this delivery.

    Attributes:
        row: the row's number in the spreadsheet.
        state: sent, failed, in doubt or deleted; skipped, where its recipient has opted out since the run was planned.
        reason: why it was not sent, or not deleted; "" where it was sent.
        message_id: the message's id at the server, where it gave one.
    """

    row: int
    state: State
    reason: str = ""
    message_id: str | None = None


@dataclass(slots=True)
class Progress:
    """Counts of one delivery so far, for display, and for the report where the log cannot be read any more.

    Attributes:
        requests: HTTP requests begun, read-backs included.
        throttled: responses that said "over the limit".
        deletes: whether messages are taken back, rather than sent.
        kept: messages that the server did not delete.
        waiting_for: "window" or "gate" while the delivery waits for that; "" else. The limiter knows of other waits.
        waiting_until: when that wait ends, in seconds since the epoch; None where it is not known.
    """

    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    deletes: bool = False
    deleted: int = 0
    kept: int = 0
    requests: int = 0
    throttled: int = 0
    trouble: str = ""
    activity: str = ""
    """What is done where no message is being sent, in a few words."""
    waiting_for: str = ""
    waiting_until: float | None = None

    @property
    def done(self) -> int:
        """Rows that have reached a final state."""
        return self.sent + self.failed + self.in_doubt + self.deleted + self.kept


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """All that the delivery of one run works with.

    Attributes:
        on_event: called for each row that has reached a final state; None where no caller follows along.
        wait_for_room: awaited before a worker takes a row; returns at once when the run is shutting down.
        random: returns a number from 0 to 1, for jitter.
        look_only: read back rows that were cut off, and send nothing.
        redaction: blanks the secrets in what is read from responses.
        last: the place in the run after which no row is taken; None: none.
        admission: lets messages leave, or leaves their rows for a later round.
        finished: what all rounds of the delivery have done; shared by them.
    """

    channel: Channel
    settings: DeliverySettings
    transport: Transport
    log: AttemptLog
    rate_limiter: RateLimiter
    shutdown: Shutdown
    clock: Clock = field(default_factory=SystemClock)
    progress: Progress = field(default_factory=Progress)
    on_event: Callable[[RowEvent], object] | None = None
    wait_for_room: Callable[[], Awaitable[None]] | None = None
    random: Callable[[], float] = random.random
    look_only: bool = False
    redaction: Redaction = field(default_factory=Redaction)
    last: int | None = None
    admission: Admission = field(default_factory=Admission)
    finished: Finished = field(default_factory=Finished)
