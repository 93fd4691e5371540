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


def refused(status: int, said: str, kind: str = "") -> Refused:
    return Refused(f"{status} {kind or said}", f"the server refused the message (HTTP {status}): {said}")


def doubtful(status: int, said: str) -> Indeterminate:
    return Indeterminate(f"the answer (HTTP {status}) is not JSON: {said}")


def other_program(status: int, said: str) -> Fatal:
    return Fatal(f"the server's answer (HTTP {status}) is not one of Kitechat's API: {said}; check [server] url")


NO_PAGE = {"message": "no such page"}

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
    (answer(200, {**NO_PAGE, "status": 400}), refused(200, "no such page"), "200 status in the body"),
    (answer(200, {"code": 404}), refused(200, "404", "…"), "200 code in the body"),
    (answer(200, {"error": {"code": 7}}), refused(200, "{'code': 7}", "{…: …"), "200 object as error"),
    (answer(200), doubtful(200, "(nothing)"), "200 empty"),
    (answer(204), doubtful(204, "(nothing)"), "204"),
    (answer(200, b"<html>Welcome"), doubtful(200, "<html>Welcome"), "200 HTML"),
    (answer(200, b'{"id":"m'), doubtful(200, '{"id":"m'), "200 cut off"),
    (answer(200, []), doubtful(200, "[]"), "200 list"),
    (answer(200, "ok"), doubtful(200, '"ok"'), "200 string"),
    (answer(200, None), doubtful(200, "null"), "200 null"),
    (answer(200, True), doubtful(200, "true"), "200 true"),  # noqa: FBT003 - JSON's true
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
    assert KITECHAT.read_response(response, again=again) == verdict


def test_a_message_is_posted_as_it_was_frozen() -> None:
    assert KITECHAT.send_request(b"frozen") == Request("POST", "/kitechat/send-message", b"frozen")


def test_kitechat_cannot_be_asked_whether_a_message_is_there() -> None:
    assert KITECHAT.can_read_back is False
    with pytest.raises(NotImplementedError, match="documents no look-up"):
        KITECHAT.read_back_request(b"{}")
    with pytest.raises(NotImplementedError, match="documents no look-up"):
        KITECHAT.read_back(answer(200))


def test_kitechat_tells_no_budget() -> None:
    told = answer(200, x_ratelimit_limit="10", x_ratelimit_remaining="9", x_ratelimit_reset="1795262400500")
    assert KITECHAT.quota(told) is None


def test_the_key_travels_in_the_documented_header() -> None:
    assert [each.variable for each in KITECHAT.credentials] == ["KITECHAT_API_KEY"]
    assert dict(KITECHAT.auth_headers({"api_key": "k"})) == {"apikey": "k"}
