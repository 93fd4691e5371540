"""A test suite for the authors of channels.

    from campaign.testing import ChannelConformance

    class TestPager(ChannelConformance):
        channel = PAGER
        payload = {"number": "0903123456", "text": "Hello"}

Collected by pytest, which is not required, the class holds the channel to what `channels.base.Channel` promises.
"""

# ruff: noqa: S101 - a test suite consists of assertions

from __future__ import annotations

import copy
import json
import pathlib
import tempfile
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any, ClassVar, get_args
from urllib.parse import parse_qsl, unquote

from campaign.campaign_file import load_campaign
from campaign.channels.base import (
    Fatal,
    Indeterminate,
    NoResponse,
    NotFound,
    Refused,
    Response,
    Sent,
    Throttled,
    Unreachable,
    Verdict,
)
from campaign.channels.registry import CHANNELS
from campaign.channels.sandbox_api import RateLimit, RouteSettings, SandboxRequest, parse_json
from campaign.journal import State
from campaign.planning import prepare
from campaign.starter import make_starter
from campaign.testing.look_up import LookUpConformance, StoredMessage, response_of
from campaign.testing.probe import ProbeConformance
from campaign.testing.undo import UndoConformance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaign.channels import Channel, Payload
    from campaign.channels.base import Path, Request
    from campaign.channels.sandbox_api import SandboxRoute

MESSAGE_ID = "5f0c6ce1b7d04d0c8a3d8a5d5d1c7d11"
OTHER_ID = MESSAGE_ID[::-1]
PAGE = b"<!DOCTYPE html><html><body>Sign in first.</body></html>"
CUT_JSON = b'{"success": tr'
ERROR = b'{"success": false, "error": "internal error", "message": "internal error"}'
TIMEOUT = NoResponse("no response within 30 s", request_left=True)
REFUSED_CONNECTION = NoResponse("connection refused", request_left=False)


