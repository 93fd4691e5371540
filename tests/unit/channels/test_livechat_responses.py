"""How Rocket.Chat's responses are read: documented ones, and those of its public server source."""

from __future__ import annotations

import json

import pytest

from campaign.channels.base import (
    Fatal,
    Indeterminate,
    NoResponse,
    NotFound,
    Quota,
    Refused,
    Request,
    Response,
    Sent,
    Throttled,
    Unreachable,
)
from campaign.channels.livechat import LIVECHAT, REPEATED_ID

FIRST = pytest.mark.parametrize(
    "again", [pytest.param(False, id="first attempt"), pytest.param(True, id="later attempt")]
)
RATE_LIMITED = (
    b'{"success":false,"error":"Error, too many requests. Please slow down. You must wait %s before trying this '
    b'endpoint again. [error-too-many-requests]"}'
)


def answer(status: int, content: object = b"", **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def refusal(error: str, **more: object) -> dict[str, object]:
    return {"success": False, "error": error, **more}


@FIRST
def test_the_documented_answer_means_sent(*, again: bool) -> None:
    documented = {"message": {"_id": "djsajdkscks787", "rid": "r", "msg": "Hello World!"}, "success": True}
    assert LIVECHAT.read_response(answer(200, documented), again=again) == Sent("djsajdkscks787")


@FIRST
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><title>Welcome to nginx</title>", id="HTML"),
        pytest.param(b'{"message":{"_id":"m1"},"succ', id="cut off"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param([], id="list"),
        pytest.param("ok", id="string"),
        pytest.param(None, id="null"),
        pytest.param({}, id="empty object"),
        pytest.param(refusal("oops"), id="says failure"),
        pytest.param({"success": True}, id="without the message"),
        pytest.param({"success": True, "message": {}}, id="message without an id"),
        pytest.param({"success": True, "message": {"_id": 5}}, id="id that is no text"),
        pytest.param({"success": True, "message": "m1"}, id="message that is no object"),
        pytest.param({"message": {"_id": "m1"}}, id="without success"),
        pytest.param({"success": "true", "message": {"_id": "m1"}}, id="success in words"),
    ],
)
def test_a_200_that_is_not_the_documented_answer_is_read_back(content: object, *, again: bool) -> None:
    verdict = LIVECHAT.read_response(answer(200, content), again=again)
    assert isinstance(verdict, Indeterminate)
    assert verdict.refusal is None


def test_a_204_is_read_back() -> None:
    assert LIVECHAT.read_response(answer(204), again=False) == Indeterminate(
        "the answer (HTTP 204) is not JSON: (nothing)"
    )


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        pytest.param("invalid-token", "check the token column", id="invalid-token"),
        pytest.param("invalid-room", "check the rid column", id="invalid-room"),
        pytest.param("room-closed", "the conversation is closed", id="room-closed"),
        pytest.param("message-length-exceeds-character-limit", "shorten the text", id="too long"),
        pytest.param("room-closed [room-closed]", "the conversation is closed", id="as Meteor writes it"),
    ],
)
def test_a_known_refusal_is_said_in_plain_words(error: str, advice: str) -> None:
    verdict = LIVECHAT.read_response(answer(400, refusal(error)), again=False)
    assert isinstance(verdict, Refused)
    assert verdict.kind in error
    assert advice in verdict.reason
    assert verdict.reason.endswith(f"({verdict.kind})")


@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (400, 404, 413, 422)])
def test_a_refusal_in_the_apis_json_fails_the_row(status: int) -> None:
    verdict = LIVECHAT.read_response(answer(status, refusal("no such thing")), again=False)
    assert verdict == Refused("no such thing", "the server refused the message: no such thing")


def test_the_routers_own_404_stops_the_run() -> None:
    content = {"status": "error", "message": "API endpoint not found"}
    verdict = LIVECHAT.read_response(answer(404, content), again=False)
    assert isinstance(verdict, Fatal)
    assert "check [server] url" in verdict.reason


