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
from campaign.channels.livechat import LIVECHAT
from campaign.channels.livechat.responses import REFUSALS, REPEATED_ID

FIRST = pytest.mark.parametrize(
    "again", [pytest.param(False, id="first attempt"), pytest.param(True, id="later attempt")]
)
REFUSED = (400, 404, 413, 422)
OVER = "over the server's limit (HTTP 429)"
TOO_LONG = "message-length-exceeds-character-limit"
RATE_LIMITED = (
    b'{"success":false,"error":"Error, too many requests. Please slow down. You must wait %s before trying this '
    b'endpoint again. [error-too-many-requests]"}'
)


def answer(status: int, content: object = b"", **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def refusal(error: str, **more: object) -> dict[str, object]:
    return {"success": False, "error": error, **more}


SAID = "the server refused the message: "
NOT_JSON = "the answer (HTTP 200) is not JSON: "
NO_MESSAGE = Indeterminate("the server answered 200 without the stored message")
TOO_LARGE = "the message is larger than the server accepts (HTTP 413)"
WITHOUT_RID = "must have required property 'rid' [invalid-params]"
SEE_OTHER = "the server redirects (HTTP 303) to /done; put the final address into [server] url"
OTHER_PROGRAM = "is not one of Rocket.Chat's livechat API: {}; check [server] url"
DOCUMENTED = {"message": {"_id": "djsajdkscks787", "rid": "r", "msg": "Hello World!"}, "success": True}
BODY = b'{"_id": "djsajdkscks787", "token": "t", "rid": "r", "msg": "Hello World!"}'
"""What all the answers below are about."""

ANOTHER = Indeterminate("the server answered 200 about another message than ours")
PAGE_WITH_200 = Indeterminate(f"{NOT_JSON}<html>Welcome", stop_after=3)


def other_program(status: int, said: str) -> Fatal:
    return Fatal(f"the server's answer (HTTP {status}) {OTHER_PROGRAM.format(said)}")


# What was received, the verdict on it, and its id.
AT_ANY_ATTEMPT = [
    (answer(200, DOCUMENTED), Sent("djsajdkscks787"), "200 as documented"),
    (answer(200), Indeterminate(f"{NOT_JSON}(nothing)"), "200 empty"),
    (answer(200, b"<html>Welcome"), PAGE_WITH_200, "200 HTML"),
    (answer(200, {**DOCUMENTED, "message": {"_id": "SOMEBODYELSE", "rid": "r"}}), ANOTHER, "200 with another id"),
    (answer(200, {**DOCUMENTED, "message": {"_id": "djsajdkscks787", "rid": "x"}}), ANOTHER, "200 with another room"),
    (answer(200, {**DOCUMENTED, "message": {"_id": "djsajdkscks787"}}), ANOTHER, "200 without a room"),
    (answer(200, b'{"succ'), Indeterminate(f'{NOT_JSON}{{"succ'), "200 cut off"),
    (answer(200, b"\xff\xfe\x00"), Indeterminate(f"{NOT_JSON}\ufffd\ufffd"), "200 not text"),
    (answer(200, []), Indeterminate(f"{NOT_JSON}[]"), "200 list"),
    (answer(200, "ok"), Indeterminate(f'{NOT_JSON}"ok"'), "200 string"),
    (answer(200, None), Indeterminate(f"{NOT_JSON}null"), "200 null"),
    (answer(204), Indeterminate("the answer (HTTP 204) is not JSON: (nothing)"), "204"),
    (answer(200, {}), NO_MESSAGE, "200 empty object"),
    (answer(200, refusal("oops")), NO_MESSAGE, "200 that denies"),
    (answer(200, {"success": True}), NO_MESSAGE, "200 without the message"),
    (answer(200, {"success": True, "message": {}}), NO_MESSAGE, "200 without an id"),
    (answer(200, {"success": True, "message": {"_id": 5}}), NO_MESSAGE, "200 with a number as id"),
    (answer(200, {"success": True, "message": "m1"}), NO_MESSAGE, "200 with text as message"),
    (answer(200, {"message": {"_id": "m1"}}), NO_MESSAGE, "200 without success"),
    (answer(200, {"success": "true", "message": {"_id": "m1"}}), NO_MESSAGE, "200 with success as text"),
    (answer(400, b"<html>Bad"), other_program(400, "<html>Bad"), "400 HTML"),
    (answer(404, b"<html>Not Found"), other_program(404, "<html>Not Found"), "404 HTML"),
    (answer(422, []), other_program(422, "[]"), "422 list"),
    (
        answer(404, {"message": "API endpoint not found"}),
        other_program(404, '{"message": "API endpoint not found"}'),
        "404 of the router",
    ),
    (answer(503, retry_after="5"), Indeterminate("server trouble (HTTP 503)", wait=5.0), "503"),
    (answer(303, location="/done"), Indeterminate(SEE_OTHER, stop_after=1), "303 may follow a message that was taken"),
    (
        answer(400, RATE_LIMITED % b"3 seconds"),
        Throttled("over the server's limit (HTTP 400)", 3.0),
        "limiter with 400",
    ),
    (
        answer(400, refusal("too many", errorType="error-too-many-requests")),
        Throttled("over the server's limit (HTTP 400)"),
        "limiter with 400 by its type",
    ),
    (answer(429, RATE_LIMITED % b"54 seconds"), Throttled(OVER, 54.0), "429 seconds in the text"),
    (answer(429, RATE_LIMITED % b"1 second"), Throttled(OVER, 1.0), "429 one second"),
    (answer(429, RATE_LIMITED % b"a while"), Throttled(OVER), "429 no number"),
    (answer(429, RATE_LIMITED % b"99999999999 seconds"), Throttled(OVER), "429 beyond reason"),
    (answer(429, RATE_LIMITED % b"54 seconds", retry_after="7"), Throttled(OVER, 7.0), "429 with Retry-After"),
]

# A refusal of the first attempt; of a later one it counts only after a read-back.
REFUSALS_OF_A_ROW = [
    (answer(400, refusal("invalid-token")), "invalid-token", f"{REFUSALS['invalid-token']} (invalid-token)"),
    (answer(400, refusal("invalid-room")), "invalid-room", f"{REFUSALS['invalid-room']} (invalid-room)"),
    (answer(400, refusal("room-closed [room-closed]")), "room-closed", f"{REFUSALS['room-closed']} (room-closed)"),
    (answer(400, refusal(TOO_LONG)), TOO_LONG, f"{REFUSALS[TOO_LONG]} ({TOO_LONG})"),
    *((answer(status, refusal("no such thing")), "no such thing", f"{SAID}no such thing") for status in REFUSED),
    (answer(400, refusal(WITHOUT_RID, errorType="invalid-params")), "invalid-params", f"{SAID}{WITHOUT_RID}"),
    (answer(400, {"success": False}), "HTTP …", f"{SAID}HTTP 400"),
    (answer(400, {"success": False, "message": "no"}), "no", f"{SAID}no"),
    (answer(400, {"success": False, "error": {"code": 7}}), "{…: …", f"{SAID}{{'code': 7}}"),
    (answer(400, refusal("two\nlines")), "two lines", f"{SAID}two lines"),
    (answer(400, b'{"success":false,"error":' + b"9" * 4301 + b"}"), "…", SAID + "9" * 299 + "…"),
    (answer(400, refusal("x" * 100_000)), "x" * 299 + "…", SAID + "x" * 299 + "…"),
    (answer(413, b"<html>Too Large"), "too large", f"{TOO_LARGE}; shorten the text"),
    (answer(413), "too large", f"{TOO_LARGE}; shorten the text"),
]


@FIRST
@pytest.mark.parametrize(("response", "verdict"), [pytest.param(*each, id=name) for *each, name in AT_ANY_ATTEMPT])
def test_a_response_is_read(response: Response, verdict: object, *, again: bool) -> None:
    assert LIVECHAT.read_response(response, BODY, again=again) == verdict


@pytest.mark.parametrize(
    ("response", "kind", "reason"),
    [pytest.param(*each, id=f"{each[0].status} {each[2][-30:]}") for each in REFUSALS_OF_A_ROW],
)
def test_a_refusal_counts_at_once_or_after_a_read_back(response: Response, kind: str, reason: str) -> None:
    assert LIVECHAT.read_response(response, BODY, again=False) == Refused(kind, reason)
    later = LIVECHAT.read_response(response, BODY, again=True)
    assert isinstance(later, Indeterminate)
    assert later.refusal == Refused(kind, reason)


@FIRST
def test_the_400_of_a_repeated_id_is_read_back_at_any_attempt(*, again: bool) -> None:
    verdict = LIVECHAT.read_response(answer(400, refusal(REPEATED_ID)), BODY, again=again)
    assert isinstance(verdict, Indeterminate)
    assert isinstance(verdict.refusal, Refused)
    assert REPEATED_ID in verdict.reason


# Read-back


@pytest.mark.parametrize(
    ("came", "found"),
    [
        pytest.param(answer(200, DOCUMENTED), Sent("djsajdkscks787"), id="there"),
        pytest.param(answer(400, refusal("invalid-message")), NotFound(), id="not there"),
        pytest.param(answer(400, refusal("invalid-room")), NotFound(), id="no such room"),
        pytest.param(
            answer(429, RATE_LIMITED % b"9 seconds"), Throttled("over the server's limit (HTTP 429)", 9.0), id="429"
        ),
        pytest.param(
            answer(400, RATE_LIMITED % b"9 seconds"),
            Throttled("over the server's limit (HTTP 400)", 9.0),
            id="400 limiter",
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
    assert LIVECHAT.read_back(came, BODY) == found


@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (302, 401, 403)])
def test_a_read_back_that_is_turned_away_stops_the_run(status: int) -> None:
    assert isinstance(LIVECHAT.read_back(answer(status), BODY), Fatal)


@pytest.mark.parametrize(
    "came",
    [
        pytest.param(answer(200, b"<html>"), id="200 HTML"),
        pytest.param(answer(200, {"success": True, "message": {"_id": "m2", "rid": "r"}}), id="200 about another"),
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
    found = LIVECHAT.read_back(came, BODY)
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
