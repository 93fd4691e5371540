"""The server's own quota: its clock, and how many requests are left until when on that clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from campaign.channels.base import Quota

MARGIN = 0.01
"""Seconds added to the end of a window: timers and networks are not exact, and one 429 costs more."""

LONGEST_MARGIN = 1.0
"""Seconds up to which the margin can grow: the clock of a proxy that stamps `Date` is about that exact."""

DRIFT = 0.0001
"""Seconds per second by which two clocks may drift apart: quartz is good to some ten parts in a million."""

SAME_WINDOW = 0.25
"""Seconds by which the stated end of one window may vary."""

LONGEST_WINDOW = 24 * 3600.0
"""Seconds. A longer window is taken for another unit or another meaning, and ignored."""


class QuotaWindow(NamedTuple):
    """A window of a server's quota.

    Attributes:
        limit: requests in it.
        left: requests left in it, if none but ours are made.
        ends_at: when it has certainly ended, in seconds on the monotonic clock.
        length: seconds that a window lasts at least.
    """

    limit: int
    left: int
    ends_at: float
    length: float


class ServerClock:
    """How far the server's clock is from the local one, as far as its `Date` headers tell.

    A `Date` has whole seconds: it was written when the server's clock was between it and one second later, and at a
    moment between sending and receiving. So each response bounds the difference from both sides, and the bounds
    close in as responses fall on different fractions of a second. They widen over time because clocks drift.
    """

    def __init__(self) -> None:
        self._least = float("-inf")
        self._most = float("inf")
        self._learned_at = 0.0

    def learn(self, date: float, sent: float, received: float) -> None:
        """Take in a response.

        Args:
            date: its `Date`, in seconds since the epoch.
            sent: when its request left, on the monotonic clock.
            received: when it had arrived, on the monotonic clock.
        """
        self.narrow(date - received, date + 1 - sent, received)

    def narrow(self, least: float, most: float, now: float) -> None:
        """Take in two bounds of the difference.

        Args:
            least: seconds by which the server's clock is ahead of the monotonic one at least.
            most: at most.
            now: when they were true, on the monotonic clock.
        """
        drift = DRIFT * (now - self._learned_at)
        self._least, self._most, self._learned_at = self._least - drift, self._most + drift, now
        if least > self._most or most < self._least:  # one of the clocks was set: start over
            self._least, self._most = least, most
        else:
            self._least, self._most = max(self._least, least), min(self._most, most)

    @property
    def bounds(self) -> tuple[float, float]:
        """Seconds by which the server's clock is ahead of the monotonic one: at least, and at most."""
        return self._least, self._most

    @property
    def uncertainty(self) -> float:
        """Seconds between the two bounds."""
        return self._most - self._least

    def reached(self, server_time: float) -> float:
        """When, on the monotonic clock, the server's clock has certainly reached a time."""
        time = server_time - self._least
        return time + DRIFT * max(0.0, time - self._learned_at)


class ServerQuota:
    """The quota of one route. Windows are assumed to be fixed: so many requests, then none until the window ends.

    At the beginning, and whenever a window has ended, the number of requests left is unknown, because other programs
    may share the address: one request goes alone as a probe, and its response tells.
    """

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._left = 0
        self._reset_at = 0.0
        self._margin = MARGIN
        self._probe: object | None = None
        self._in_flight = 0
        self._over = False
        self.known = False
        self.limit: int | None = None
        """Requests per window, as last stated by the server."""
        self.length = 0.0
        """Seconds that a window lasts at least: the longest remainder of one that was seen."""

    @property
    def left(self) -> int:
        """Requests left in the window, if none but ours are made."""
        return self._left

    def ends(self) -> float:
        """When the window has certainly ended, on the monotonic clock."""
        return self._clock.reached(self._reset_at) + self._margin

    def wait(self, now: float) -> float | None:
        """Seconds until a request may leave; 0: now; None: when the probe has its response."""
        if self.known and self.limit is not None and now >= self.ends():
            self.known, self._over = False, True
        if not self.known:
            return None if self._probe is not None else 0.0
        return 0.0 if self.limit is None or self._left > 0 else self.ends() - now

    def take(self, request: object) -> None:
        """Count a request that leaves now."""
        if not self.known:
            self._probe = request
        self._in_flight += 1
        self._left -= 1

    def release(self, request: object) -> bool:
        """Count a request as done, whatever its result.

        Returns:
            Whether it was the probe.
        """
        self._in_flight -= 1
        alone = self._probe is request
        if alone:
            self._probe = None
        return alone

    def forget(self) -> None:
        """Probe again: the server has stopped responding."""
        self.known = False

    def learn(self, quota: Quota | None, now: float, *, alone: bool) -> bool:
        """Take in what the server states. Call it after `release`.

        Args:
            quota: what it states; None: no limit.
            now: seconds on the monotonic clock.
            alone: whether the request was the probe. While one is out, no other counts: it may be outdated.

        Returns:
            Whether a window was seen for the first time.
        """
        if not self.known and not alone:
            return False
        if quota is None or not self._clock.reached(quota.reset_at) - now <= LONGEST_WINDOW:
            # A server that once stated a limit still has it when a proxy responds in its place.
            self.known = self.known or self.limit is None
            return False
        since = quota.reset_at - self._reset_at
        if self.known and since <= SAME_WINDOW:
            self._learn_again(quota, since)
            return False
        if self._over and abs(since) <= SAME_WINDOW:
            # The window lasts longer than `Date` says: it is stamped by a proxy whose clock is not the server's.
            self._margin = min(LONGEST_MARGIN, 2 * self._margin)
        self.limit, self._left, self._reset_at = quota.limit, quota.remaining - self._in_flight, quota.reset_at
        self.length = max(self.length, self.ends() - now - self._clock.uncertainty)
        self.known, self._over = True, False
        return True

    def _learn_again(self, quota: Quota, since: float) -> None:
        if since >= -SAME_WINDOW:  # else it is a late response from the window before
            self.limit = quota.limit
            self._left = min(self._left, quota.remaining)
            self._reset_at = max(self._reset_at, quota.reset_at)
