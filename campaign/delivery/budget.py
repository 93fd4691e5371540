"""A budget that several workers share: what a rate limiter asks it for, tells it, and gets.

Journals on a server implement `Budget` and `Limits`; `shared_rate_limiter.SharedRateLimiter` uses them. A budget does
not lend permissions but times: each is the moment at which one request may leave. So it does not matter to the rate how
many times are lent at once, and those that a worker did not use before it died lapse: slower, never faster.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

SLICE = 0.25
"""Seconds' worth of times that are lent at once."""

AHEAD = 0.25
"""Seconds from now in which the first time of a slice has to be; else the worker asks again later."""

PROBE_LEASE = 5.0
"""Seconds for which one worker alone finds out what a server's new window allows."""

SETTLE = 0.75
"""Seconds after a window's last time, in which its requests have reached the server: a probe is counted after them."""

SPARE = 16
"""One of so many of a window's requests may be lent to a worker before it has a request waiting."""

RECENT = 600.0
"""Seconds for which an address that sent something is taken to be still at work."""


class StatedWindow(NamedTuple):
    """What a response says of the server's window.

    Attributes:
        limit: requests in one window.
        left: requests left in it.
        reset_at: when it ends, in seconds since the epoch on the server's clock.
        ends_at: when it has certainly ended, on the monotonic clock.
        rate: requests per second at which it is spent.
    """

    limit: int
    left: int
    reset_at: float
    ends_at: float
    rate: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker has learned since it last asked.

    Attributes:
        paused_until: until when nothing may leave, on the monotonic clock.
        slow_down: whether the rate is to be halved.
        restored: the fraction of the full rate that healthy responses restore.
        window: what the server says of its window.
        probed: whether that, or that there is no limit, was the response to a probe.
        probe_failed: whether a probe ended without such a response.
        server_clock: seconds by which the server's clock is ahead of the monotonic one: at least, and at most; None
            where that is not known.
    """

    paused_until: float | None = None
    slow_down: bool = False
    restored: float = 0.0
    window: StatedWindow | None = None
    probed: bool = False
    probe_failed: bool = False
    server_clock: tuple[float, float] | None = None

    @property
    def is_urgent(self) -> bool:
        """Whether other workers wait for it."""
        return self.slow_down or self.probed or self.probe_failed or self.paused_until is not None


NO_REPORT = Report()


@dataclass(frozen=True, slots=True)
class Ask:
    """What a worker asks for.

    Attributes:
        route: the server's route.
        rate: requests per second that the operator allows; None: as the server allows.
        waiting: requests that wait and have no time yet.
        wanted: how many times to lend, in advance of requests that come soon.
        probing: whether a probe of this worker is under way.
        report: what it has learned.
    """

    route: str
    rate: float | None
    waiting: int = 0
    wanted: int = 0
    probing: bool = False
    report: Report = field(default=NO_REPORT)


class Slice(NamedTuple):
    """What a worker gets. Times are on its monotonic clock: late by a round trip at most, and never early.

    Attributes:
        amount: how many requests may leave.
        begins_at: when the first may leave.
        step: seconds from one to the next.
        limited: whether they are those of a server's window, of which no other takes the place.
        probe: whether that is one request, alone, to find out what the server's window allows.
        ask_at: when to ask again where there are none; None: when the probe of another worker has its response.
        window_ends_at: when the server's window ends, where it is used up; 0 else.
        paused_until: until when nothing may leave.
        factor: the fraction of the full rate that is in force.
        pace: requests per second that all workers aim at.
        reset_at: when the window that is known ends, on the server's clock.
        server_clock: what all workers together know of the server's clock; as in `Report`.
        others: requests that the server has counted and that no worker was lent, as this worker's report tells.
    """

    amount: int
    begins_at: float
    step: float
    limited: bool = False
    probe: bool = False
    ask_at: float | None = 0.0
    window_ends_at: float = 0.0
    paused_until: float = 0.0
    factor: float = 1.0
    pace: float = 0.0
    reset_at: float | None = None
    server_clock: tuple[float, float] | None = None
    others: int = 0

    @property
    def times(self) -> list[float]:
        """When requests may leave."""
        return [self.begins_at + number * self.step for number in range(self.amount)]


class Budget(Protocol):
    """The limits of one run as one worker meets them."""

    async def take(self, ask: Ask) -> Slice:
        """Report, and take times, in one exchange.

        Raises:
            JournalWriteError: the budget cannot be reached; neither is certain.
            JournalError: it is not what campaign makes.
        """
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


class Limits(Protocol):
    """The budgets of all runs whose journals are in one place."""

    def budget(self, run: int, credentials: Mapping[str, str], server: str, egress: str) -> Budget:
        """The budget of a run.

        Args:
            run: the run's number.
            credentials: the values that the channel's server asks for; a server may count by them.
            server: the server's base URL.
            egress: the name of what shares a client address; a server may count by that.
        """
        ...

    def egresses(self, server: str) -> frozenset[str]:
        """The names of the client addresses from which messages to a server went lately.

        Raises:
            JournalError: it cannot be read.
        """
        ...
