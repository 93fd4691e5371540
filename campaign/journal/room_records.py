"""What is on record of the visitors of a list, and of the requests about them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

START_OF_WINDOW = 1.0
"""Seconds by which a window may begin later than the request that opened it left."""


class VisitState(StrEnum):
    """How far a visitor is. Stored words never change: old records hold them."""

    WAITING = "waiting"
    """Nothing is known yet."""
    REGISTERED = "registered"
    """The server knows the visitor; the conversation is not known yet."""
    FOUND = "found"
    OPENED = "opened"
    """The conversation is known: it was open already, or was opened for us."""
    REFUSED = "refused"


KNOWN = frozenset({VisitState.FOUND, VisitState.OPENED})


class Visit(NamedTuple):
    """One visitor.

    Attributes:
        key: what tells visitors apart.
        token: by which the server knows the visitor, or will.
        state: how far it is.
        rid: the conversation; "" while it is not known.
        reason: why the server refused.
    """

    key: str
    token: str
    state: VisitState = VisitState.WAITING
    rid: str = ""
    reason: str = ""


class RecordedWindow(NamedTuple):
    """A window of the server's quota for one route, as an earlier process knew it.

    Attributes:
        limit: requests in it.
        left: requests left in it.
        ends_at: when it ends, in seconds since the epoch, local clock.
        length: its seconds.
        later: when the requests left that were made after this was written, in seconds since the epoch, oldest first.
    """

    limit: int
    left: int
    ends_at: float
    length: float
    later: Sequence[float] = ()

    def closed_until(self) -> float:
        """When a request certainly has room again, in seconds since the epoch; 0: it may leave now.

        Each later request counts, as it may have reached the server before its process was killed.
        """
        within = sum(at < self.ends_at for at in self.later)
        after = [at for at in self.later if at >= self.ends_at]
        if not after:
            return self.ends_at if within >= self.left else 0.0
        recent = [at for at in after if at > after[-1] - self.length]
        return after[-1] + self.length + START_OF_WINDOW if len(recent) >= self.limit else 0.0
