"""What a channel gives to the sandbox: routes that play the server's part, with a rate limit in front of each."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Never, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from campaign.channels.base import Payload

JSON_TYPE = {"Content-Type": "application/json"}
HTML_TYPE = {"Content-Type": "text/html"}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A fixed window of requests, one for each route.

    Attributes:
        count: requests allowed in a window; refused ones count too.
        seconds: length of a window, which begins with the first request after the end of the one before.
    """

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ListSettings:
    """How a sandbox lists the messages that it has stored, for servers that do so.

    Attributes:
        lag: seconds after which a message appears in it.
        most: the largest page, whatever a client asks for.
        missing: the fraction of messages that never appear in it.
        milliseconds: whether it accepts times in milliseconds, rather than in ISO 8601.
    """

    lag: float = 0.0
    most: int = 100
    missing: float = 0.0
    milliseconds: bool = False


@dataclass(frozen=True, slots=True)
class RouteSettings:
    """How the routes of a sandbox behave.

    Attributes:
        limit: the rate limit; None switches it off, and with it the headers that state it.
        clock_skew: seconds that the server's clock is ahead of real time.
        credentials: the only accepted value of each credential, by its name; one that is not named here is accepted
            with any value that is not blank.
        message_limit: the longest text in UTF-16 units, for servers that have such a limit; None for no limit.
        listing: how stored messages are listed, for servers that can have such a list; None: they are not.
    """

    limit: RateLimit | None = None
    clock_skew: float = 0.0
    credentials: Mapping[str, str] | None = None
    message_limit: int | None = 5000
    listing: ListSettings | None = None

    def now(self) -> float:
        """The server's clock, in seconds since the epoch."""
        return time.time() + self.clock_skew

    def accepts(self, credential: str, value: str | None) -> bool:
        """Whether the server accepts this value of a credential; None is a missing one."""
        expected = (self.credentials or {}).get(credential)
        return bool(value and value.strip()) if expected is None else value == expected


class Destination(NamedTuple):
    """Whom a message is for, such as a visitor and a room; "" for a part that the request does not name."""

    account: str
    conversation: str


class SandboxRequest(NamedTuple):
    """A whole request.

    Attributes:
        path: the path, decoded.
        query: the parameters of the query string.
        headers: the headers; names are looked up in any case.
        raw: the body as it came.
        body: the body parsed from JSON; None if it is not JSON or not declared as JSON.
        received_at: when it came, in seconds since the epoch by the real clock.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes = b""
    body: object = None
    received_at: float = 0.0


class StoredMessage(Protocol):
    """A message that the sandbox has stored."""

    @property
    def message_id(self) -> str | None:
        """Its id."""
        ...

    @property
    def destination(self) -> Destination:
        """Whom it is for."""
        ...

    @property
    def body(self) -> object:
        """The body of the request that sent it."""
        ...

    @property
    def time(self) -> float:
        """When it was received, in seconds since the epoch by the real clock."""
        ...


class Reply(NamedTuple):
    """A response to be written.

    Attributes:
        status: the HTTP status.
        body: the body.
        headers: the headers.
        message_id: the id of the message that the request is about, if it has one.
        taken: whether the message is stored under this id.
        listed: the ids of the stored messages that are in it, where it is a list.
        deleted: whether the message with this id is deleted.
    """

    status: int
    body: bytes
    headers: Mapping[str, str]
    message_id: str | None = None
    taken: bool = False
    listed: tuple[str, ...] = ()
    deleted: bool = False


class SandboxRoute(ABC):
    """One route of a server.

    Attributes:
        method: the HTTP method.
        path: the path; one that ends in a slash matches every path that begins with it.
        is_read_back: whether it looks a message up.
        example: a body that it accepts without credentials, for the inbox page; None for none.
    """

    method = "POST"
    path: str
    is_read_back = False
    example: Payload | None = None

    def __init__(self, settings: RouteSettings) -> None:
        self._settings = settings
        self._window = FixedWindow(settings.limit) if settings.limit else None

    def serves(self, path: str) -> bool:
        """Whether the route is for this path."""
        return path == self.path or (self.path.endswith("/") and path.startswith(self.path))

    def hit(self) -> WindowState | None:
        """Count a request in this route's window; None without a rate limit."""
        return self._window.hit(int(self._settings.now() * 1000)) if self._window else None

    @abstractmethod
    def destination(self, request: SandboxRequest) -> Destination:
        """Whom the request is about."""

    @abstractmethod
    def respond(self, request: SandboxRequest, stored: Callable[[str], StoredMessage | None]) -> Reply:
        """Do what the request asks, and reply as the server would; `stored` looks a message up by its id."""

    def throttled(self, headers: Mapping[str, str]) -> Reply:
        """The reply of a proxy in front of the server that is over its limit."""
        return error_page(429, "Too Many Requests", headers)

    def failed(self, status: int, text: str) -> Reply:
        """The server's reply to a request that it cannot serve."""
        return json_reply(status, {"success": False, "error": text})


class ListRoute(SandboxRoute):
    """A route that lists stored messages."""

    method = "GET"
    is_read_back = True

    def destination(self, request: SandboxRequest) -> Destination:  # noqa: ARG002 - about many conversations
        """Nobody: the request is about many."""
        return Destination("", "")

    def respond(self, request: SandboxRequest, stored: Callable[[str], StoredMessage | None]) -> Reply:  # noqa: ARG002
        """The list of a server that has stored nothing."""
        return self.list_messages(request, ())

    @abstractmethod
    def list_messages(self, request: SandboxRequest, messages: Sequence[StoredMessage]) -> Reply:
        """List what the request asks for of the stored messages, which are in the order of arrival."""


class WindowState(NamedTuple):
    """The state of a window after one request.

    Attributes:
        allowed: False if the window is used up.
        limit: requests allowed in a window.
        remaining: requests left in the window.
        reset_ms: when the window ends, in milliseconds of the server's clock.
        wait_seconds: whole seconds until then, rounded up.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_ms: int
    wait_seconds: int


class FixedWindow:
    """Counts the requests to one route. Whole milliseconds, so that a request at the very reset time is allowed.

    Source: `packages/rate-limit/rate-limit.js` of meteor/meteor.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._count = limit.count
        self._length_ms = round(limit.seconds * 1000)
        self._end_ms: int | None = None
        self._hits = 0

    def hit(self, now_ms: int) -> WindowState:
        """Count a request that arrives at `now_ms`, refused or not."""
        if self._end_ms is None or now_ms >= self._end_ms:
            self._end_ms = now_ms + self._length_ms
            self._hits = 0
        self._hits += 1
        return WindowState(
            allowed=self._hits <= self._count,
            limit=self._count,
            remaining=max(self._count - self._hits, 0),
            reset_ms=self._end_ms,
            wait_seconds=-((now_ms - self._end_ms) // 1000),
        )


def json_reply(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a JSON body."""
    return Reply(status, json.dumps(content).encode(), {**JSON_TYPE, **headers} if headers else JSON_TYPE)


def error_page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Reply:
    """An error page as nginx writes it."""
    text = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, text.encode(), {**HTML_TYPE, **headers} if headers else HTML_TYPE)


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_json(raw: bytes) -> object:
    """The parsed body, as strict as a browser: UTF-8, no NaN. None if it is not JSON."""
    try:
        return _DECODER.decode(raw.decode())
    except (ValueError, RecursionError):
        return None


def text_of(body: object, name: str) -> str:
    """The text of a field; "" if there is none."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""
