"""How a livechat message is taken back: the request, and every answer of Rocket.Chat's public server source."""

from __future__ import annotations

import json

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.channels.base import (
    Fatal,
    Indeterminate,
    NoResponse,
    NotFound,
    Refused,
    Request,
    Response,
    Throttled,
    Unreachable,
)
from campaign.channels.livechat.undo import KEPT
from campaign.channels.undo import Deleted, UndoVerdict, undo_of

BODY = b'{"_id": "m1", "token": "t", "rid": "r", "msg": "Hello", "agent": {"agentId": "a", "username": "kim"}}'
UNDO = LIVECHAT.undo


def answer(status: int, content: object = b"", **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def refusal(error: str) -> dict[str, object]:
    return {"success": False, "error": error}


DOCUMENTED = {"message": {"_id": "m1", "ts": "2026-11-25T10:00:00.000Z"}, "success": True}
NOT_JSON = "the answer (HTTP 200) is not JSON: "
WITHOUT = Indeterminate("the server answered 200 without the deleted message")


def other_program(status: int, said: str) -> Fatal:
    return Fatal(
        f"the server's answer (HTTP {status}) is not one of Rocket.Chat's livechat API: {said}; check [server] url"
    )


ANSWERS: list[tuple[Response | NoResponse, UndoVerdict, str]] = [
    (answer(200, DOCUMENTED), Deleted(), "200 as documented"),
    (answer(200, {**DOCUMENTED, "message": {"_id": "m1"}}), Deleted(), "200 without the time"),
    (
        answer(200, {**DOCUMENTED, "message": {"_id": "m2"}}),
        Indeterminate("the server answered 200 about another message than ours"),
        "200 about another message",
    ),
    (answer(200, {"success": True}), WITHOUT, "200 without a message"),
    (answer(200, refusal("oops")), WITHOUT, "200 that denies"),
    (answer(200), Indeterminate(f"{NOT_JSON}(nothing)"), "200 empty"),
    (answer(200, b"<html>Welcome"), Indeterminate(f"{NOT_JSON}<html>Welcome", stop_after=3), "200 HTML"),
    (answer(200, b'{"succ'), Indeterminate(f'{NOT_JSON}{{"succ'), "200 cut off"),
    (answer(400, refusal("invalid-message")), NotFound(), "gone"),
    (answer(400, refusal("[invalid-message]")), NotFound(), "gone, in brackets"),
    *((answer(400, refusal(kind)), Refused(kind, f"{words} ({kind})"), kind) for kind, words in KEPT.items()),
    (
        answer(400, refusal("A Rocket.Chat App prevented the message deleting.")),
        Refused(
            "A Rocket.Chat App prevented the message deleting.",
            "the server refused to delete it: A Rocket.Chat App prevented the message deleting.",
        ),
        "an app prevents it",
    ),
    (answer(400, {"success": False}), Refused("HTTP …", "the server refused to delete it: HTTP 400"), "no reason"),
    (
        answer(400, {"success": False, "error": "must have required property 'rid'", "errorType": "invalid-params"}),
        Refused("invalid-params", "the server refused to delete it: must have required property 'rid'"),
        "the validator",
    ),
    (answer(404, refusal("invalid-message")), NotFound(), "404 of the API"),
    (answer(404, {"status": "error"}), other_program(404, '{"status": "error"}'), "404 of the router"),
    (answer(405, b"<html>"), other_program(405, "<html>"), "405 of a proxy"),
    (answer(400, b"<html>"), other_program(400, "<html>"), "400 HTML"),
    (
        answer(400, refusal("Error, too many requests. You must wait 9 seconds. [error-too-many-requests]")),
        Throttled("over the server's limit (HTTP 400)", 9.0),
        "the limiter's text with 400",
    ),
    (answer(429, b"", retry_after="7"), Throttled("over the server's limit (HTTP 429)", 7.0), "429"),
    (answer(401, b"no"), Fatal("the server refuses access (HTTP 401): no"), "401"),
    (answer(502, b"<html>"), Indeterminate("server trouble (HTTP 502)"), "502"),
    (NoResponse("no answer within 30 s", request_left=True), Indeterminate("no answer within 30 s"), "no answer"),
    (NoResponse("refused", request_left=False), Unreachable("refused"), "no connection"),
]


@pytest.mark.parametrize(
    ("response", "verdict"), [pytest.param(response, verdict, id=name) for response, verdict, name in ANSWERS]
)
def test_an_answer_to_a_deletion_is_read(response: Response | NoResponse, verdict: UndoVerdict) -> None:
    assert UNDO.read(response, BODY) == verdict


def test_the_request_names_the_message_the_visitor_and_the_room_and_nothing_else() -> None:
    assert UNDO.request(BODY) == Request("DELETE", "/api/v1/livechat/message/m1", b'{"token": "t", "rid": "r"}')


def test_an_id_is_quoted_in_the_address() -> None:
    assert UNDO.request(b'{"_id": "a/b ?", "token": "t", "rid": "r"}').url == "/api/v1/livechat/message/a%2Fb%20%3F"


def test_a_redirect_stops_at_once() -> None:
    verdict = UNDO.read(answer(303, b"", location="/done"), BODY)
    assert isinstance(verdict, Indeterminate)
    assert verdict.stop_after == 1
    assert isinstance(UNDO.read(answer(302, b"", location="/login"), BODY), Fatal)


def test_livechat_takes_messages_back_and_kitechat_does_not() -> None:
    assert undo_of(LIVECHAT) is UNDO
    assert undo_of(KITECHAT) is None
