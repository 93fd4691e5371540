"""Records about once a second what a delivery is doing, for those who look on from another process."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.delivery.ports import SystemClock
from campaign.errors import JournalError
from campaign.journal.activity import Activity
from campaign.runs.rounds import SETTLING
from campaign.schedule import ANY_TIME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from campaign.delivery import Progress
    from campaign.delivery.ports import Clock, DeliveryLog, RateLimiter
    from campaign.journal import JournalStore
    from campaign.schedule import Schedule

INTERVAL = 1.0
"""Seconds between two records, at least."""

RATE_SPAN = 120.0
"""Seconds over which the rate is taken: two of the longest windows that servers usually have."""

LONG_WAIT = 1.0
"""Shortest wait that is worth mentioning, in seconds."""

SIGN_OF_LIFE = 30.0
"""Seconds after which a record is renewed although nothing has changed."""


class Seen(NamedTuple):
    """A look at a delivery.

    Attributes:
        done: rows that have reached a final state.
        wait: seconds until the next request may leave.
        trouble: what is wrong with the server; "" where nothing is.
        quota: how many rows a second the server's own limit allows; None where it states none.
        waiting_for: what it waits for on purpose; "" where it does not.
        until: when that wait ends, in seconds since the epoch.
        stopping: why it is stopping; "" where it is not.
        waited: seconds that it has waited so far for its window or at its gate.
    """

    done: int = 0
    wait: float = 0.0
    trouble: str = ""
    quota: float | None = None
    waiting_for: str = ""
    until: float | None = None
    stopping: str = ""
    waited: float = 0.0


class ActivityMeter:
    """Makes the record of an activity from looks at a delivery."""

    def __init__(self, rows: int, now: float, schedule: Schedule = ANY_TIME) -> None:
        """Begin.

        Args:
            rows: how many rows are to be delivered.
            now: seconds on the monotonic clock.
            schedule: when messages may be sent.
        """
        self._rows = rows
        self._schedule = schedule
        self._looks = deque([(now, 0)])
        self._last = Activity(None, None, None, None, float("-inf"))
        self._recorded: tuple[object, ...] = ()

    def measure(self, seen: Seen, now: float, epoch: float) -> Activity:
        """The activity at a time; `now` on the monotonic clock, `epoch` in seconds since the epoch."""
        idle = seen.done == self._looks[-1][1]
        self._look(now - seen.waited, seen.done)
        rate = self._rate(seen.quota)
        waiting_for, until = self._waiting(seen, epoch, idle=idle)
        eta = None if waiting_for in ("server", "gate") else self._eta(seen.done, rate, epoch)
        self._last = Activity(rate, eta, waiting_for, until, epoch, seen.stopping, seen.waited)
        return self._last

    def is_news(self, activity: Activity) -> bool:
        """Whether an activity differs from the one that was news last, or that one is old."""
        until = None if activity.until is None else round(activity.until)
        told = (self._looks[-1][1], activity.waiting_for, until, activity.stopping, activity.at // SIGN_OF_LIFE)
        news, self._recorded = told != self._recorded, told
        return news

    def _look(self, active: float, done: int) -> None:
        """Note how many rows are done after so many seconds, without those of a wait for the window or at the gate."""
        if len(self._looks) > 2 and active - self._looks[-2][0] < INTERVAL / 2:
            self._looks.pop()
        self._looks.append((active, done))
        while len(self._looks) > 2 and self._looks[1][0] <= active - RATE_SPAN:
            self._looks.popleft()

    def _rate(self, quota: float | None) -> float | None:
        """Rows a second: as was measured, but no more than lasts beyond the server's window."""
        (began, before), (ended, after) = self._looks[0], self._looks[-1]
        if ended - began < INTERVAL / 2:
            return None
        measured = (after - before) / (ended - began)
        return measured if quota is None else min(measured, quota)

    def _eta(self, done: int, rate: float | None, epoch: float) -> float | None:
        left = max(0, self._rows - done)
        if not left:
            return 0.0
        ends = self._schedule.forecast(epoch, left / rate).ends if rate else math.inf
        return None if math.isinf(ends) else ends - epoch

    def _waiting(self, seen: Seen, epoch: float, *, idle: bool) -> tuple[str | None, float | None]:
        if seen.waiting_for:
            return seen.waiting_for, seen.until
        is_long = seen.wait >= LONG_WAIT
        until = epoch + seen.wait if is_long else None
        if seen.trouble and (is_long or idle):
            return "server", until
        if is_long:
            return "limit", until
        if idle and self._last.waiting_for == "limit":  # the last moment of a wait that was a long one
            return "limit", self._last.until
        return None, None


class ObservedDelivery(Protocol):
    """A delivery, as far as it is looked at."""

    progress: Progress
    rate_limiter: RateLimiter | None
    log: DeliveryLog | None
    schedule: Schedule

    @property
    def waited(self) -> float:
        """Seconds that it has waited so far for its window or at its gate."""
        ...

    @property
    def stop_reason(self) -> str:
        """Why it is stopping; "" where it is not."""
        ...

    @property
    def quota(self) -> tuple[int, float] | None:
        """How many messages in how many seconds the server allows, as it stated last."""
        ...


@contextlib.asynccontextmanager
async def activity_record(
    journal: JournalStore, session: int, delivery: ObservedDelivery, rows: int, clock: Clock | None = None
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Record what a delivery does while the block is entered; at first after `INTERVAL`: a short one costs nothing.

    Args:
        journal: the journal, for times at which no log of attempts is open.
        session: the session that delivers.
        delivery: the delivery.
        rows: how many rows are to be delivered.
        clock: the clock.

    Yields:
        A function that records it at once, and returns when that is on record.
    """
    clock, ended = clock or SystemClock(), asyncio.Event()
    meter = ActivityMeter(rows, clock.now(), delivery.schedule)

    def measure() -> Activity:
        return meter.measure(look_at(delivery), clock.now(), clock.epoch())

    async def record(activity: Activity | None = None) -> None:
        with contextlib.suppress(JournalError):  # perhaps only locked for a moment; it is for display
            await asyncio.to_thread(journal.record_activity, session, activity or measure())

    async def repeat() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), INTERVAL)
                return
            if not meter.is_news(activity := measure()):
                continue
            if delivery.log is not None:
                delivery.log.record_activity(session, activity)
            else:
                await record(activity)

    repeating = asyncio.create_task(repeat())
    try:
        yield record
    finally:
        ended.set()
        await repeating  # a record under way uses the journal's connection, which the caller needs next
        if delivery.waited:  # which is no part of the time that it took
            await record()


def look_at(delivery: ObservedDelivery) -> Seen:
    """What can be seen of a delivery now."""
    progress, limiter, quota = delivery.progress, delivery.rate_limiter, delivery.quota
    return Seen(
        done=progress.done,
        wait=limiter.waiting_for if limiter else 0.0,
        trouble=progress.trouble,
        quota=quota[0] / quota[1] if quota else None,
        waiting_for=progress.waiting_for or ("server" if progress.activity == SETTLING else ""),
        until=progress.waiting_until,
        stopping=delivery.stop_reason,
        waited=delivery.waited,
    )
