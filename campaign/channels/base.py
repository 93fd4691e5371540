"""The protocol of a channel, and the values that pass between a channel and its callers. Nothing here does I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from campaign.channels.credentials import Credential
    from campaign.channels.preview import MessagePreview
    from campaign.channels.sandbox_api import RouteSettings, SandboxRoute

Payload: TypeAlias = dict[str, Any]
"""A JSON body."""

LONGEST_INT = 600
"""Digits up to which a JSON number becomes an `int`; below every limit that the interpreter may have been given."""

Path: TypeAlias = tuple[str | int, ...]
"""The place of a value in a payload: ("message", "template", "buttons", 0, "url")."""


class FieldProblem(NamedTuple):
    """A place in a payload that the server would refuse.

    Attributes:
        path: the place.
        what: what is wrong there, to be read after the place's name.
        missing: whether there is no value at that place.
        takes_text: whether some text at that place would be valid.
    """

    path: Path
    what: str
    missing: bool = False
    takes_text: bool = True


LONGEST_RESPONSE = 4 * 1024 * 1024
"""Bytes read of a response to a message, which at most repeats it."""


class Request(NamedTuple):
    """One HTTP request; `url` is relative to the server's base URL and starts with a slash.

    `longest`: bytes that are read of the response; the rest is cut off.
    """

    method: str
    url: str
    body: bytes | None = None
    longest: int = LONGEST_RESPONSE


class Response(NamedTuple):
    """A whole HTTP response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""

    def json(self) -> object:
        """The body as JSON.

        Returns:
            The parsed value, or None if the body is not JSON.
        """
        return parse_json(self.body)


def parse_json(text: bytes) -> object:
    """The value of a JSON text, or None if it is not JSON."""
    try:
        # Twice as fast as json; rejects lone surrogates, which servers do repeat, so fall back to json for those.
        return from_json(text, cache_strings="keys")
    except ValueError:
        pass
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | Decimal:
    """A JSON number of any length: `int` refuses more digits than `sys.get_int_max_str_digits`."""
    return int(digits) if len(digits) <= LONGEST_INT else Decimal(digits)


@dataclass(frozen=True, slots=True)
class NoResponse:
    """No whole HTTP response arrived.

    Attributes:
        reason: what happened, in plain words.
        request_left: whether any byte of the request may have reached the server.
        permanent: whether the next request would fare the same until a setting is changed.
    """

    reason: str
    request_left: bool
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has the message; `message_id` is its id there, if the server returns one."""

    message_id: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused this row for good. `kind` is the same for rows refused for the same cause."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Over the server's limit: the message was not taken. `wait` is the number of seconds to wait, if given."""

    reason: str
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The server could not be reached; nothing was sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """The request was sent and no trustworthy response arrived: the message may or may not be there.

    Attributes:
        reason: what arrived instead.
        refusal: the verdict on the row if a read-back does not find the message; None: try again.
        wait: the number of seconds that the server asks to wait, if given.
        stop_after: so many of these in a row stop the run, because every row would fare the same; None: the run's
            settings decide. Where the server has a read-back, the row is read back first, and 1 stops the run once
            that has settled the row; a read-back that ends with such a number too stops it at once.
    """

    reason: str
    refusal: Refused | None = None
    wait: float | None = None
    stop_after: int | None = None


@dataclass(frozen=True, slots=True)
class Fatal:
    """Every row would fail in the same way, so the run stops. This row was not taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """A read-back found no such message."""


Verdict: TypeAlias = Sent | Refused | Throttled | Unreachable | Indeterminate | Fatal
ReadBack: TypeAlias = Sent | NotFound | Throttled | Unreachable | Indeterminate | Fatal


@dataclass(frozen=True, slots=True)
class Quota:
    """The server's own rate limit, as a response states it.

    Attributes:
        limit: requests in one window.
        remaining: requests left in this window.
        reset_at: when the window ends, in seconds since the epoch on the server's clock.
    """

    limit: int
    remaining: int
    reset_at: float


class Channel(Protocol):
    """One chat server's API.

    A distribution offers a channel with an entry point of the group `campaign.channels`, whose name is the channel's
    and whose value is an object with these attributes. `campaign.testing.ChannelConformance` tests it.
    """

    @property
    def name(self) -> str:
        """The name in a template's `channel` key."""
        ...

    @property
    def default_url(self) -> str | None:
        """The server's base URL, if its maker documents one."""
        ...

    @property
    def endpoint(self) -> str:
        """The path that messages are posted to."""
        ...

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """What the API requires for authentication; empty if it requires nothing."""
        ...

    @property
    def can_read_back(self) -> bool:
        """Whether the API can look up a message."""
        ...

    @property
    def destination_fields(self) -> tuple[Path, ...]:
        """The places of a payload that name the conversation."""
        ...

    @property
    def remark(self) -> str:
        """What a preview says about every message of this channel; "" for nothing."""
        ...

    @property
    def starter(self) -> Traversable:
        """The folder with the files of a new campaign: `campaign.toml`, a template, a recipients file."""
        ...

    def auth_headers(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """The headers that authenticate a request.

        Args:
            values: the value of each credential, by the credential's name.
        """
        ...

    def recognises(self, body: Payload) -> bool:
        """Whether a body without a `channel` key looks like this channel's."""
        ...

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        """Every reason why the server would refuse this payload; empty if there is none."""
        ...

    def destination(self, payload: Payload) -> str:
        """The conversation that a valid payload goes to. Rows of one destination are sent in order."""
        ...

    def stamp(self, payload: Payload, message_id: str) -> Payload:
        """The payload with a message id of our own, if the API takes one. Leaves `payload` as it is."""
        ...

    def preview(self, payload: Payload) -> MessagePreview:
        """What the recipient sees of a payload that is valid, stamped or not."""
        ...

    def send_request(self, body: bytes) -> Request:
        """The request that sends a frozen body."""
        ...

    def read_response(self, response: Response | NoResponse, body: bytes, *, again: bool) -> Verdict:
        """The verdict on a send.

        Args:
            response: what came back. Proxies and servers do mix up connections: where the API repeats an id of ours,
                only a response with that id counts as sent.
            body: the frozen body that was sent.
            again: whether the server may have taken an earlier attempt of this row.
        """
        ...

    def read_back_request(self, body: bytes) -> Request:
        """The request that looks up the message of a frozen body. Only if `can_read_back`."""
        ...

    def read_back(self, response: Response | NoResponse, body: bytes) -> ReadBack:
        """What a read-back of a frozen body found; a response about another message finds nothing out."""
        ...

    def quota(self, response: Response) -> Quota | None:
        """The server's own limit, if a response states it."""
        ...

    def sandbox_routes(self, settings: RouteSettings) -> Sequence[SandboxRoute]:
        """The routes with which a sandbox plays the server's part."""
        ...
