"""The look-up of a period: one question about many messages, for servers that list what was sent.

A channel whose server has such a list offers it as its attribute `look_up`; a channel without the attribute has none. A
list settles doubts only where it is read as a whole, so whatever is not understood is reported, never guessed. Nothing
here does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from campaign.channels.base import Indeterminate, Throttled, Unreachable

if TYPE_CHECKING:
    from campaign.channels.base import Channel, NoResponse, Request, Response

Conversation: TypeAlias = tuple[str, str]
"""Account and conversation, such as a page and a conversation on it."""


class Period(NamedTuple):
    """A span of time by the server's clock, in seconds since the epoch; both ends belong to it."""

    start: float
    end: float


class Sought(NamedTuple):
    """A message that may be on the server. Texts and addresses are folded as those of a list.

    Attributes:
        conversation: where it was sent to.
        content: what a listed message must show to be this one.
        parts: all that it consists of; a listed message that shows anything else is another one.
        kind: what kind of message it is; a list may contain those of one kind and lack those of another.
    """

    conversation: Conversation
    content: frozenset[str]
    parts: frozenset[str]
    kind: str = ""

    def is_shown_by(self, message: ListedMessage) -> bool:
        """Whether a listed message has this content, as far as it shows what it consists of."""
        return bool(self.content) and self.content <= message.content <= self.parts

    def may_be(self, message: ListedMessage) -> bool:
        """Whether a listed message has these texts in whichever field, and shows nothing that this one has not."""
        return self.content <= message.texts and message.content <= self.parts


class ListedMessage(NamedTuple):
    """A message as the server lists it.

    Attributes:
        message_id: its id.
        conversation: the conversation that it stands in.
        outbound: whether it was sent to the customer; None where the list does not say.
        created: when it was created by the server's clock, in seconds since the epoch, rounded down; None where the
            list does not say.
        precision: by how many seconds it may have been created later than `created`.
        texts: every text and address in it, folded for comparison.
        content: those of fields that show what its recipient reads.
        error: why it was not delivered; "" where it was.
        zoned: whether `created` is a point in time, rather than the time of a clock in an unknown zone.
    """

    message_id: str
    conversation: Conversation
    outbound: bool | None
    created: float | None
    precision: float = 0.001
    texts: frozenset[str] = frozenset()
    content: frozenset[str] = frozenset()
    error: str = ""
    zoned: bool = True


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the list.

    Attributes:
        messages: the messages on it.
        size: by how much the next page's offset is larger; 0: there is no further page.
        unread: entries that are not in the API's form.
    """

    messages: tuple[ListedMessage, ...]
    size: int
    unread: int = 0


@dataclass(frozen=True, slots=True)
class OtherForm:
    """The server does not accept the parameters as they were written."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The server does not have the list, or does not give it to us."""

    reason: str


LookUpResult: TypeAlias = ListPage | OtherForm | Unavailable | Throttled | Unreachable | Indeterminate


class LookUp(Protocol):
    """How a channel's server is asked for the messages of a period."""

    @property
    def forms(self) -> int:
        """In how many ways the parameters can be written; the next one is tried after `OtherForm`."""
        ...

    def request(self, period: Period, offset: int, form: int) -> Request:
        """The request for one page.

        Args:
            period: which messages.
            offset: how many entries to leave out.
            form: how to write the parameters, from 0.
        """
        ...

    def read(self, response: Response | NoResponse) -> LookUpResult:
        """What a response says."""
        ...

    def sought(self, body: bytes) -> Sought:
        """What to look for of a frozen body."""
        ...


def look_up_of(channel: Channel) -> LookUp | None:
    """How to look up the messages of a period; None where the channel offers no such thing."""
    found: LookUp | None = getattr(channel, "look_up", None)
    return found
