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


@FIRST
@pytest.mark.parametrize(
    ("content", "message_id"),
    [
        pytest.param({}, None, id="empty object"),
        pytest.param({"success": True}, None, id="says so"),
        pytest.param({"status": "success", "error": None, "code": 200}, None, id="says so in many words"),
        pytest.param({"error": 0, "status": 0, "code": 0}, None, id="error 0"),
        pytest.param({"messageId": "m1", "id": "other"}, "m1", id="messageId"),
        pytest.param({"id": 7}, "7", id="a number"),
        pytest.param({"data": {"mid": "m1"}}, "m1", id="below data"),
        pytest.param({"data": ["m1"]}, None, id="list below data"),
        pytest.param({"id": True}, None, id="a truth is no id"),
        pytest.param({"id": {"a": 1}}, None, id="an object is no id"),
    ],
)
def test_a_2xx_json_object_means_sent(content: object, message_id: str | None, *, again: bool) -> None:
    assert KITECHAT.read_response(answer(200, content), again=again) == Sent(message_id)
    assert KITECHAT.read_response(answer(201, content), again=again) == Sent(message_id)


@FIRST
@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param({"success": False, "message": "no such page"}, "no such page", id="success false"),
        pytest.param({"success": "false", "msg": "no such page"}, "no such page", id="success false in words"),
        pytest.param({"ok": False, "error": "no such page"}, "no such page", id="ok false"),
        pytest.param({"error": "no such page"}, "no such page", id="an error"),
        pytest.param({"status": "Error", "message": "no such page"}, "no such page", id="status in words"),
        pytest.param({"status": "failed"}, '{"status": "failed"}', id="no word why"),
        pytest.param({"status": 400, "message": "no such page"}, "no such page", id="status in the body"),
        pytest.param({"code": 404}, "404", id="code in the body"),
        pytest.param({"error": {"code": 7}}, "{'code': 7}", id="an object"),
    ],
)
def test_a_2xx_that_says_failure_fails_the_row_as_it_says(content: object, said: str, *, again: bool) -> None:
    verdict = KITECHAT.read_response(answer(200, content), again=again)
    assert isinstance(verdict, Refused)
    assert verdict.reason == f"the server refused the message (HTTP 200): {said}"


@FIRST
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Welcome", id="HTML"),
        pytest.param(b'{"id":"m', id="cut off"),
        pytest.param([], id="list"),
        pytest.param("ok", id="string"),
        pytest.param(None, id="null"),
        pytest.param(True, id="true"),
    ],
)
def test_a_2xx_that_is_no_json_object_leaves_the_row_in_doubt(content: object, *, again: bool) -> None:
    for status in (200, 204):
        verdict = KITECHAT.read_response(answer(status, content), again=again)
        assert isinstance(verdict, Indeterminate)
        assert verdict.refusal is None


@FIRST
@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        pytest.param(400, {"message": "invalid input"}, "invalid input", id="400"),
        pytest.param(400, {"error": "a", "message": "b"}, "b", id="400 message before error"),
        pytest.param(400, b"", "(nothing)", id="400 empty"),
        pytest.param(404, {"message": "no conversation"}, "no conversation", id="404"),
        pytest.param(413, b"<html>Too Large", "<html>Too Large", id="413 HTML"),
        pytest.param(413, {"message": "too large"}, "too large", id="413"),
        pytest.param(422, {"code": 12}, "12", id="422"),
    ],
)
def test_a_refusal_fails_the_row(status: int, content: object, said: str, *, again: bool) -> None:
    verdict = KITECHAT.read_response(answer(status, content), again=again)
    assert isinstance(verdict, Refused)
    assert verdict.reason == f"the server refused the message (HTTP {status}): {said}"
    assert verdict.kind.startswith(f"{status} ")


def test_a_proxys_page_is_no_refusal_of_the_row() -> None:
    assert isinstance(KITECHAT.read_response(answer(400, b" <html>Bad Request"), again=False), Fatal)


def test_refusals_that_differ_in_ids_alone_are_of_one_kind() -> None:
    said = ('no conversation "a" on page 7', 'no conversation "b" on page 12')
    verdicts = [KITECHAT.read_response(answer(400, {"message": text}), again=False) for text in said]
    assert len({verdict.kind for verdict in verdicts if isinstance(verdict, Refused)}) == 1


def test_a_refusal_of_any_length_becomes_a_reason_that_people_can_read() -> None:
    verdict = KITECHAT.read_response(answer(400, {"message": "x" * 100_000}), again=False)
    assert isinstance(verdict, Refused)
    assert len(verdict.reason) < 400


@FIRST
@pytest.mark.parametrize("status", [pytest.param(each, id=str(each)) for each in (404, 422)])
@pytest.mark.parametrize("content", [pytest.param(b"<html>Not Found", id="HTML"), pytest.param([], id="JSON list")])
def test_a_404_or_422_that_is_not_the_apis_comes_from_another_program(
    status: int, content: object, *, again: bool
) -> None:
    verdict = KITECHAT.read_response(answer(status, content), again=again)
    assert isinstance(verdict, Fatal)
    assert f"HTTP {status}) is not one of Kitechat's API" in verdict.reason


@FIRST
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        pytest.param({}, None, id="untold"),
        pytest.param({"retry_after": "30"}, 30.0, id="seconds"),
    ],
)
def test_503_means_slow_down(headers: dict[str, str], wait: float | None, *, again: bool) -> None:
    verdict = KITECHAT.read_response(answer(503, b"<html>", **headers), again=again)
    assert verdict == Throttled("over the server's limit (HTTP 503)", wait)


def test_rows_refused_alike_are_of_one_kind_and_others_are_not() -> None:
    kinds = []
    for status, message in ((400, "bad page"), (400, "bad page"), (400, "bad url"), (404, "bad page")):
        verdict = KITECHAT.read_response(answer(status, {"message": message}), again=False)
        assert isinstance(verdict, Refused)
        kinds.append(verdict.kind)
    assert kinds[0] == kinds[1]
    assert len(set(kinds)) == 3


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
