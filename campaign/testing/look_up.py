"""The part of the conformance suite about the look-up of a period, for channels that offer one."""

# ruff: noqa: S101 - a test suite consists of assertions

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from urllib.parse import parse_qsl

from campaign.channels.base import NoResponse, Response
from campaign.channels.look_up import ListPage, Period, Unavailable, look_up_of
from campaign.channels.sandbox_api import ListRoute, ListSettings, RouteSettings, SandboxRequest

if TYPE_CHECKING:
    from campaign.channels import Channel, Payload
    from campaign.channels.base import Request
    from campaign.channels.sandbox_api import Destination, Reply

PAGES = (b"<!DOCTYPE html><html><body>Sign in first.</body></html>", b'{"success": tr', b"", b"null", b"[" * 100_000)


class StoredMessage(NamedTuple):
    """A message that a route has taken, as a sandbox stores it."""

    message_id: str | None
    destination: Destination
    body: object
    time: float = 0.0


class LookUpConformance:
    """Tests of a channel's look-up; a channel without one passes them all."""

    channel: ClassVar[Channel]
    payload: ClassVar[Payload]

    def test_no_list_is_read_from_trouble(self) -> None:
        """Only the API's own list is a page of it; refused access is no passing trouble."""
        look_up = look_up_of(self.channel)
        if look_up is None:
            return
        for body in PAGES:
            for status in (200, 204, 302, 400, 401, 403, 404, 429, 500, 503):
                assert not isinstance(look_up.read(Response(status, {}, body)), ListPage), status
            for status in (401, 403, 404):
                assert isinstance(look_up.read(Response(status, {}, body)), Unavailable), status
        assert not isinstance(look_up.read(NoResponse("no response", request_left=True)), ListPage | Unavailable)

    def test_a_look_up_holds_no_credentials(self) -> None:
        """Its requests are relative, and each form of them is another one."""
        look_up = look_up_of(self.channel)
        if look_up is None:
            return
        requests = [look_up.request(Period(0.0, time.time()), 0, form) for form in range(look_up.forms)]
        assert len({request.url for request in requests}) == look_up.forms >= 1
        values = {each.name: f"secret-of-{each.name}" for each in self.channel.credentials}
        self.channel.auth_headers(values)
        for request in requests:
            assert request.url.startswith("/")
            assert not any(value in request.url for value in values.values())

    def test_the_sandbox_lists_a_message_that_it_took(self) -> None:
        """A message that was sent is in the list, after which an empty page follows; one sent before is not."""
        look_up = look_up_of(self.channel)
        if look_up is None:
            return
        now, body = time.time(), json.dumps(self.payload, ensure_ascii=False).encode()
        found = look_up.read(self._list(look_up.request(Period(now - 60, now + 60), 0, 0), now))
        assert isinstance(found, ListPage)
        (message,) = found.messages
        sought = look_up.sought(body)
        assert message.conversation == sought.conversation
        assert sought.is_shown_by(message)
        assert sought.may_be(message)
        assert message.outbound
        assert message.created is not None
        assert message.created <= now <= message.created + message.precision
        assert look_up.read(self._list(look_up.request(Period(now - 60, now + 60), found.size, 0), now)) == ListPage(
            (), 0
        )
        assert look_up.read(self._list(look_up.request(Period(now + 9, now + 60), 0, 0), now)) == ListPage((), 0)

    def _list(self, request: Request, now: float) -> Response:
        """The sandbox's response to a look-up, once it has taken the payload."""
        place, _, query = request.url.partition("?")
        headers = self.channel.auth_headers({each.name: "a-value" for each in self.channel.credentials})
        routes = self.channel.sandbox_routes(RouteSettings(listing=ListSettings()))
        post = next(route for route in routes if route.method == "POST" and route.serves(self.channel.endpoint))
        taken = SandboxRequest(self.channel.endpoint, {}, headers, body=self.payload)
        stored = StoredMessage("m1", post.destination(taken), self.payload, now)
        listing = next(route for route in routes if isinstance(route, ListRoute) and route.serves(place))
        incoming = SandboxRequest(place, dict(parse_qsl(query)), headers)
        return response_of(listing.list_messages(incoming, [stored]))


def response_of(reply: Reply) -> Response:
    """A sandbox's reply as a client gets it."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    return Response(reply.status, headers, reply.body)
