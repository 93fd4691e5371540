"""The server's own budget: its clock, and how many requests are left until when on that clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.channels.base import Budget

MARGIN = 0.01
"""Seconds added to the end of a window: timers and networks are not exact, and one 429 costs more."""

SAME_WINDOW = 0.25
"""Seconds by which the told end of one and the same window may vary."""


class ServerClock:
    """How far the server's clock is from ours, as far as its `Date` headers can tell.

    A `Date` has whole seconds: it was written when the server's clock stood between it and one second later, and at a
    moment between our sending and our receiving. Each answer so bounds the difference from both sides, and the bounds
    close in as answers fall on different fractions of a second.
    """

    def __init__(self) -> None:
        self._least = float("-inf")
        self._most = float("inf")

    def learn(self, date: float, sent: float, received: float) -> None:
        """Take in an answer.

        Args:
            date: its `Date`, in seconds since the epoch.
            sent: when its request left, on our clock.
            received: when it had come, on our clock.
        """
        least, most = date - received, date + 1 - sent
        if least > self._most or most < self._least:  # one of the clocks was set: start anew
            self._least, self._most = least, most
        else:
            self._least, self._most = max(self._least, least), min(self._most, most)

    @property
    def uncertainty(self) -> float:
        """Seconds between the two bounds."""
        return self._most - self._least

    def reached(self, server_time: float) -> float:
        """When, on our clock, the server's clock has reached a time for certain."""
        return server_time - self._least


class Window:
    """One route's budget. Windows are taken to be fixed: so many requests, then none until the window ends.

    At the beginning, and whenever a window has ended, nobody knows how many requests are left, as other programs may
    share our address: one request goes alone and its answer tells.
    """

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._limit: int | None = None
        self._left = 0
        self._reset_at = 0.0
        self._probe: object | None = None
        self._under_way = 0
        self.known = False

    @property
    def limit(self) -> int | None:
        """Requests in one window, as the server last told."""
        return self._limit

    def ends(self) -> float:
        """When the window has ended for certain, on our clock."""
        return self._clock.reached(self._reset_at) + MARGIN

    def wait(self, now: float) -> float | None:
        """Seconds until a request may leave; 0: now; None: when the request that goes alone has its answer."""
        if self.known and self._limit is not None and now >= self.ends():
            self.known = False
        if not self.known:
            return None if self._probe is not None else 0.0
        return 0.0 if self._limit is None or self._left > 0 else self.ends() - now

    def take(self, request: object) -> None:
        """Count a request that leaves now."""
        if not self.known:
            self._probe = request
        self._under_way += 1
        self._left -= 1

    def give_back(self, request: object) -> None:
        """Count a request as done, whatever came of it."""
        self._under_way -= 1
        if self._probe is request:
            self._probe = None

    def forget(self) -> None:
        """Go alone again: the server has stopped answering."""
        self.known = False

    def learn(self, budget: Budget | None) -> bool:
        """Take in what an answer tells; None: it tells of no limit. Call it after `give_back`.

        Returns:
            Whether a window was met for the first time.
        """
        if budget is None:
            # A proxy's answer tells nothing; a server that never told of a limit has none that we could obey.
            self.known = self.known or self._limit is None
            return False
        since = budget.reset_at - self._reset_at
        if self.known and since < -SAME_WINDOW:
            return False  # a late answer from the window before
        self._limit = budget.limit
        if self.known and since <= SAME_WINDOW:
            self._left = min(self._left, budget.remaining)
            self._reset_at = max(self._reset_at, budget.reset_at)
            return False
        self._left = budget.remaining - self._under_way
        self._reset_at = budget.reset_at
        self.known = True
        return True
