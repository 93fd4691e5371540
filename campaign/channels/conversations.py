"""The conversations of a period, for servers that list their messages.

A channel whose server does so offers it as its attribute `conversations`; a channel without the attribute has none.
Nothing here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from campaign.channels.base import Indeterminate, NotFound, Throttled, Unreachable
from campaign.channels.look_up import OtherForm, Period, Unavailable

if TYPE_CHECKING:
    from campaign.channels.base import Channel, NoResponse, Quota, Request, Response


class ListedConversation(NamedTuple):
    """A conversation as the server lists it.

    Attributes:
        account: such as the page that it is on.
        conversation: its id there.
        lead: the id of the person; "" where the list does not say.
        medium: where it takes place, such as facebook; "" where the list does not say.
        text: its last message of the period, on one line; "" for a file or none.
        at: when that was, by the server's clock, in seconds since the epoch; None where the list does not say.
    """

    account: str
    conversation: str
    lead: str = ""
    medium: str = ""
    text: str = ""
    at: float | None = None


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """One page of the list.

    Attributes:
        conversations: those on it; one conversation may be there several times.
        size: by how much the next page's offset is larger; 0: there is no further page.
        unread: entries that are not in the API's form.
    """

    conversations: tuple[ListedConversation, ...]
    size: int
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """The person of a conversation; several values of one kind are separated by commas."""

    name: str = ""
    phone: str = ""
    email: str = ""
    tags: str = ""


PageResult: TypeAlias = ConversationPage | OtherForm | Unavailable | Throttled | Unreachable | Indeterminate
ContactResult: TypeAlias = Contact | NotFound | Unavailable | Throttled | Unreachable | Indeterminate


class Conversations(Protocol):
    """How a channel's server is asked for the conversations of a period.

    Attributes:
        headers: the variables that name a conversation in a list: those of account and conversation.
        forms: in how many ways the parameters can be written; the next one is tried after `OtherForm`.
    """

    headers: tuple[str, str]
    forms: int

    def request(self, period: Period, offset: int, form: int) -> Request:
        """The request for one page; `LookUp.request` describes the arguments."""
        ...

    def read(self, response: Response | NoResponse) -> PageResult:
        """What a response says."""
        ...

    def contact_request(self, lead: str) -> Request:
        """The request for one person."""
        ...

    def read_contact(self, response: Response | NoResponse, lead: str) -> ContactResult:
        """What a response says; one about another person says nothing. `Unavailable`: we may not read contacts."""
        ...

    def quota(self, response: Response) -> Quota | None:
        """The server's own limit, if a response states it."""
        ...


def conversations_of(channel: Channel) -> Conversations | None:
    """How to ask for the conversations of a period; None where the channel offers no such thing."""
    found: Conversations | None = getattr(channel, "conversations", None)
    return found
