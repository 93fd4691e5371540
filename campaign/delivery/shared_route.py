"""One of the server's routes as one worker of several meets it: the times that it was lent, and what it learns."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.delivery.budget import NO_REPORT, SLICE, Report, Slice, StatedWindow
from campaign.delivery.lent_times import LentTimes
from campaign.delivery.other_senders import OtherSenders
from campaign.delivery.rate_limiter import spread_rate
from campaign.delivery.server_quota import LONGEST_MARGIN, LONGEST_WINDOW, MARGIN, SAME_WINDOW

if TYPE_CHECKING:
    from campaign.channels.base import Quota
    from campaign.delivery.ports import Permit
    from campaign.delivery.server_quota import ServerClock

FIRST_POLL, LONGEST_POLL = 0.05, 0.25
"""Seconds between two questions whether another worker's probe has its response: twice as long each time."""


class SharedRoute:
    """Requests that wait for one route, and the times at which they may leave."""

    def __init__(self, name: str, clock: ServerClock) -> None:
        self.name = name
        self.gate = asyncio.Lock()
        self.in_line = 0
        """Requests that wait for a permit or are finding out whether they have to."""
        self.released = asyncio.Event()
        self.answered = asyncio.Event()
        self.asking: asyncio.Task[None] | None = None
        self.ask_at = 0.0
        """When to ask for times again, on the monotonic clock."""
        self.in_contact = False
        """Whether the server responds to this worker; else one of its requests at a time finds out."""
        self.limit: int | None = None
        self.length = 0.0
        """Seconds that a window lasts at least: the longest remainder of one that was seen."""
        self.pace = 0.0
        self.report = NO_REPORT
        self.others = OtherSenders()
        self._clock = clock
        self._times = LentTimes()
        self._first_is_probe = False
        self._probe: Permit | None = None
        self._probes_for_all = False
        self._reset_at: float | None = None
        self._margin = MARGIN
        self._poll = FIRST_POLL
        self._in_flight = 0
        self._used: deque[float] = deque()

    # Times

    @property
    def waits_for_probe(self) -> bool:
        """Whether a request of this worker is under way alone."""
        return self._probe is not None

    @property
    def probes_for_all(self) -> bool:
        """Whether that finds out for all workers what the server's window allows, or is about to."""
        return self._first_is_probe or (self._probe is not None and self._probes_for_all)

    def wait(self, now: float) -> float | None:
        """Seconds until the first time that was lent; None where there is none left."""
        first = self._times.first(now)
        if first is None:
            self._lose_probe()
            return None
        return max(0.0, first - now)

    def take(self, permit: Permit) -> None:
        """Count a request that leaves at the first time."""
        self._times.pop()
        if self._first_is_probe or not self.in_contact:
            self._probe, self._probes_for_all, self._first_is_probe = permit, self._first_is_probe, False
        self._in_flight += 1
        self._used.append(permit.granted_at)

    def drop_times(self) -> None:
        """Let all times lapse, because nothing may leave before they have passed."""
        self._times.clear()
        self._lose_probe()

    @property
    def waiting(self) -> int:
        """Requests that wait and have no time yet."""
        return max(0, self.in_line - len(self._times))

    def wanted(self, now: float) -> int:
        """How many times to ask for: for those that wait, and as many as were used in the time of one slice."""
        while self._used and self._used[0] < now - SLICE:
            self._used.popleft()
        if not self.in_contact:
            return min(1, self.in_line)
        return max(self.in_line, len(self._used))

    def is_running_out(self, now: float) -> bool:
        """Whether to ask for more times already, so that no request waits for the answer."""
        if not self.in_contact or now < self.ask_at:
            return False
        last = self._times.last
        return last is None or (last - now < SLICE / 2 and 2 * len(self._times) <= self.wanted(now))

    def receive(self, lent: Slice, now: float) -> None:
        """Take in an answer."""
        self._times.add(lent)
        self._first_is_probe = self._first_is_probe or lent.probe
        self.pace, self._reset_at = lent.pace, lent.reset_at
        if lent.ask_at is None:
            self.ask_at, self._poll = now + self._poll, min(LONGEST_POLL, 2 * self._poll)
        else:
            self.ask_at, self._poll = lent.ask_at, FIRST_POLL

    def _lose_probe(self) -> None:
        """Let another worker probe: the time for it was not used."""
        if self._first_is_probe:
            self._first_is_probe = False
            self.report = replace(self.report, probe_failed=True)

    # Responses

    def release(self, permit: Permit) -> bool:
        """Count a request as done, whatever its result.

        Returns:
            Whether it was alone.
        """
        self._in_flight -= 1
        alone = self._probe is permit
        if alone:
            self._probe = None
        return alone

    def learn(self, quota: Quota | None, now: float, *, alone: bool) -> None:
        """Take in what a response states. Call it after `release`.

        Args:
            quota: what it states; None: no limit.
            now: seconds on the monotonic clock.
            alone: whether the request was alone. Before the server is known to respond, no other counts.
        """
        self.in_contact = self.in_contact or alone
        probed = alone and self._probes_for_all
        if quota is not None and self._clock.reached(quota.reset_at) - now <= LONGEST_WINDOW:
            self._learn_window(quota, now, probed=probed)
        elif probed:
            self.report = replace(self.report, window=None, probed=True)
        if probed:
            self.ask_at = 0.0

    def fail(self, *, alone: bool) -> None:
        """Take in that a request told nothing."""
        if alone and self._probes_for_all:
            self.report = replace(self.report, probe_failed=True)

    def _learn_window(self, quota: Quota, now: float, *, probed: bool) -> None:
        if probed and self._reset_at is not None and abs(quota.reset_at - self._reset_at) <= SAME_WINDOW:
            # The window lasts longer than `Date` says: it is stamped by a proxy whose clock is not the server's.
            self._margin = min(LONGEST_MARGIN, 2 * self._margin)
        self.limit = quota.limit
        ends_at = self._clock.reached(quota.reset_at) + self._margin
        if probed:
            self.length = max(self.length, ends_at - now - self._clock.uncertainty)
        rate = spread_rate(quota.limit, self.length, self._clock.uncertainty)
        left = quota.remaining - (self._in_flight if probed else 0)
        window = StatedWindow(quota.limit, left, quota.reset_at, ends_at, rate)
        self.report = replace(
            self.report, window=latest(self.report.window, window), probed=self.report.probed or probed
        )

    def put_back(self, report: Report) -> None:
        """Report again what may not have been received."""
        self.report = merged(report, self.report)


def latest(earlier: StatedWindow | None, later: StatedWindow) -> StatedWindow:
    """What two responses say of the server's window: of the same window the least, else what the later one says."""
    if earlier is None or later.reset_at - earlier.reset_at > SAME_WINDOW:
        return later
    if earlier.reset_at - later.reset_at > SAME_WINDOW:
        return earlier
    return later._replace(
        left=min(earlier.left, later.left),
        reset_at=max(earlier.reset_at, later.reset_at),
        ends_at=min(earlier.ends_at, later.ends_at),
    )


def merged(earlier: Report, later: Report) -> Report:
    """Two reports as one."""
    pauses = [each.paused_until for each in (earlier, later) if each.paused_until is not None]
    window = later.window if earlier.window is None or later.window is None else latest(earlier.window, later.window)
    return Report(
        paused_until=max(pauses, default=None),
        slow_down=earlier.slow_down or later.slow_down,
        restored=earlier.restored + later.restored,
        window=window or earlier.window,
        probed=earlier.probed or later.probed,
        probe_failed=earlier.probe_failed or later.probe_failed,
    )
