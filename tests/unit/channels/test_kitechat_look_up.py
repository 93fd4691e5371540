"""How Kitechat's list of messages is asked for and read, and what a message is recognised by."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.channels.base import LONGEST_RESPONSE, Indeterminate, NoResponse, Response, Throttled, Unreachable
from campaign.channels.kitechat.content import content_of, folded, parts_of
from campaign.channels.kitechat.look_up import LONGEST_PAGE, KitechatLookUp
from campaign.channels.look_up import ListPage, OtherForm, Period, Sought, Unavailable, look_up_of

LOOK_UP = KitechatLookUp()
NOON = 1_800_000_000.0
PERIOD = Period(NOON - 0.25, NOON + 60.25)
PAGE = b"<html><body>Sign in first.</body></html>"


def answer(*messages: dict[str, object], **session: object) -> Response:
    named = {"pageId": "p", "conversationId": "c", **session, "messages": list(messages)}
    return Response(200, {}, json.dumps({"success": True, "data": {"sessions": [named]}}).encode())


def message(**fields: object) -> dict[str, object]:
    return {
        "_id": "m1",
        "isOutboundMessage": True,
        "createdAt": NOON * 1000,
        "text": "Chào",
        "channel": "zalo",
        **fields,
    }


def page_of(response: Response) -> ListPage:
    found = LOOK_UP.read(response)
    assert isinstance(found, ListPage)
    return found


def test_kitechat_has_a_look_up_and_livechat_has_none() -> None:
    assert isinstance(look_up_of(KITECHAT), KitechatLookUp)
    assert look_up_of(LIVECHAT) is None


@pytest.mark.parametrize(
    ("form", "times"),
    [
        pytest.param(0, ("2027-01-15T07:59:59.000Z", "2027-01-15T08:01:01.000Z"), id="ISO 8601"),
        pytest.param(1, ("1799999999000", "1800000061000"), id="milliseconds"),
    ],
)
def test_a_period_is_rounded_outwards(form: int, times: tuple[str, str]) -> None:
    request = LOOK_UP.request(PERIOD, 300, form)
    parts = urlsplit(request.url)
    expected = {"created_from": times[0], "created_to": times[1], "limit": "100", "offset": "300"}
    assert (request.method, parts.path, request.body) == ("GET", "/messages", None)
    assert dict(parse_qsl(parts.query)) == expected


def test_there_are_two_forms() -> None:
    assert LOOK_UP.forms == 2


def test_a_page_has_the_messages_of_its_sessions() -> None:
    found = page_of(answer(message(), message(_id="m2", isOutboundMessage=False, text="Vâng"), pageId=7))
    first, second = found.messages
    assert (found.size, found.unread) == (1, 0)
    assert (first.message_id, first.conversation, first.outbound, first.created) == ("m1", ("7", "c"), True, NOON)
    assert first.content == {"Chào"}
    assert first.texts == {"m1", "Chào", "zalo"}
    assert second.outbound is False


def test_a_page_without_sessions_is_the_last() -> None:
    assert page_of(Response(200, {}, b'{"success":true,"data":{"sessions":[]}}')) == ListPage((), 0)


@pytest.mark.parametrize(
    ("fields", "created", "precision", "zoned"),
    [
        pytest.param({"createdAt": 1_800_000_000_250}, NOON + 0.25, 0.001, True, id="milliseconds"),
        pytest.param({"createdAt": "1800000000250"}, NOON + 0.25, 0.001, True, id="milliseconds as text"),
        pytest.param({"createdAt": 1_800_000_000}, NOON, 1.0, True, id="seconds"),
        pytest.param({"createdAt": "2027-01-15T08:00:00.250Z"}, NOON + 0.25, 0.001, True, id="ISO 8601"),
        pytest.param({"createdAt": "2027-01-15T15:00:00+07:00"}, NOON, 1.0, True, id="ISO 8601 in another zone"),
        pytest.param({"createdAt": "2027-01-15T08:00:00"}, NOON, 1.0, False, id="ISO 8601 without a zone"),
        pytest.param({"createdAt": None, "created_at": NOON * 1000}, NOON, 0.001, True, id="another field"),
        pytest.param({"createdAt": None, "_id": "6b49d2000123456789abcdef"}, NOON, 1.0, True, id="an ObjectId"),
        pytest.param({"createdAt": "soon"}, None, 0.0, True, id="no time"),
        pytest.param({"createdAt": True}, None, 0.0, True, id="a truth value"),
        pytest.param({"createdAt": 10**300}, None, 0.0, True, id="no number of seconds"),
    ],
)
def test_when_a_message_was_created_is_read_from_what_there_is(
    fields: dict[str, object], created: float | None, precision: float, *, zoned: bool
) -> None:
    (found,) = page_of(answer(message(**fields))).messages
    assert (found.created, found.precision, found.zoned) == (created, precision, zoned)


@pytest.mark.parametrize(
    ("field", "error"),
    [
        pytest.param("", "", id="an empty text"),
        pytest.param(None, "", id="null"),
        pytest.param({}, "", id="an empty object"),
        pytest.param("(#551) not\navailable", "(#551) not available", id="a text"),
        pytest.param({"code": 551}, '{"code": 551}', id="an object"),
        pytest.param({"code": 0, "message": ""}, "", id="an object that says that there is none"),
        pytest.param({"code": 0, "message": "Away"}, '{"code": 0, "message": "Away"}', id="an object with a text"),
        pytest.param(" ", "", id="white space"),
        pytest.param("null", "", id="null as text"),
        pytest.param([{"message": None}], "", id="an array of nothing"),
    ],
)
def test_an_error_of_a_message_is_read(field: object, error: str) -> None:
    (found,) = page_of(answer(message(errorMessage=field))).messages
    assert found.error == error


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        pytest.param({"message": "Chào"}, {"Chào"}, id="message"),
        pytest.param({"message": {"text": "Chào", "type": "text"}}, {"Chào"}, id="a text within"),
        pytest.param({"messageText": "Chào", "contentType": "text"}, {"Chào"}, id="names of several words"),
        pytest.param({"msg_body": "Xin  chào"}, {"Xin chào"}, id="white space"),
        pytest.param(
            {"attachments": {"data": [{"type": "image", "payload": {"url": "https://x.example/a.png"}}]}},
            {"https://x.example/a.png"},
            id="a file",
        ),
        pytest.param(
            {"attachments": {"data": [{"type": "image", "title": "a.png", "thumbnailUrl": "https://x.example/s.png"}]}},
            set(),
            id="the name of a file, and a smaller picture",
        ),
        pytest.param(
            {"header": {"type": "text", "text": "Ưu đãi"}, "body": "Chào", "buttons": [{"title": "Xem", "type": "x"}]},
            {"Ưu đãi", "Chào", "Xem"},
            id="parts",
        ),
        pytest.param({"text": "Vâng", "replyTo": {"text": "Chào"}}, {"Vâng"}, id="a message that is replied to"),
        pytest.param({"text": "Vâng", "quotedMessage": "Chào"}, {"Vâng"}, id="a message that is quoted"),
        pytest.param({"text": "Vâng", "status": "sent", "type": "text"}, {"Vâng"}, id="states and types"),
        pytest.param({"text": "Vâng", "sender": {"message": "Chào"}}, {"Vâng"}, id="what is said of a person"),
        pytest.param({"text": "", "nội_dung": "Chào"}, set(), id="a name that says nothing"),
    ],
)
def test_content_is_in_fields_whose_names_say_so(fields: dict[str, object], content: set[str]) -> None:
    (found,) = page_of(answer({"_id": "m1", "isOutboundMessage": True, "errorMessage": "Chào bạn", **fields})).messages
    assert found.content == content
    assert found.texts >= content | {"Chào bạn"}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("text", id="no object"),
        pytest.param({"isOutboundMessage": True}, id="without an id"),
        pytest.param({"_id": 7}, id="an id that is no text"),
    ],
)
def test_what_is_no_message_is_counted_and_left_out(odd: Any) -> None:  # noqa: ANN401
    found = page_of(answer(message(), odd))
    assert (len(found.messages), found.unread) == (1, 1)


@pytest.mark.parametrize("session", [{"pageId": None}, {"conversationId": ["c"]}], ids=["no page", "no conversation"])
def test_a_session_that_cannot_be_placed_is_counted(session: dict[str, object]) -> None:
    assert page_of(answer(message(), **session)) == ListPage((), 1, unread=1)


def test_a_message_that_does_not_say_whether_it_was_sent_out_says_so() -> None:
    (found,) = page_of(answer(message(isOutboundMessage="yes"))).messages
    assert found.outbound is None


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        pytest.param(Response(400, {}, b'{"success":false,"message":"created_from"}'), OtherForm, id="400"),
        pytest.param(Response(400, {}, b""), OtherForm, id="400 without a body"),
        pytest.param(Response(400, {}, PAGE), Unavailable, id="400 of a proxy"),
        pytest.param(Response(401, {}, b"{}"), Unavailable, id="401"),
        pytest.param(Response(403, {}, PAGE), Unavailable, id="403"),
        pytest.param(Response(404, {}, PAGE), Unavailable, id="404"),
        pytest.param(Response(302, {"location": "/login"}, b""), Unavailable, id="a redirect"),
        pytest.param(Response(303, {"location": "/login"}, b""), Unavailable, id="303"),
        pytest.param(Response(200, {}, b'{"success":false,"message":"no permission"}'), Unavailable, id="a denial"),
        pytest.param(Response(200, {}, b'{"success":true,"data":[]}'), Unavailable, id="another shape"),
        pytest.param(Response(200, {}, b"[]"), Unavailable, id="an array"),
        pytest.param(Response(200, {}, b'{"code":503}'), Throttled, id="503 in the body"),
        pytest.param(Response(200, {}, b'{"status":500}'), Indeterminate, id="500 in the body"),
        pytest.param(Response(200, {}, PAGE), Indeterminate, id="a page"),
        pytest.param(Response(200, {}, b'{"success": tr'), Indeterminate, id="cut JSON"),
        pytest.param(Response(429, {}, PAGE), Throttled, id="429"),
        pytest.param(Response(503, {}, PAGE), Throttled, id="503"),
        pytest.param(Response(502, {}, PAGE), Indeterminate, id="502"),
        pytest.param(NoResponse("no answer within 30 s", request_left=True), Indeterminate, id="no answer"),
        pytest.param(NoResponse("refused", request_left=False), Unreachable, id="no connection"),
        pytest.param(NoResponse("TLS", request_left=False, permanent=True), Unavailable, id="no TLS"),
    ],
)
def test_what_is_no_list_says_what_is_in_the_way(response: Response | NoResponse, verdict: type) -> None:
    assert isinstance(LOOK_UP.read(response), verdict)


def test_a_page_in_place_of_the_list_counts_once_it_came_three_times() -> None:
    found = LOOK_UP.read(Response(200, {}, PAGE))
    assert isinstance(found, Indeterminate)
    assert found.stop_after == 3


def test_a_wait_that_is_asked_for_is_read() -> None:
    found = LOOK_UP.read(Response(503, {"retry-after": "7"}, PAGE))
    assert isinstance(found, Throttled)
    assert found.wait == 7


@pytest.mark.parametrize("body", [b"", b"\xff", b"null", b"1" * 5000, b"[" * 100_000, b'{"data":{"sessions":[[[]]]}}'])
def test_no_body_is_too_odd_to_be_read(body: bytes) -> None:
    for status in (200, 400, 404, 500):
        assert not isinstance(LOOK_UP.read(Response(status, {}, body)), ListPage)


TEMPLATE = {
    "header": {"type": "text", "text": "Ưu đãi"},
    "body": "Xin chào\nAn",
    "footer": "Shop",
    "buttons": [{"type": "web_url", "text": "Xem", "url": "https://x.example"}],
}


ALL_OF_IT = {"Ưu đãi", "Xin chào An", "Shop", "Xem", "https://x.example"}


@pytest.mark.parametrize(
    ("payload", "content", "more"),
    [
        pytest.param({"type": "text", "text": "Xin\n chào"}, {"Xin chào"}, set(), id="text"),
        pytest.param(
            {"type": "text", "text": "Chào", "url": "https://x.example"},
            {"Chào"},
            {"https://x.example"},
            id="text with an address",
        ),
        pytest.param(
            {"type": "text", "text": "Xem https://x.example/a nhé"},
            {"Xem https://x.example/a nhé"},
            {"https://x.example/a"},
            id="an address within a text",
        ),
        pytest.param(
            {"type": "image", "url": "https://x.example/a.png", "text": "a"},
            {"https://x.example/a.png"},
            {"a"},
            id="file",
        ),
        pytest.param({"type": "template", "template": TEMPLATE}, {"Xin chào An"}, ALL_OF_IT, id="template"),
        pytest.param(
            {"type": "template", "template": {"cards": [{"body": "một", "footer": "f"}, {"body": "hai"}]}},
            {"một", "hai"},
            {"f"},
            id="cards",
        ),
        pytest.param(
            {"type": "template", "template": {"header": TEMPLATE["header"], "footer": "Shop"}},
            {"Ưu đãi", "Shop"},
            set(),
            id="a template without a body",
        ),
    ],
)
def test_a_message_is_recognised_by_its_content_and_what_it_may_show_besides(
    payload: dict[str, Any], content: set[str], more: set[str]
) -> None:
    assert content_of(payload) == content
    assert parts_of(payload) == content | more
    body = json.dumps({"pageId": "p", "conversationId": "c", "message": payload}).encode()
    assert LOOK_UP.sought(body) == Sought(("p", "c"), frozenset(content), frozenset(content | more), payload["type"])


@pytest.mark.parametrize(
    ("payload", "shown", "same"),
    [
        pytest.param({"type": "text", "text": "sent"}, {"message": "Chào", "status": "sent"}, False, id="a state"),
        pytest.param(
            {"type": "text", "text": "Chào"}, {"message": "Vâng", "replyTo": {"text": "Chào"}}, False, id="a quotation"
        ),
        pytest.param(
            {"type": "image", "url": "https://x.example/a.png"},
            {"header": {"url": "https://x.example/a.png"}, "body": "Chào"},
            False,
            id="the header of a template",
        ),
        pytest.param(
            {"type": "text", "text": "Chào"}, {"message": {"body": "Chào", "footer": "Shop"}}, False, id="a template"
        ),
        pytest.param(
            {"type": "template", "template": {"body": "Chào", "footer": "Shop"}},
            {"message": {"body": "Chào"}},
            True,
            id="a template of which the body is shown",
        ),
        pytest.param(
            {"type": "template", "template": {"cards": [{"body": "A"}]}},
            {"cards": [{"body": "A"}, {"body": "B"}]},
            False,
            id="more cards",
        ),
        pytest.param(
            {"type": "template", "template": {"cards": [{"body": "A"}, {"body": "B"}]}},
            {"cards": [{"body": "A"}]},
            False,
            id="fewer cards",
        ),
        pytest.param(
            {"type": "template", "template": {"body": "Chào", "header": {"type": "text", "text": "Đơn 1"}}},
            {"message": "Chào", "header": {"text": "Đơn 2"}},
            False,
            id="another header",
        ),
        pytest.param(
            {"type": "text", "text": "Xem https://x.example/a"},
            {"message": "Xem https://x.example/a", "shares": {"data": [{"link": "https://x.example/a"}]}},
            True,
            id="the page that a text names",
        ),
        pytest.param(
            {"type": "text", "text": "Chào"},
            {"message": "Chào", "attachments": {"data": [{"type": "image", "url": "https://x.example/a.png"}]}},
            False,
            id="a picture beside the text",
        ),
    ],
)
def test_a_message_is_the_same_where_nothing_that_is_shown_contradicts(
    payload: dict[str, Any], shown: dict[str, object], *, same: bool
) -> None:
    body = json.dumps({"pageId": "p", "conversationId": "c", "message": payload}).encode()
    (found,) = page_of(answer({"_id": "m1", "isOutboundMessage": True, **shown})).messages
    assert LOOK_UP.sought(body).is_shown_by(found) is same


def test_a_text_in_an_unknown_field_may_be_the_message() -> None:
    body = json.dumps({"pageId": "p", "conversationId": "c", "message": {"type": "text", "text": "Chào"}}).encode()
    (found,) = page_of(answer({"_id": "m1", "isOutboundMessage": True, "nội_dung": "Chào"})).messages
    assert LOOK_UP.sought(body).may_be(found)
    assert not LOOK_UP.sought(body).is_shown_by(found)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "nested too deeply", id="nested"),
        pytest.param(b'{"x":"' + b"x" * LONGEST_PAGE, "longer than 32 MB", id="long"),
    ],
)
def test_a_page_that_is_json_and_too_much_of_it_is_called_so(body: bytes, said: str) -> None:
    found = LOOK_UP.read(Response(200, {}, body))
    assert isinstance(found, Unavailable)
    assert said in found.reason


def test_more_is_read_of_a_page_than_of_the_response_to_a_message() -> None:
    assert LOOK_UP.request(PERIOD, 0, 0).longest == LONGEST_PAGE > LONGEST_RESPONSE


def test_texts_that_differ_in_composition_and_white_space_are_equal() -> None:
    assert folded("Cha\u0300o \n bạn ") == folded("Chào\tbạn")
