"""How Kitechat's responses are read."""

from __future__ import annotations

import json

import pytest

from campaign.channels.base import Fatal, Indeterminate, Refused, Request, Response, Sent, Throttled
from campaign.channels.kitechat import KITECHAT

FIRST = pytest.mark.parametrize(
    "again", [pytest.param(False, id="first attempt"), pytest.param(True, id="later attempt")]
)


def answer(status: int, content: object = b"", **headers: str) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def refused(status: int, why: str, kind: str = "", said: str = "") -> Refused:
    where = said or f"HTTP {status}"
    return Refused(f"{status} {kind or why}", f"the server refused the message ({where}): {why}")


BODY = b'{"pageId": "p", "conversationId": "c", "message": {"type": "text", "text": "Hello"}}'


def doubtful(status: int, said: str) -> Indeterminate:
    return Indeterminate(f"the answer (HTTP {status}) is not JSON: {said}")


def other_program(status: int, said: str) -> Fatal:
    return Fatal(f"the server's answer (HTTP {status}) is not one of Kitechat's API: {said}; check [server] url")


NO_PAGE = {"message": "no such page"}

DENYING: list[dict[str, object]] = [
    {"success": 0},
    {"success": "0"},
    {"code": 1},
    {"code": -1},
    {"code": "1001"},
    {"code": 99},
    {"code": 600},
    {"code": 1.5},
    {"error_code": 10},
    {"status": 7},
    {"result": "error"},
    {"result": "Failed"},
    {"result": "failure"},
    {"errors": ["a"]},
    {"data": {"error": "x"}},
    {"data": {"errors": [1]}},
    {"data": {"success": False}},
    {"success": True, "error": {"code": 5}},
    {"code": 200, "success": False},
    {"ok": 0},
    {"ok": "0"},
    {"result": 0},
    {"result": False},
    {"isSuccess": False},
    {"is_success": 0},
    {"data": {"isSuccess": False}},
    {"status": "rejected"},
    {"status": "Not sent"},
    {"result": "unauthorized"},
    {"ok": "no"},
    {"errorCode": 12},
    {"error": {"code": 100}},  # Facebook's own codes
    {"error": {"code": 551}},
    {"error": {"code": 200}},
    {"errors": [{"code": 7}]},
    {"error": 5},
]
DENIALS = [
    *((answer(200, {**NO_PAGE, **fields}), refused(200, "no such page"), f"200 {fields}") for fields in DENYING),
    (
        answer(200, {"data": {"error": "no such conversation"}}),
        refused(200, "no such conversation"),
        "200 error below data alone",
    ),
    (answer(200, b'{"message":"no","code":' + b"9" * 5000 + b"}"), refused(200, "no"), "200 with an endless code"),
]

AFFIRMING: list[dict[str, object]] = [
    {"success": None, "error": None},
    {"success": 1},
    {"code": 0},
    {"code": "0"},
    {"code": 201},
    {"code": "200"},
    {"code": 200.0},
    {"status": "queued"},
    {"result": "ok"},
    {"error": "", "errors": []},
    {"data": {"error": None, "errors": {}}},
    {"data": {"code": 190, "status": 3}},
    {"data": {"code": 551}},
    {"data": {"code": 500.5}},
    {"data": {"status": "rejected"}},
    {"data": [{"code": 500}]},
    {"statusCode": 200},
    {"errorCode": "0"},
    {"isSuccess": True, "ok": 1, "result": 1},
    {"isSuccess": None, "ok": None, "result": None},
    {"result": "notified", "status": "noted"},
    {"result": {"code": 500}},
    {"code": True},
    {"code": None},
    {"message": "error"},
]
AFFIRMATIONS = [(answer(200, fields), Sent(None), f"200 {fields}") for fields in AFFIRMING]

