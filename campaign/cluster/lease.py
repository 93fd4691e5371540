"""A worker's lease: while it is good, no other worker takes over its shards.

Safety does not rest on it: no attempt begins under an epoch that has passed. It keeps the order of a conversation's
messages: a worker that was frozen for longer than its lease sends nothing when it thaws, though its attempts are on
record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.operating_system import uptime

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.journal.cluster import LeaseTimes


class Lease:
    """The lease of one life of a worker. It is renewed by beats; once lost, it is never good again.

    Attributes:
        lost: whether others may have taken over what was held under it.
    """

    def __init__(self, times: LeaseTimes, began: float, clock: Callable[[], float] = uptime) -> None:
        """Begin.

        Args:
            times: how long it lasts.
            began: on the clock, before the worker was put on record.
            clock: seconds on a clock that goes on while the process is stopped, or the machine sleeps.
        """
        self.lost = False
        self._times = times
        self._clock = clock
        self._good = began

    def renew(self, began: float) -> None:
        """Note a beat that is on record: the lease is counted from its beginning."""
        self._good = max(self._good, began)

    @property
    def silent(self) -> float:
        """Seconds since the last beat that is on record."""
        return self._clock() - self._good

    @property
    def is_fresh(self) -> bool:
        """Whether something may begin under it: the last beat is not long ago."""
        return self.may_send(self._times.longest_timeout)

    def may_send(self, timeout: float) -> bool:
        """Whether a request may leave now that is over after so many seconds at the latest."""
        return not self.lost and self._clock() - self._good <= self._times.lease - timeout - self._times.margin
