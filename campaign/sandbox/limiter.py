"""Rocket.Chat's rate limiter, as a pure function of the time a request arrives.

Source: `packages/rate-limit/rate-limit.js` of meteor/meteor and `enforceRateLimit` in
`apps/meteor/app/api/server/ApiClass.ts` of RocketChat/Rocket.Chat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from campaign.sandbox.settings import Limit


class Verdict(NamedTuple):
    """What the limiter says to one request.

    Attributes:
        allowed: False where the window is used up.
        limit: requests allowed in a window.
        remaining: requests that the window has left.
        reset_ms: when the window ends, in milliseconds of the clock that was asked with.
        wait_seconds: whole seconds until then, rounded up.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_ms: int
    wait_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers by which Rocket.Chat tells its clients."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_ms),
        }


class FixedWindow:
    """Counts the requests to one route. Whole milliseconds, so that a request at the very reset time is allowed."""

    def __init__(self, limit: Limit) -> None:
        self._count = limit.count
        self._length_ms = round(limit.seconds * 1000)
        self._end_ms: int | None = None
        self._hits = 0

    def hit(self, now_ms: int) -> Verdict:
        """Count a request that arrives at `now_ms`, refused or not."""
        if self._end_ms is None or now_ms >= self._end_ms:
            self._end_ms = now_ms + self._length_ms
            self._hits = 0
        self._hits += 1
        return Verdict(
            allowed=self._hits <= self._count,
            limit=self._count,
            remaining=max(self._count - self._hits, 0),
            reset_ms=self._end_ms,
            wait_seconds=-((now_ms - self._end_ms) // 1000),
        )
