"""Taking a message back, for servers that let a client delete what it has sent.

A channel whose server does so offers it as its attribute `undo`; a channel without the attribute cannot take anything
back. A deletion whose response was lost is asked for again, so it has to be harmless to repeat. Nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from campaign.channels.base import Fatal, Indeterminate, NotFound, Refused, Throttled, Unreachable

if TYPE_CHECKING:
    from campaign.channels.base import Channel, NoResponse, Request, Response


@dataclass(frozen=True, slots=True)
class Deleted:
    """The server has deleted the message."""


UndoVerdict: TypeAlias = Deleted | NotFound | Refused | Throttled | Unreachable | Indeterminate | Fatal
"""`NotFound`: the server does not have the message any more. `Refused`: it keeps the message, and why."""


class Undo(Protocol):
    """How a channel's server is asked to delete one message."""

    def request(self, body: bytes) -> Request:
        """The request that deletes the message of a frozen body."""
        ...

    def read(self, response: Response | NoResponse, body: bytes) -> UndoVerdict:
        """The verdict on it; a response about another message settles nothing."""
        ...


def undo_of(channel: Channel) -> Undo | None:
    """How to take a message back; None where the channel offers no such thing."""
    found: Undo | None = getattr(channel, "undo", None)
    return found