def test_rows_refused_by_the_validator_are_of_one_kind() -> None:
    content = refusal("must have required property 'rid' [invalid-params]", errorType="invalid-params")
    verdict = LIVECHAT.read_response(answer(400, content), again=False)
    assert verdict == Refused("invalid-params", f"the server refused the message: {content['error']}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param({"success": False}, "HTTP 400", id="nothing"),
        pytest.param({"success": False, "message": "no"}, "no", id="a message"),
        pytest.param({"success": False, "error": {"code": 7}}, "{'code': 7}", id="an object"),
        pytest.param({"success": False, "error": "two\nlines"}, "two lines", id="two lines"),
    ],
)
def test_a_refusal_says_what_the_server_says(content: object, said: str) -> None:
    verdict = LIVECHAT.read_response(answer(400, content), again=False)
    assert isinstance(verdict, Refused)
    assert verdict.reason == f"the server refused the message: {said}"


def test_a_refusal_of_any_length_becomes_a_reason_that_people_can_read() -> None:
    verdict = LIVECHAT.read_response(answer(400, refusal("x" * 100_000)), again=False)
    assert isinstance(verdict, Refused)
    assert len(verdict.kind) == 300


@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (400, 404, 413, 422)])
def test_a_refusal_of_a_later_attempt_is_believed_only_after_a_read_back(status: int) -> None:
    verdict = LIVECHAT.read_response(answer(status, refusal("room-closed")), again=True)
    assert isinstance(verdict, Indeterminate)
    assert verdict.refusal == LIVECHAT.read_response(answer(status, refusal("room-closed")), again=False)


@FIRST
def test_the_400_of_a_repeated_id_is_read_back_at_any_attempt(*, again: bool) -> None:
    verdict = LIVECHAT.read_response(answer(400, refusal(REPEATED_ID)), again=again)
    assert isinstance(verdict, Indeterminate)
    assert isinstance(verdict.refusal, Refused)
    assert REPEATED_ID in verdict.reason


@pytest.mark.parametrize("body", [pytest.param(b"<html>Too Large", id="HTML"), pytest.param(b"", id="empty")])
def test_413_from_a_proxy_fails_the_row(body: bytes) -> None:
    verdict = LIVECHAT.read_response(answer(413, body), again=False)
    assert isinstance(verdict, Refused)
    assert verdict.kind == "too large"


def test_413_from_a_proxy_is_read_back_where_an_earlier_attempt_may_be_there() -> None:
    verdict = LIVECHAT.read_response(answer(413, b"<html>Too Large"), again=True)
    assert isinstance(verdict, Indeterminate)
    assert verdict.refusal == LIVECHAT.read_response(answer(413, b"<html>Too Large"), again=False)


@FIRST
@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (400, 404, 422)])
@pytest.mark.parametrize("content", [pytest.param(b"<html>Not Found", id="HTML"), pytest.param([], id="JSON list")])
def test_a_4xx_that_is_not_the_apis_json_comes_from_another_program(
    status: int, content: object, *, again: bool
) -> None:
    verdict = LIVECHAT.read_response(answer(status, content), again=again)
    assert isinstance(verdict, Fatal)
    assert f"HTTP {status}) is not one of Rocket.Chat's livechat API" in verdict.reason


@FIRST
def test_503_is_trouble_and_read_back(*, again: bool) -> None:
    verdict = LIVECHAT.read_response(answer(503, retry_after="5"), again=again)
    assert verdict == Indeterminate("server trouble (HTTP 503)", wait=5.0)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        pytest.param(b"54 seconds", 54.0, id="seconds"),
        pytest.param(b"1 second", 1.0, id="one second"),
        pytest.param(b"a while", None, id="no number"),
        pytest.param(b"99999999999 seconds", None, id="longer than anybody waits"),
    ],
)
def test_429_waits_the_seconds_in_rocket_chats_text(said: bytes, wait: float | None) -> None:
    verdict = LIVECHAT.read_response(answer(429, RATE_LIMITED % said), again=False)
    assert verdict == Throttled("over the server's limit (HTTP 429)", wait)


def test_a_retry_after_goes_before_rocket_chats_text() -> None:
    verdict = LIVECHAT.read_response(answer(429, RATE_LIMITED % b"54 seconds", retry_after="7"), again=False)
    assert isinstance(verdict, Throttled)
    assert verdict.wait == 7.0


# Read-back


