"""How long a commit waits for the outcomes of requests under way, so that they and the next attempts share it.

Where a request takes less time than a commit, committing as soon as the first of several outcomes is there splits the
rows into two halves that take turns at the disk: twice as many commits for the same rows.
"""

from __future__ import annotations

WEIGHT = 0.2
"""The weight of the newest request and commit in the average."""

MARGIN = 1.5
"""How many times the usual duration of a request is waited for."""


class Gathering:
    """Knows the requests under way, and how long requests and commits usually take. Times are the caller's."""

    def __init__(self) -> None:
        self._under_way: dict[int, float] = {}
        self._request = 0.0
        self._commit = 0.0

    def begin(self, attempt: int, now: float) -> None:
        """An attempt is on disk, and its request is made now."""
        self._under_way[attempt] = now

    def end(self, attempt: int, now: float) -> None:
        """A request has its outcome, or is not made."""
        began = self._under_way.pop(attempt, None)
        if began is not None:
            self._request = average(self._request, now - began)

    def note_commit(self, seconds: float) -> None:
        """A commit took so long."""
        self._commit = average(self._commit, seconds)

    @property
    def wait(self) -> float:
        """Seconds for which the next commit should wait for the requests under way; 0 where it should not."""
        if not self._under_way or self._request >= self._commit:
            return 0.0
        return min(MARGIN * self._request, self._commit)


def average(before: float, now: float) -> float:
    """A moving average, which begins with its first value."""
    return before + WEIGHT * (now - before) if before else now
