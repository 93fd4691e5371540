"""How the responses about visitors and rooms are read."""

from __future__ import annotations

import json

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.channels.base import Fatal, Indeterminate, NoResponse, NotFound, Refused, Response, Throttled, Unreachable
from campaign.channels.livechat.rooms import LivechatRooms
from campaign.channels.rooms import Registered, Room, VisitorData, rooms_of

ROOMS = LivechatRooms()
VISITOR = VisitorData("Khách", "0901", "a@x.vn")


def answer(status: int = 200, **content: object) -> Response:
    return Response(status, {}, json.dumps({"success": status == 200, **content}).encode())


def test_a_registration_names_what_is_known_alone() -> None:
    request = ROOMS.registration_request("t", VisitorData("Khách", "", "a@x.vn"))
    assert (request.method, request.url) == ("POST", "/api/v1/livechat/visitor")
    assert json.loads(request.body or b"") == {"visitor": {"token": "t", "name": "Khách", "email": "a@x.vn"}}


def test_a_token_is_escaped_in_the_address() -> None:
    request = ROOMS.room_request("a&b /ệ")
    assert (request.method, request.body) == ("GET", None)
    assert request.url == "/api/v1/livechat/room?token=a%26b+%2F%E1%BB%87"


ELSEWHERE = {"token": "older", "phone": [{"phoneNumber": "0901"}]}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(answer(visitor={"_id": "v", "token": "t"}), Registered("t"), id="ours"),
        pytest.param(answer(visitor={"_id": "v"}), Registered("t"), id="without a token"),
        pytest.param(answer(visitor=ELSEWHERE), Registered("older"), id="known by phone"),
        pytest.param(answer(visitor={**ELSEWHERE, "phone": None}), Indeterminate, id="another visitor"),
        pytest.param(answer(visitor={**ELSEWHERE, "token": "\x1b[2J"}), Indeterminate, id="a token that is none"),
        pytest.param(answer(visitor=[]), Indeterminate, id="no visitor"),
        pytest.param(answer(success=False, visitor={"token": "t"}), Indeterminate, id="success false"),
        pytest.param(answer(400, error="Invalid email a [error-invalid-email]"), Refused, id="refused"),
        pytest.param(answer(400, error="Token cannot be empty [error-invalid-token]"), Refused, id="error- is another"),
        pytest.param(answer(400, errorType="error-too-many-requests"), Throttled, id="limiter in a 400"),
        pytest.param(
            answer(429, error="You must wait 7 seconds"), Throttled("over the server's limit (HTTP 429)", 7.0)
        ),
        pytest.param(answer(401), Fatal, id="401"),
        pytest.param(Response(404, {}, b'{"message": "no such route"}'), Fatal, id="no such route"),
        pytest.param(Response(404, {}, b"<html>"), Fatal, id="a page with 404"),
        pytest.param(Response(200, {}, b"<html>"), Indeterminate, id="a page with 200"),
        pytest.param(Response(200, {}, b"nothing"), Indeterminate, id="no JSON"),
        pytest.param(Response(502), Indeterminate, id="502"),
        pytest.param(NoResponse("lost", request_left=True), Indeterminate, id="lost"),
        pytest.param(NoResponse("no way", request_left=False), Unreachable, id="not reached"),
    ],
)
def test_a_response_to_a_registration_is_read(response: Response | NoResponse, expected: object) -> None:
    found = ROOMS.read_registration(response, "t", VISITOR)
    assert isinstance(found, expected) if isinstance(expected, type) else found == expected


ROOM = {"_id": "r1", "v": {"token": "t"}}


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(answer(room=ROOM, newRoom=True), Room("r1", opened=True), id="opened"),
        pytest.param(answer(room=ROOM, newRoom=False), Room("r1", opened=False), id="found"),
        pytest.param(answer(room={"_id": "r1"}), Room("r1", opened=False), id="without a visitor"),
        pytest.param(answer(room={**ROOM, "v": {"token": "u"}}), Indeterminate, id="another visitor's"),
        pytest.param(answer(room={"_id": "\x1b[2J"}), Indeterminate, id="an id that is none"),
        pytest.param(answer(room={"_id": " "}), Indeterminate, id="a blank id"),
        pytest.param(answer(room={"_id": "r1 "}), Indeterminate, id="an id with a blank around"),
        pytest.param(answer(), Indeterminate, id="no room"),
        pytest.param(answer(400, error="invalid-token"), NotFound(), id="unknown token"),
        pytest.param(answer(400, error="x [no-agent-online]", errorType="no-agent-online"), Refused, id="no agent"),
        pytest.param(answer(400, message="some reason"), Refused("some reason", "the server refused: some reason")),
        pytest.param(Response(503), Indeterminate, id="503"),
        pytest.param(NoResponse("lost", request_left=True), Indeterminate, id="lost"),
    ],
)
def test_a_response_about_a_room_is_read(response: Response | NoResponse, expected: object) -> None:
    found = ROOMS.read_room(response, "t")
    assert isinstance(found, expected) if isinstance(expected, type) else found == expected


def test_a_channel_offers_rooms_or_does_not() -> None:
    assert isinstance(rooms_of(LIVECHAT), LivechatRooms)
    assert rooms_of(KITECHAT) is None


def test_nothing_known_of_a_visitor_is_false() -> None:
    assert not VisitorData()
    assert VisitorData(phone="0901")
