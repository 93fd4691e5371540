"""Whether others send from a client address, by what the server says is left of its windows.

A budget deducts each request from a window when it is lent, and probes a new window with one request alone. So the
server has counted more than that only where others send from the same address. Some requests are late, and counted in
the window after theirs: so many are tolerated in every window, and what is beyond that is added up. Responses arrive
out of order, which makes no difference: an old one has more left.
"""

from __future__ import annotations

from campaign.delivery.server_quota import SAME_WINDOW

TOLERATED = 0.1
"""The fraction of a window's requests that may be late; one at least."""

WINDOWS = 3
"""Windows with more than that, at least: another program may send something once."""


class OtherSenders:
    """What the server has counted beyond what was lent, window by window."""

    def __init__(self) -> None:
        self._reset_at: float | None = None
        self._limit = 0
        self._count = 0
        self._excess = 0.0
        self._windows = 0
        self._found = False

    def learn(self, count: int, limit: int | None, reset_at: float | None) -> bool:
        """Take in an answer of the budget.

        Args:
            count: requests that the server has counted and that no worker was lent.
            limit: requests in one window; None where it is not known.
            reset_at: when the window ends, on the server's clock; None where it is not known.

        Returns:
            Whether it is plain by now that others send, once: beyond what is tolerated, a whole window's requests in
            some windows, without as many in which there were none.
        """
        if limit is None or reset_at is None or self._found:
            return False
        if self._reset_at is None or reset_at - self._reset_at > SAME_WINDOW:
            self._end_window()
            self._reset_at, self._limit, self._count = reset_at, limit, 0
        self._count += count
        self._found = self._windows >= WINDOWS and self._excess >= limit
        return self._found

    def _end_window(self) -> None:
        beyond = self._count - max(1.0, TOLERATED * self._limit)
        self._excess = max(0.0, self._excess + beyond)
        self._windows = self._windows + (beyond > 0) if self._excess else 0