class ChannelConformance(LookUpConformance, ProbeConformance, UndoConformance):
    """Tests of one channel."""

    channel: ClassVar[Channel]
    payload: ClassVar[Payload]
    """A payload that the channel's server accepts."""

    def test_a_valid_payload_has_no_problems(self) -> None:
        """`problems` is empty for the valid payload, and the payload is recognised."""
        assert not self.channel.problems(self.payload)
        assert self.channel.recognises(self.payload)
        assert not self.channel.recognises({})

    def test_an_empty_payload_has_problems_that_name_places(self) -> None:
        """`problems` says what an empty payload lacks."""
        problems = self.channel.problems({})
        assert problems
        assert all(problem.path and problem.what for problem in problems)

    def test_a_missing_destination_field_is_a_problem(self) -> None:
        """Every field of `destination_fields` is in the payload, and required."""
        assert self.channel.destination_fields
        for path in self.channel.destination_fields:
            without = copy.deepcopy(self.payload)
            parent = _parent(without, path)
            del parent[path[-1]]
            assert any(problem.path == path for problem in self.channel.problems(without)), path

    def test_the_destination_depends_on_its_fields(self) -> None:
        """Payloads that differ in a destination field have different destinations."""
        before = self.channel.destination(self.payload)
        assert before.strip()
        for path in self.channel.destination_fields:
            other = copy.deepcopy(self.payload)
            parent = _parent(other, path)
            parent[path[-1]] = f"{parent[path[-1]]}-other"
            assert self.channel.destination(other) != before, path

    def test_stamping_is_idempotent(self) -> None:
        """`stamp` changes neither its argument nor the destination, and a second stamp with the id changes nothing."""
        before = copy.deepcopy(self.payload)
        once = self.channel.stamp(self.payload, MESSAGE_ID)
        assert self.payload == before
        assert self.channel.stamp(once, MESSAGE_ID) == once
        assert self.channel.destination(once) == self.channel.destination(self.payload)

    def test_a_valid_payload_has_a_preview(self) -> None:
        """`preview` shows something of the payload, stamped or not, and JSON can carry it."""
        shown = self.channel.preview(self.payload)
        assert all(part.strip() for part in shown.sender)
        assert shown.sender
        assert any(bubble.sections for _, bubble in shown.titled())
        assert json.loads(json.dumps(shown.as_json()))
        assert self.channel.preview(self.channel.stamp(self.payload, MESSAGE_ID)) == shown

    def test_requests_are_relative_to_the_base_url(self) -> None:
        """Requests have a path below the base URL; a send carries the frozen body as it is."""
        body = self._body()
        request = self.channel.send_request(body)
        assert request.body == body
        assert request.url.startswith(self.channel.endpoint)
        for each in self._requests():
            assert each.method.isupper()
            assert each.url.startswith("/")
            assert not each.url.startswith("//")
            assert each.url.isascii()
            assert not any(character.isspace() for character in each.url)

    def test_credentials_have_names_of_their_own(self) -> None:
        """Names and environment variables of credentials are unique; labels are not blank."""
        credentials = self.channel.credentials
        assert len({each.name for each in credentials}) == len(credentials)
        assert len({each.variable for each in credentials}) == len(credentials)
        assert all(each.variable == each.variable.upper() and each.label.strip() for each in credentials)

    def test_credentials_travel_in_headers_alone(self) -> None:
        """Every credential is in a header, and in no URL and no body."""
        values = {each.name: f"secret-of-{each.name}" for each in self.channel.credentials}
        headers = self.channel.auth_headers(values)
        for value in values.values():
            assert any(value in header for header in headers.values())
            for request in self._requests():
                assert value not in request.url
                assert value.encode() not in (request.body or b"")
        assert bool(headers) == bool(values)
        assert not any(value in repr(self.channel) for value in values.values())

    def test_without_a_response_nothing_is_concluded(self) -> None:
        """A lost response is indeterminate; a request that never left is not."""
        read, body = self.channel.read_response, self._body()
        for again in (False, True):
            assert isinstance(read(TIMEOUT, body, again=again), Indeterminate)
            assert isinstance(read(REFUSED_CONNECTION, body, again=again), Unreachable)

    def test_refused_access_and_redirects_stop_the_run(self) -> None:
        """401, 403 and 3xx are fatal, and 303, which may follow a message that was taken, stops the run as well."""
        for body in (b"", PAGE, ERROR):
            for status in (301, 302, 307, 308, 401, 403):
                assert isinstance(self._verdict(status, body), Fatal), status
            assert getattr(self._verdict(303, body), "stop_after", None) == 1

    def test_over_the_limit_is_not_a_failure(self) -> None:
        """429 is throttled, and the seconds of Retry-After are read."""
        for body in (b"", PAGE, ERROR):
            assert isinstance(self._verdict(429, body), Throttled)
        verdict = self._verdict(429, PAGE, {"retry-after": "7"})
        assert isinstance(verdict, Throttled)
        assert verdict.wait == 7.0

    def test_server_trouble_fails_no_row(self) -> None:
        """5xx is never a refusal of the row, and never a sent message."""
        for status in (500, 502, 503, 504, 520):
            for body in (b"", PAGE, CUT_JSON, ERROR):
                assert isinstance(self._verdict(status, body), Indeterminate | Throttled), status

    def test_a_page_is_never_a_sent_message(self) -> None:
        """HTML and broken JSON with 200 are neither a sent message nor a refusal."""
        for body in (PAGE, CUT_JSON):
            assert not isinstance(self._verdict(200, body), Sent | Refused)
        for status in (400, 404, 405, 410, 413, 418, 422):
            assert not isinstance(self._verdict(status, PAGE), Sent), status

    def test_no_response_is_too_odd_to_be_read(self) -> None:
        """Bodies and headers of any kind give a verdict and a quota or None."""
        headers = {"retry-after": "soon", "location": "\udcff", "x-ratelimit-limit": "ten", "x-ratelimit-reset": "NaN"}
        for status in (200, 201, 204, 301, 400, 404, 429, 500):
            for body in (b"", b"\xff", b"null", b"[]", b'"ok"', b"1" * 5000, b"[" * 100_000, b'{"error":{"a":[1]}}'):
                response = Response(status, headers, body)
                assert isinstance(self.channel.read_response(response, self._body(), again=True), get_args(Verdict))
                assert self.channel.quota(response) is None

    def test_a_read_back_concludes_nothing_from_trouble(self) -> None:
        """A read-back that the API did not answer finds neither the message nor its absence."""
        if not self.channel.can_read_back:
            return
        body = self._body()
        assert isinstance(self.channel.read_back(TIMEOUT, body), Indeterminate)
        assert isinstance(self.channel.read_back(REFUSED_CONNECTION, body), Unreachable)
        for status in (200, 301, 401, 403, 404, 429, 500, 502, 503):
            for page in (PAGE, CUT_JSON):
                assert not isinstance(self.channel.read_back(Response(status, {}, page), body), Sent | NotFound), status

    def test_the_sandbox_takes_a_valid_payload(self) -> None:
        """A route takes the stamped payload and its reply reads as sent; a read-back finds it, and no other message."""
        route, request = self._in_sandbox(self.channel.send_request(self._body()))
        reply = route.respond(request, _nothing)
        assert reply.taken
        assert reply.message_id
        assert isinstance(self.channel.read_response(response_of(reply), self._body(), again=False), Sent)
        if self.channel.can_read_back:
            stored = StoredMessage(reply.message_id, route.destination(request), request.body)
            route, request = self._in_sandbox(self.channel.read_back_request(self._body()))
            there, absent = route.respond(request, lambda _: stored), route.respond(request, _nothing)
            assert isinstance(self.channel.read_back(response_of(there), self._body()), Sent)
            assert isinstance(self.channel.read_back(response_of(there), self._body(OTHER_ID)), Indeterminate)
            assert isinstance(self._verdict(reply.status, reply.body, message_id=OTHER_ID), Indeterminate)
            assert isinstance(self.channel.read_back(response_of(absent), self._body()), NotFound)

    def test_the_sandbox_refuses_a_request_without_credentials(self) -> None:
        """A request without its headers is fatal, and takes nothing."""
        if not self.channel.credentials:
            return
        route, request = self._in_sandbox(self.channel.send_request(self._body()))
        reply = route.respond(request._replace(headers={}), _nothing)
        assert not reply.taken
        assert isinstance(self.channel.read_response(response_of(reply), self._body(), again=False), Fatal)

    def test_the_sandbox_refuses_an_empty_body(self) -> None:
        """A body without a field is refused, and takes nothing."""
        route, request = self._in_sandbox(self.channel.send_request(b"{}"))
        reply = route.respond(request, _nothing)
        assert not reply.taken
        assert isinstance(self.channel.read_response(response_of(reply), self._body(), again=False), Refused)

    def test_the_sandbox_has_a_rate_limit(self) -> None:
        """The request over the limit is throttled, and so is the reply of a fault."""
        route, request = self._in_sandbox(self.channel.send_request(self._body()), RouteSettings(RateLimit(1, 60)))
        replies = [route.respond(request, _nothing), route.respond(request, _nothing), route.throttled({})]
        verdicts = [self.channel.read_response(response_of(reply), self._body(), again=False) for reply in replies]
        assert [type(verdict) for verdict in verdicts] == [Sent, Throttled, Throttled]
        failed = self._verdict(500, response_of(route.failed(500, "error")).body)
        assert isinstance(failed, Indeterminate)

    def test_every_row_of_the_starter_can_be_sent(self) -> None:
        """The starter is a campaign of this channel whose rows are all valid."""
        with tempfile.TemporaryDirectory() as folder, CHANNELS.temporarily(self.channel):
            made = make_starter(pathlib.Path(folder) / "starter", self.channel)
            assert "campaign.toml" in [path.name for path in made]
            prepared = prepare(load_campaign(pathlib.Path(folder) / "starter" / "campaign.toml"))
            assert prepared.channel.name == self.channel.name
            states = [row.state for row in prepared.rows]
        assert states
        assert set(states) == {State.PENDING}

    def _body(self, message_id: str = MESSAGE_ID) -> bytes:
        return json.dumps(self.channel.stamp(self.payload, message_id), ensure_ascii=False).encode()

    def _requests(self) -> Iterator[Request]:
        yield self.channel.send_request(self._body())
        if self.channel.can_read_back:
            yield self.channel.read_back_request(self._body())

    def _verdict(
        self, status: int, body: bytes, headers: Mapping[str, str] | None = None, message_id: str = MESSAGE_ID
    ) -> object:
        return self.channel.read_response(Response(status, headers or {}, body), self._body(message_id), again=False)

    def _in_sandbox(
        self, request: Request, settings: RouteSettings | None = None
    ) -> tuple[SandboxRoute, SandboxRequest]:
        """The route that serves a request in a sandbox, and the request as the route gets it."""
        place, _, query = request.url.partition("?")
        path, raw = unquote(place), request.body or b""
        headers = self.channel.auth_headers({each.name: "a-value" for each in self.channel.credentials})
        incoming = SandboxRequest(path, dict(parse_qsl(query)), headers, raw, parse_json(raw))
        for route in self.channel.sandbox_routes(settings or RouteSettings()):
            if route.method == request.method and route.serves(path):
                return route, incoming
        raise AssertionError(f"the sandbox has no route for {request.method} {path}")


def _parent(payload: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
    return reduce(getitem, path[:-1], payload)


def _nothing(_: str) -> None:
    """Look up a message in a sandbox that has stored none."""