STATUSES_IN_BODIES = [
    (
        answer(200, {"code": 429}, retry_after="7"),
        Throttled("over the server's limit (HTTP 200, code 429)", 7.0),
        "429",
    ),
    (answer(200, {"status": 503}), Throttled("over the server's limit (HTTP 200, status 503)"), "503 in the body"),
    (answer(200, {"code": "500"}), Indeterminate("server trouble (HTTP 200, code 500)"), "500 in the body"),
    (answer(200, {"error_code": 504}), Indeterminate("server trouble (HTTP 200, error_code 504)"), "504 in the body"),
    (
        answer(200, {"code": 401, "message": "no key"}),
        Fatal('the server refuses access (HTTP 200, code 401): {"code": 401, "message": "no key"}'),
        "401 in the body",
    ),
    (
        answer(200, {"code": 0, "status": 401}),
        Fatal('the server refuses access (HTTP 200, status 401): {"code": 0, "status": 401}'),
        "401 beside a code of 0",
    ),
    (
        answer(200, {"statusCode": 401, "message": "no key"}),
        Fatal('the server refuses access (HTTP 200, statusCode 401): {"statusCode": 401, "message": "no key"}'),
        "statusCode 401",
    ),
    (answer(200, {"statusCode": 500}), Indeterminate("server trouble (HTTP 200, statusCode 500)"), "statusCode 500"),
    (answer(200, {"data": {"code": 500}}), Indeterminate("server trouble (HTTP 200, data.code 500)"), "500 in data"),
    (
        answer(200, {"error": {"code": 500, "message": "x"}}),
        Indeterminate("server trouble (HTTP 200, error.code 500)"),
        "500 in an error",
    ),
    (
        answer(200, {"success": False, "error": {"status": "429"}}, retry_after="3"),
        Throttled("over the server's limit (HTTP 200, error.status 429)", 3.0),
        "429 in an error",
    ),
    (
        answer(200, {"error": {"code": 401}}),
        Fatal('the server refuses access (HTTP 200, error.code 401): {"error": {"code": 401}}'),
        "401 in an error",
    ),
    (
        answer(200, {**NO_PAGE, "error": {"code": 404}}),
        refused(404, "no such page", said="HTTP 200, error.code 404"),
        "404 in an error",
    ),
    (answer(200, {"errors": [{"code": 503}]}), Throttled("over the server's limit (HTTP 200, errors.code 503)"), "503"),
    (answer(200, {"error": 502}), Indeterminate("server trouble (HTTP 200, error 502)"), "an error of 502"),
    (
        answer(200, {"data": {"error": {"code": 500}}}),
        Indeterminate("server trouble (HTTP 200, data.error.code 500)"),
        "500 in an error in data",
    ),
    (
        answer(200, {**NO_PAGE, "code": 400, "error": {"code": 500}}),
        refused(400, "no such page", said="HTTP 200, code 400"),
        "the body's own code counts before that of an error",
    ),
    (
        answer(303, location="/done"),
        Indeterminate(
            "the server redirects (HTTP 303) to /done; put the final address into [server] url", stop_after=1
        ),
        "303 may follow a message that was taken",
    ),
]

