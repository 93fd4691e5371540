"""How a message of an agent is taken back: the request, and every answer of Rocket.Chat's public server source."""

from __future__ import annotations

import json

import pytest

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
from campaign.channels.rocketchat import ROCKETCHAT
from campaign.channels.rocketchat.undo import KEPT
from campaign.channels.undo import Deleted, UndoVerdict, undo_of

BODY = b'{"message": {"_id": "m1", "rid": "r", "msg": "Hello", "alias": "Shop"}}'


def answer(status: int, content: object = b"", **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def failure(error: str, **more: object) -> dict[str, object]:
    return {"success": False, "error": error, **more}


def other_program(status: int, said: str) -> Fatal:
    return Fatal(f"the server's answer (HTTP {status}) is not one of Rocket.Chat's API: {said}; check [server] url")


DELETED = {"_id": "m1", "ts": "1795262400500", "message": {"_id": "m1", "rid": "r"}, "success": True}
NOT_JSON = "the answer (HTTP 200) is not JSON: "
WITHOUT = Indeterminate("the server answered 200 without the deleted message")
GONE = 'No message found with the id of "{}".'

ANSWERS: list[tuple[Response | NoResponse, UndoVerdict, str]] = [
    (answer(200, DELETED), Deleted(), "200"),
    (
        answer(200, {**DELETED, "_id": "m2"}),
        Indeterminate("the server answered 200 about another message than ours"),
        "200 about another message",
    ),
    (answer(200, {"success": True}), WITHOUT, "200 without an id"),
    (answer(200, {**DELETED, "success": False}), WITHOUT, "200 that denies"),
    (answer(200, b"<html>Hi"), Indeterminate(f"{NOT_JSON}<html>Hi", stop_after=3), "200 HTML"),
    (answer(200, b'{"succ'), Indeterminate(f'{NOT_JSON}{{"succ'), "200 cut off"),
    (answer(400, failure(GONE.format("m1"))), NotFound(), "gone"),
    (
        answer(400, failure(GONE.format("m2"))),
        Indeterminate("the server answered about another message"),
        "another one is gone",
    ),
    *(
        (answer(400, failure(f"So: {kind}")), Refused(kind, f"{words} (So: {kind})"), kind)
        for kind, words in KEPT.items()
    ),
    (
        answer(400, failure("must be string [invalid-params]", errorType="invalid-params")),
        Refused("invalid-params", "the server refused to delete it: must be string [invalid-params]"),
        "the validator",
    ),
    (answer(404, {"status": "error"}), other_program(404, '{"status": "error"}'), "404 of the router"),
    (answer(405, b"<html>"), other_program(405, "<html>"), "405 of a proxy"),
    (
        answer(400, failure("You must wait 9 seconds. [error-too-many-requests]")),
        Throttled("over the server's limit (HTTP 400)", 9.0),
        "the limiter's text with 400",
    ),
    (answer(429, retry_after="7"), Throttled("over the server's limit (HTTP 429)", 7.0), "429"),
    (answer(403, b"no"), Fatal("the server refuses access (HTTP 403): no"), "403"),
    (answer(502, b"<html>"), Indeterminate("server trouble (HTTP 502)"), "502"),
    (NoResponse("no answer within 30 s", request_left=True), Indeterminate("no answer within 30 s"), "no answer"),
    (NoResponse("refused", request_left=False), Unreachable("refused"), "no connection"),
]


@pytest.mark.parametrize(
    ("response", "verdict"), [pytest.param(response, verdict, id=name) for response, verdict, name in ANSWERS]
)
def test_an_answer_to_a_deletion_is_read(response: Response | NoResponse, verdict: UndoVerdict) -> None:
    assert ROCKETCHAT.undo.read(response, BODY) == verdict


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(answer(401, {"status": "error", "message": "You must be logged in to do this."}), id="logged out"),
        pytest.param(answer(400, failure("So: restricted-workspace")), id="a restricted workspace"),
    ],
)
def test_what_every_message_would_meet_stops_the_undo(response: Response) -> None:
    assert isinstance(ROCKETCHAT.undo.read(response, BODY), Fatal)


def test_the_request_names_the_room_and_the_message_and_nothing_else() -> None:
    assert undo_of(ROCKETCHAT) is ROCKETCHAT.undo
    assert ROCKETCHAT.undo.request(BODY) == Request("POST", "/api/v1/chat.delete", b'{"roomId": "r", "msgId": "m1"}')