@pytest.mark.parametrize(
    ("came", "found"),
    [
        pytest.param(answer(200, {"message": {"_id": "m1"}, "success": True}), Sent("m1"), id="there"),
        pytest.param(answer(400, refusal("invalid-message")), NotFound(), id="not there"),
        pytest.param(answer(400, refusal("invalid-room")), NotFound(), id="no such room"),
        pytest.param(
            answer(429, RATE_LIMITED % b"9 seconds"), Throttled("over the server's limit (HTTP 429)", 9.0), id="429"
        ),
        pytest.param(answer(500), Indeterminate("server trouble (HTTP 500)"), id="500"),
        pytest.param(answer(503), Indeterminate("server trouble (HTTP 503)"), id="503"),
        pytest.param(
            NoResponse("no answer within 30 s", request_left=True), Indeterminate("no answer within 30 s"), id="timeout"
        ),
        pytest.param(NoResponse("refused", request_left=False), Unreachable("refused"), id="unreachable"),
    ],
)
def test_a_read_back_finds(came: Response | NoResponse, found: object) -> None:
    assert LIVECHAT.read_back(came) == found


@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (302, 401, 403)])
def test_a_read_back_that_is_turned_away_stops_the_run(status: int) -> None:
    assert isinstance(LIVECHAT.read_back(answer(status)), Fatal)


@pytest.mark.parametrize(
    "came",
    [
        pytest.param(answer(200, b"<html>"), id="200 HTML"),
        pytest.param(answer(200, refusal("oops")), id="200 that says failure"),
        pytest.param(answer(200, []), id="200 list"),
        pytest.param(answer(201, {"message": {"_id": "m1"}, "success": True}), id="201"),
        pytest.param(answer(400, b"<html>"), id="400 HTML"),
        pytest.param(answer(400, {"error": "bad request"}), id="400 of another program"),
        pytest.param(answer(404, refusal("not found")), id="404"),
        pytest.param(answer(404, b"<html>"), id="404 HTML"),
    ],
)
def test_a_read_back_that_is_not_the_apis_finds_nothing_out(came: Response) -> None:
    found = LIVECHAT.read_back(came)
    assert isinstance(found, Indeterminate)
    assert found.refusal is None


def test_a_read_back_asks_by_id_token_and_room() -> None:
    body = json.dumps({"_id": "a/b?c", "token": "t&1", "rid": "phòng 1", "msg": "x"}).encode()
    assert LIVECHAT.read_back_request(body) == Request(
        "GET", "/api/v1/livechat/message/a%2Fb%3Fc?token=t%261&rid=ph%C3%B2ng+1"
    )


def test_a_message_is_posted_as_it_was_frozen() -> None:
    assert LIVECHAT.send_request(b"frozen") == Request("POST", "/api/v1/livechat/message", b"frozen")


# The server's budget


def test_the_servers_budget_is_read_from_its_headers() -> None:
    told = answer(200, x_ratelimit_limit="10", x_ratelimit_remaining="9", x_ratelimit_reset="1795262400500")
    assert LIVECHAT.quota(told) == Quota(limit=10, remaining=9, reset_at=1795262400.5)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="limiter off"),
        pytest.param({"x_ratelimit_limit": "10", "x_ratelimit_remaining": "9"}, id="one missing"),
        pytest.param(
            {"x_ratelimit_limit": "ten", "x_ratelimit_remaining": "9", "x_ratelimit_reset": "1"}, id="in words"
        ),
        pytest.param(
            {"x_ratelimit_limit": "10", "x_ratelimit_remaining": "9", "x_ratelimit_reset": "NaN"}, id="JavaScript's NaN"
        ),
        pytest.param(
            {"x_ratelimit_limit": "10", "x_ratelimit_remaining": "9", "x_ratelimit_reset": "Infinity"}, id="never"
        ),
    ],
)
def test_without_a_whole_budget_there_is_none(headers: dict[str, str]) -> None:
    assert LIVECHAT.quota(answer(200, **headers)) is None


@pytest.mark.parametrize("limit", ["1" + "0" * 400, "0", "-3", "9" * 12])
def test_a_limit_beyond_reason_is_no_budget(limit: str) -> None:
    headers = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": "1", "x-ratelimit-reset": "1700000000000"}
    assert LIVECHAT.quota(Response(200, headers)) is None