# What was received, the verdict on it, and its id; the same at every attempt, as Kitechat cannot be asked.
RESPONSES = [
    (answer(200, {}), Sent(None), "200 empty object"),
    (answer(201, {"success": True}), Sent(None), "201 that affirms"),
    (answer(200, {"status": "success", "error": None, "code": 200}), Sent(None), "200 that affirms in many words"),
    (answer(200, {"error": 0, "status": 0, "code": 0}), Sent(None), "200 error 0"),
    (answer(200, {"messageId": "m1", "id": "other"}), Sent("m1"), "200 messageId"),
    (answer(200, {"id": 7}), Sent("7"), "200 number as id"),
    (answer(200, {"data": {"mid": "m1"}}), Sent("m1"), "200 id below data"),
    (answer(200, {"data": ["m1"]}), Sent(None), "200 list below data"),
    (answer(200, {"id": True}), Sent(None), "200 boolean as id"),
    (answer(200, {"id": {"a": 1}}), Sent(None), "200 object as id"),
    (answer(200, {**NO_PAGE, "success": False}), refused(200, "no such page"), "200 success false"),
    (answer(201, {"success": "false", "msg": "no page"}), refused(201, "no page"), "201 success false as text"),
    (answer(200, {"ok": False, "error": "no such page"}), refused(200, "no such page"), "200 ok false"),
    (answer(200, {"error": "no such page"}), refused(200, "no such page"), "200 error"),
    (answer(200, {**NO_PAGE, "status": "Error"}), refused(200, "no such page"), "200 status as text"),
    (answer(200, {"status": "failed"}), refused(200, '{"status": "failed"}', "{…: …}"), "200 without a reason"),
    (
        answer(200, {**NO_PAGE, "status": 400}),
        refused(400, "no such page", said="HTTP 200, status 400"),
        "200 status in the body",
    ),
    (answer(200, {"code": 404}), refused(404, "404", "…", said="HTTP 200, code 404"), "200 code in the body"),
    (answer(200, {"error": {"code": 7}}), refused(200, "{'code': 7}", "{…: …"), "200 object as error"),
    (answer(200), Sent(None), "200 empty"),
    (answer(200, b" \r\n"), Sent(None), "200 blank"),
    (answer(204), Sent(None), "204"),
    (answer(200, b"<html>Welcome"), doubtful(200, "<html>Welcome"), "200 HTML"),
    (answer(200, b'{"id":"m'), doubtful(200, '{"id":"m'), "200 cut off"),
    (answer(200, []), Sent(None), "200 list"),
    (answer(200, ["m1"]), Sent(None), "200 list of ids"),
    (answer(200, "ok"), Sent(None), "200 string"),
    (answer(200, 0), doubtful(200, "0"), "200 number"),
    (answer(200, None), doubtful(200, "null"), "200 null"),
    (answer(200, True), Sent(None), "200 true"),  # noqa: FBT003 - JSON's true
    (answer(200, False), refused(200, "false"), "200 false"),  # noqa: FBT003 - JSON's false
    *DENIALS,
    *AFFIRMATIONS,
    *STATUSES_IN_BODIES,
    (answer(400, {"error": "a", "message": "b"}), refused(400, "b"), "400 message before error"),
    (answer(400), refused(400, "(nothing)"), "400 empty"),
    (answer(400, NO_PAGE), refused(400, "no such page"), "400"),
    (answer(404, NO_PAGE), refused(404, "no such page"), "404"),
    (answer(413, b"<html>Too Large"), refused(413, "<html>Too Large"), "413 HTML"),
    (answer(413, {"message": "too large"}), refused(413, "too large"), "413"),
    (answer(422, {"code": 12}), refused(422, "12", "…"), "422"),
    (answer(400, {"message": "x" * 100_000}), refused(400, "x" * 299 + "…"), "400 long"),
    (answer(400, {"message": 'no "a" on page 7'}), refused(400, 'no "a" on page 7', "no … on page …"), "400 with ids"),
    (answer(400, b" <html>Bad Request"), other_program(400, "<html>Bad Request"), "400 HTML"),
    (answer(404, b"<html>Not Found"), other_program(404, "<html>Not Found"), "404 HTML"),
    (answer(404, []), other_program(404, "[]"), "404 list"),
    (answer(422, b"<html>"), other_program(422, "<html>"), "422 HTML"),
    (answer(503, b"<html>"), Throttled("over the server's limit (HTTP 503)"), "503"),
    (answer(503, retry_after="30"), Throttled("over the server's limit (HTTP 503)", 30.0), "503 seconds"),
]


@FIRST
@pytest.mark.parametrize(("response", "verdict"), [pytest.param(*each, id=name) for *each, name in RESPONSES])
def test_a_response_is_read(response: Response, verdict: object, *, again: bool) -> None:
    assert KITECHAT.read_response(response, BODY, again=again) == verdict


def test_a_message_is_posted_as_it_was_frozen() -> None:
    assert KITECHAT.send_request(b"frozen") == Request("POST", "/kitechat/send-message", b"frozen")


def test_kitechat_cannot_be_asked_whether_a_message_is_there() -> None:
    assert KITECHAT.can_read_back is False
    with pytest.raises(NotImplementedError, match="documents no look-up"):
        KITECHAT.read_back_request(b"{}")
    with pytest.raises(NotImplementedError, match="documents no look-up"):
        KITECHAT.read_back(answer(200), BODY)


def test_kitechat_tells_no_budget() -> None:
    told = answer(200, x_ratelimit_limit="10", x_ratelimit_remaining="9", x_ratelimit_reset="1795262400500")
    assert KITECHAT.quota(told) is None


def test_the_key_travels_in_the_documented_header() -> None:
    assert [each.variable for each in KITECHAT.credentials] == ["KITECHAT_API_KEY"]
    assert dict(KITECHAT.auth_headers({"api_key": "k"})) == {"apikey": "k"}
