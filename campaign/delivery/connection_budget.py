"""How many requests may have a connection of their own; what is used on one machine shares it."""

from __future__ import annotations


class ConnectionBudget:
    """How many requests may have a connection of their own.

    A response on a new connection cannot belong to an earlier request. But each connection costs a handshake, and
    occupies a local port for up to two minutes after its use, of which Windows and macOS have 16,384. Within two
    minutes these take 15,200; a faster run reuses checked connections.
    """

    BURST, RATE = 8000, 60.0

    def __init__(self) -> None:
        self._left = float(self.BURST)
        self._at = 0.0
        self.unlimited = False
        """Whether connections are worth any price, because a response arrived that no request had asked for."""

    def take(self, now: float) -> bool:
        """Whether a request may have one; counts it."""
        self._left = min(float(self.BURST), self._left + self.RATE * (now - self._at))
        self._at = now
        if self._left < 1:
            return self.unlimited
        self._left -= 1
        return True
