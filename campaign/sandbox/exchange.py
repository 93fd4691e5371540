"""What passes between the wire and the two APIs: a request that has been read, and an answer to be written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, Never, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.sandbox.ledger import Destination, Entry

JSON_TYPE = {"Content-Type": "application/json"}
HTML_TYPE = {"Content-Type": "text/html"}

UNKNOWN = "unknown-"
CLOSED = "closed-"
"""What the ids of destinations begin with that the servers refuse; the package's docstring has the table."""


class Incoming(NamedTuple):
    """A request that has been read to its end.

    Attributes:
        path: the path, decoded.
        query: the parameters of the query string.
        body: the body parsed from JSON; None where it is not JSON or not announced as such.
        raw: the body as it came.
        api_key: the header `apikey`; None where there is none.
    """

    path: str
    query: Mapping[str, str]
    body: object
    raw: bytes
    api_key: str | None


class Reply(NamedTuple):
    """An answer to be written."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Endpoint(Protocol):
    """One message route of one API."""

    channel: str
    method: str

    def destination(self, incoming: Incoming) -> Destination:
        """Who the request is about; "" for what it does not say."""
        ...

    def answer(self, incoming: Incoming, entry: Entry) -> Reply:
        """Do what the request asks, and say what the server would answer."""
        ...


def json_answer(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, json.dumps(content).encode(), {**JSON_TYPE, **headers} if headers else JSON_TYPE)


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_json(raw: bytes) -> object:
    """The parsed body, as strict as a browser: UTF-8, no NaN. None where it is no JSON."""
    try:
        return _DECODER.decode(raw.decode())
    except (ValueError, RecursionError):
        return None


def text_of(body: object, name: str) -> str:
    """A field's text; "" where there is none."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""
