"""The server's own budget: its clock, and how many requests are left until when on that clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.channels.base import Quota

MARGIN = 0.01
"""Seconds added to the end of a window: timers and networks are not exact, and one 429 costs more."""

LONGEST_MARGIN = 1.0
"""Seconds that the margin can grow to: whatever stamps `Date` in front of a server keeps its time about as well."""

DRIFT = 0.0001
"""Seconds a second by which two clocks may part: quartz is good to some ten parts in a million."""

SAME_WINDOW = 0.25
"""Seconds by which the told end of one and the same window may vary."""

LONGEST_WINDOW = 24 * 3600.0
"""Seconds. Who tells of a longer window speaks of something else, or in another unit, and is not believed."""


class ServerClock:
    """How far the server's clock is from ours, as far as its `Date` headers can tell.

    A `Date` has whole seconds: it was written when the server's clock stood between it and one second later, and at a
    moment between our sending and our receiving. Each answer so bounds the difference from both sides, and the bounds
    close in as answers fall on different fractions of a second. They loosen as time goes by: no two clocks run alike.
    """

    def __init__(self) -> None:
        self._least = float("-inf")
        self._most = float("inf")
        self._learned_at = 0.0

    def learn(self, date: float, sent: float, received: float) -> None:
        """Take in an answer.

        Args:
            date: its `Date`, in seconds since the epoch.
            sent: when its request left, on our clock.
            received: when it had come, on our clock.
        """
        drift = DRIFT * (received - self._learned_at)
        self._least, self._most, self._learned_at = self._least - drift, self._most + drift, received
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
        time = server_time - self._least
        return time + DRIFT * max(0.0, time - self._learned_at)


class Window:
    """One route's budget. Windows are taken to be fixed: so many requests, then none until the window ends.

    At the beginning, and whenever a window has ended, nobody knows how many requests are left, as other programs may
    share our address: one request goes alone and its answer tells.
    """

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._left = 0
        self._reset_at = 0.0
        self._margin = MARGIN
        self._probe: object | None = None
        self._under_way = 0
        self._over = False
        self.known = False
        self.limit: int | None = None
        """Requests in one window, as the server last told."""
        self.length = 0.0
        """Seconds that a window lasts at the least: the longest rest of one that was met."""

    def ends(self) -> float:
        """When the window has ended for certain, on our clock."""
        return self._clock.reached(self._reset_at) + self._margin

    def wait(self, now: float) -> float | None:
        """Seconds until a request may leave; 0: now; None: when the request that goes alone has its answer."""
        if self.known and self.limit is not None and now >= self.ends():
            self.known, self._over = False, True
        if not self.known:
            return None if self._probe is not None else 0.0
        return 0.0 if self.limit is None or self._left > 0 else self.ends() - now

    def take(self, request: object) -> None:
        """Count a request that leaves now."""
        if not self.known:
            self._probe = request
        self._under_way += 1
        self._left -= 1

    def give_back(self, request: object) -> bool:
        """Count a request as done, whatever came of it.

        Returns:
            Whether it was the one that went alone.
        """
        self._under_way -= 1
        alone = self._probe is request
        if alone:
            self._probe = None
        return alone

    def forget(self) -> None:
        """Go alone again: the server has stopped answering."""
        self.known = False

    def learn(self, budget: Quota | None, now: float, *, alone: bool) -> bool:
        """Take in what the server itself tells. Call it after `give_back`.

        Args:
            budget: what it tells; None: of no limit.
            now: the time.
            alone: whether the request went alone. While one does, no other counts: what it tells may be overtaken.

        Returns:
            Whether a window was met for the first time.
        """
        if not self.known and not alone:
            return False
        if budget is None or not self._clock.reached(budget.reset_at) - now <= LONGEST_WINDOW:
            # A server that once told of a limit has not lost it because a proxy speaks for it now.
            self.known = self.known or self.limit is None
            return False
        since = budget.reset_at - self._reset_at
        if self.known and since <= SAME_WINDOW:
            self._learn_again(budget, since)
            return False
        if self._over and abs(since) <= SAME_WINDOW:
            # The window lasts longer than `Date` says: a proxy stamps it, whose clock is not the server's.
            self._margin = min(LONGEST_MARGIN, 2 * self._margin)
        self.limit, self._left, self._reset_at = budget.limit, budget.remaining - self._under_way, budget.reset_at
        self.length = max(self.length, self.ends() - now - self._clock.uncertainty)
        self.known, self._over = True, False
        return True

    def _learn_again(self, budget: Quota, since: float) -> None:
        if since >= -SAME_WINDOW:  # else it is a late answer from the window before
            self.limit = budget.limit
            self._left = min(self._left, budget.remaining)
            self._reset_at = max(self._reset_at, budget.reset_at)
