"""The part of the conformance suite about taking a message back, for channels that offer it."""

# ruff: noqa: S101 - a test suite consists of assertions

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, get_args
from urllib.parse import parse_qsl, unquote

from campaign.channels.base import Fatal, Indeterminate, NoResponse, NotFound, Refused, Response, Throttled, Unreachable
from campaign.channels.sandbox_api import RateLimit, RouteSettings, SandboxRequest, parse_json
from campaign.channels.undo import Deleted, UndoVerdict, undo_of
from campaign.testing.look_up import PAGES, StoredMessage, response_of

if TYPE_CHECKING:
    from campaign.channels import Channel, Payload
    from campaign.channels.base import Request
    from campaign.channels.sandbox_api import Reply, SandboxRoute

MINE, OTHER = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


class UndoConformance:
    """Tests of a channel's undo; a channel without one passes them all."""

    channel: ClassVar[Channel]
    payload: ClassVar[Payload]

    def test_no_message_is_taken_for_deleted_after_trouble(self) -> None:
        """Only the API's own answer says that a message is deleted, gone or kept."""
        undo = undo_of(self.channel)
        if undo is None:
            return
        body = self._stamped(MINE)
        assert isinstance(undo.read(NoResponse("no response", request_left=True), body), Indeterminate)
        assert isinstance(undo.read(NoResponse("connection refused", request_left=False), body), Unreachable)
        for page in PAGES:
            for status in (200, 204, 301, 302, 401, 403, 404, 405, 429, 500, 502, 503):
                verdict = undo.read(Response(status, {}, page), body)
                assert isinstance(verdict, get_args(UndoVerdict)), status
                assert not isinstance(verdict, Deleted | NotFound | Refused), status
            for status in (302, 401, 403):
                assert isinstance(undo.read(Response(status, {}, page), body), Fatal), status
            assert isinstance(undo.read(Response(429, {"retry-after": "7"}, page), body), Throttled)

    def test_a_deletion_holds_no_credentials_and_no_text(self) -> None:
        """Its request is relative, the same each time, and names one message."""
        undo = undo_of(self.channel)
        if undo is None:
            return
        request = undo.request(self._stamped(MINE))
        assert request == undo.request(self._stamped(MINE))
        assert request != undo.request(self._stamped(OTHER))
        assert request.url.startswith("/")
        assert request.url.isascii()
        values = [f"secret-of-{each.name}" for each in self.channel.credentials]
        assert not any(value in request.url or value.encode() in (request.body or b"") for value in values)

    def test_the_sandbox_deletes_a_message_that_it_took(self) -> None:
        """It is deleted once, and gone the second time; the answer is about no other message."""
        undo = undo_of(self.channel)
        if undo is None:
            return
        body = self._stamped(MINE)
        sent, incoming = self._route_of(self.channel.send_request(body))
        stored = StoredMessage(MINE, sent.destination(incoming), incoming.body)
        there, gone = self._asked(undo.request(body), stored), self._asked(undo.request(body), None)
        assert there.deleted
        assert there.message_id == MINE
        assert not gone.deleted
        assert isinstance(undo.read(response_of(there), body), Deleted)
        assert isinstance(undo.read(response_of(gone), body), NotFound)
        assert isinstance(undo.read(response_of(there), self._stamped(OTHER)), Indeterminate)

    def test_deleting_has_a_rate_limit_in_the_sandbox(self) -> None:
        """The request over the limit is throttled, and deletes nothing."""
        undo = undo_of(self.channel)
        if undo is None:
            return
        body = self._stamped(MINE)
        route, incoming = self._route_of(undo.request(body), RouteSettings(RateLimit(1, 60)))
        replies = [route.respond(incoming, lambda _: None) for _ in range(2)]
        assert [type(undo.read(response_of(reply), body)) for reply in replies] == [NotFound, Throttled]

    def _stamped(self, message_id: str) -> bytes:
        return json.dumps(self.channel.stamp(self.payload, message_id), ensure_ascii=False).encode()

    def _asked(self, request: Request, stored: StoredMessage | None) -> Reply:
        route, incoming = self._route_of(request)
        return route.respond(incoming, lambda _: stored)

    def _route_of(self, request: Request, settings: RouteSettings | None = None) -> tuple[SandboxRoute, SandboxRequest]:
        """The route that serves a request in a sandbox, and the request as the route gets it."""
        place, _, query = request.url.partition("?")
        path, raw = unquote(place), request.body or b""
        headers = self.channel.auth_headers({each.name: "a-value" for each in self.channel.credentials})
        incoming = SandboxRequest(path, dict(parse_qsl(query)), headers, raw, parse_json(raw))
        routes = self.channel.sandbox_routes(settings or RouteSettings())
        return next(each for each in routes if each.method == request.method and each.serves(path)), incoming
