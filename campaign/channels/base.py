"""What a channel is: one server's payload, request, and way to read its answers. Pure: nothing here does I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Payload: TypeAlias = dict[str, Any]
"""A JSON body."""

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a payload: ("message", "template", "buttons", 0, "url")."""


class FieldProblem(NamedTuple):
    """A place in a payload that the server would refuse.

    Attributes:
        path: the place.
        what: what is wrong there, to be read after the place's name.
        missing: whether there is nothing at all at that place.
        mendable: whether some text at that place would be right.
    """

    path: Path
    what: str
    missing: bool = False
    mendable: bool = True


class Request(NamedTuple):
    """One HTTP request; `url` is relative to the server's base URL and starts with a slash."""

    method: str
    url: str
    body: bytes | None = None


class Response(NamedTuple):
    """A whole HTTP answer. Its headers are looked up by their names in lower case."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""

    def json(self) -> object:
        """The body as JSON.

        Returns:
            The parsed value, or None where the body is no JSON.
        """
        try:
            # Half as dear as json, and twice as strict: halves of characters, which servers do repeat, are left to it.
            return from_json(self.body, cache_strings="keys")
        except ValueError:
            pass
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class NoResponse:
    """No whole HTTP answer came back.

    Attributes:
        reason: what happened, in plain words.
        request_left: whether any byte of the request may have reached the server.
    """

    reason: str
    request_left: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """The server has the message; `message_id` is its name there, where it tells one."""

    message_id: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused this row for good. `kind` is the same for rows refused for the same cause."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Over the server's limit: the message was not taken. `wait` is the seconds asked for, where told."""

    reason: str
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing left: the server could not be reached."""

    reason: str


@dataclass(frozen=True, slots=True)
class Indeterminate:
    """The request left and no trustworthy answer came: the message may be there or not.

    Attributes:
        reason: what came instead.
        refusal: what to make of the row should a read-back not find the message; None: try again.
        wait: the seconds that the server asked for, where it did.
    """

    reason: str
    refusal: Refused | None = None
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Fatal:
    """No row would fare better: the run stops. This row was not taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """A read-back found no such message."""


Verdict: TypeAlias = Sent | Refused | Throttled | Unreachable | Indeterminate | Fatal
ReadBack: TypeAlias = Sent | NotFound | Throttled | Unreachable | Indeterminate | Fatal


@dataclass(frozen=True, slots=True)
class Quota:
    """What the server tells of its own limit.

    Attributes:
        limit: requests in one window.
        remaining: requests left in this window.
        reset_at: when the window ends, in seconds since the epoch on the server's clock.
    """

    limit: int
    remaining: int
    reset_at: float


class Channel(Protocol):
    """One chat server's API. A new channel is one module that offers this, and a line in `channels/__init__.py`."""

    @property
    def name(self) -> str:
        """The name in a template's `channel` key."""
        ...

    @property
    def default_url(self) -> str | None:
        """The server's base URL where its maker documents one."""
        ...

    @property
    def endpoint(self) -> str:
        """The path that messages are posted to."""
        ...

    @property
    def key_header(self) -> str | None:
        """The request header that carries the API key; None where the API needs no key."""
        ...

    @property
    def key_variable(self) -> str | None:
        """The environment variable that holds the API key."""
        ...

    @property
    def can_read_back(self) -> bool:
        """Whether the server can be asked if a message is there."""
        ...

    @property
    def destination_fields(self) -> tuple[Path, ...]:
        """The places of a payload that say which conversation it goes to."""
        ...

    def recognises(self, body: Payload) -> bool:
        """Whether a bare body looks like this channel's."""
        ...

    def problems(self, payload: Payload) -> Sequence[FieldProblem]:
        """Every reason for which the server would refuse this payload; empty where there is none."""
        ...

    def destination(self, payload: Payload) -> str:
        """The conversation that a valid payload goes to. Rows of one destination are sent in order."""
        ...

    def stamp(self, payload: Payload, message_id: str) -> Payload:
        """The payload with our own id for it, where the API takes one."""
        ...

    def send_request(self, body: bytes) -> Request:
        """The request that sends a frozen body."""
        ...

    def read_response(self, answer: Response | NoResponse, *, again: bool) -> Verdict:
        """What became of a send; `again` says that an earlier attempt of this row may have been taken."""
        ...

    def read_back_request(self, body: bytes) -> Request:
        """The request that asks whether the message of a frozen body is there. Only where `can_read_back`."""
        ...

    def read_back(self, answer: Response | NoResponse) -> ReadBack:
        """What a read-back found."""
        ...

    def quota(self, answer: Response) -> Quota | None:
        """The server's own limit, where an answer tells it."""
        ...
