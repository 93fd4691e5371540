"""Finding the conversation of a visitor, for servers that let a client register visitors and open conversations.

A channel whose server does so offers it as its attribute `rooms`; a channel without the attribute cannot. Both requests
are made again after a lost response, so they have to be harmless to repeat. Nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from campaign.channels.base import Fatal, Indeterminate, NotFound, Refused, Throttled, Unreachable

if TYPE_CHECKING:
    from campaign.channels.base import Channel, NoResponse, Quota, Request, Response


@dataclass(frozen=True, slots=True)
class VisitorData:
    """What a server is told of a visitor; "" for what is not known."""

    name: str = ""
    phone: str = ""
    email: str = ""

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self.name or self.phone or self.email)


@dataclass(frozen=True, slots=True)
class Registered:
    """The server knows the visitor by this token, which is another than ours where it knew the visitor already."""

    token: str


@dataclass(frozen=True, slots=True)
class Room:
    """The visitor's open conversation.

    Attributes:
        rid: its id.
        opened: whether the server has opened it for this request.
    """

    rid: str
    opened: bool


Registration: TypeAlias = Registered | Refused | Throttled | Unreachable | Indeterminate | Fatal
RoomVerdict: TypeAlias = Room | NotFound | Refused | Throttled | Unreachable | Indeterminate | Fatal
"""`NotFound`: the server knows no visitor by this token."""


class Rooms(Protocol):
    """How a channel's server is asked for conversations.

    Attributes:
        usual_registrations, usual_rooms: requests and seconds that servers allow unless they are set up otherwise.
    """

    usual_registrations: tuple[int, float]
    usual_rooms: tuple[int, float]

    def registration_request(self, token: str, visitor: VisitorData) -> Request:
        """The request that registers a visitor under a token, or updates the visitor."""
        ...

    def read_registration(self, response: Response | NoResponse, token: str, visitor: VisitorData) -> Registration:
        """The verdict on it; a response about another visitor settles nothing."""
        ...

    def room_request(self, token: str) -> Request:
        """The request for a visitor's open conversation, which opens one where there is none."""
        ...

    def read_room(self, response: Response | NoResponse, token: str) -> RoomVerdict:
        """The verdict on it; a response about another visitor settles nothing."""
        ...

    def quota(self, response: Response) -> Quota | None:
        """The server's own limit, if a response states it."""
        ...


def rooms_of(channel: Channel) -> Rooms | None:
    """How to ask for conversations; None where the channel offers no such thing."""
    found: Rooms | None = getattr(channel, "rooms", None)
    return found
