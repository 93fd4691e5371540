"""How Kitechat's pages of conversations and its contacts are read."""

from __future__ import annotations

import json

import pytest

from campaign.channels import KITECHAT, LIVECHAT
from campaign.channels.base import Indeterminate, NoResponse, NotFound, Response, Throttled, Unreachable
from campaign.channels.conversations import Contact, ConversationPage, ListedConversation, conversations_of
from campaign.channels.kitechat.conversations import KitechatConversations
from campaign.channels.look_up import OtherForm, Period, Unavailable

CONVERSATIONS = KitechatConversations()


def page(*sessions: object) -> Response:
    return Response(200, {}, json.dumps({"success": True, "data": {"sessions": sessions}}).encode())


def session(*messages: object, **fields: object) -> dict[str, object]:
    return {"pageId": "p", "conversationId": "c", "leadId": "l", "messages": list(messages), **fields}


def message(text: str, at: int, **fields: object) -> dict[str, object]:
    return {"_id": "m", "message": text, "createdAt": at, "channel": "facebook", **fields}


def conversations(response: Response) -> tuple[ListedConversation, ...]:
    found = CONVERSATIONS.read(response)
    assert isinstance(found, ConversationPage)
    return found.conversations


def test_a_page_is_asked_for_as_the_look_up_does() -> None:
    request = CONVERSATIONS.request(Period(1_790_000_000.0, 1_790_000_060.0), 100, 1)
    assert request.url == "/messages?created_from=1790000000000&created_to=1790000060000&limit=100&offset=100"


def test_the_latest_message_of_a_session_counts() -> None:
    newer, older = message("sau", 1_790_000_002_000), message("trước", 1_790_000_001_000, channel="zalo")
    assert conversations(page(session(newer, older))) == (
        ListedConversation("p", "c", "l", "zalo", "sau", 1_790_000_002.0),
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(session(), ListedConversation("p", "c", "l"), id="no message"),
        pytest.param(session(createdAt=1_790_000_000_000), ListedConversation("p", "c", "l", at=1_790_000_000.0)),
        pytest.param(session(leadId=None), ListedConversation("p", "c"), id="nobody"),
        pytest.param(session(leadId=True, messages=None), ListedConversation("p", "c"), id="fields of other kinds"),
        pytest.param(session(pageId=7, leadId=8), ListedConversation("7", "c", "8"), id="numbers"),
        pytest.param(
            session({"attachments": {"data": [{"type": "image", "payload": {"url": "https://x.vn/a.png"}}]}}, "no"),
            ListedConversation("p", "c", "l", text="https://x.vn/a.png"),
            id="a file",
        ),
        pytest.param(
            session({"text": "one\ntwo\x1b[2J"}), ListedConversation("p", "c", "l", text="one two [2J"), id="one line"
        ),
    ],
)
def test_a_session_is_read(entry: object, expected: ListedConversation) -> None:
    assert conversations(page(entry)) == (expected,)


def test_what_is_not_in_the_documented_form_is_counted() -> None:
    found = CONVERSATIONS.read(page({"pageId": "p"}, "text", session()))
    assert isinstance(found, ConversationPage)
    assert (len(found.conversations), found.size, found.unread) == (1, 3, 2)


@pytest.mark.parametrize("field", ["pageId", "conversationId"])
@pytest.mark.parametrize("value", ["", " ", "c ", "c\n1", "c\x00", "c\ud83d", "c\u200b", "c" * 1_001, True])
def test_an_id_that_a_cell_would_change_is_not_understood(field: str, value: object) -> None:
    found = CONVERSATIONS.read(page(session(**{field: value})))
    assert isinstance(found, ConversationPage)
    assert (found.conversations, found.unread) == ((), 1)


def test_half_a_character_in_a_text_becomes_a_blank() -> None:
    (found,) = conversations(page(session({"text": "Chào \ud83d"}, leadId="l\ud83d")))
    assert (found.text, found.lead) == ("Chào", "l")


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        pytest.param(Response(400, {}, b"{}"), OtherForm, id="400"),
        pytest.param(Response(404), Unavailable, id="404"),
        pytest.param(Response(503), Throttled, id="503"),
        pytest.param(Response(502), Indeterminate, id="502"),
    ],
)
def test_what_is_in_the_way_of_a_page_is_read_as_the_look_up_does(response: Response, kind: type) -> None:
    assert isinstance(CONVERSATIONS.read(response), kind)


PERSON = {
    "leadId": "l",
    "name": "Khách\n01",
    "phones": ["0901", "0902", "0901"],
    "emails": [{"email": "a@x.vn"}, {"other": 1}],
    "tags": None,
}
KNOWN = Contact("Khách 01", "0901, 0902", "a@x.vn", "")


def told(content: object, status: int = 200) -> Response:
    return Response(status, {}, json.dumps(content).encode())


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        pytest.param(told([PERSON]), KNOWN, id="an array, as documented"),
        pytest.param(told({"success": True, "data": [PERSON]}), KNOWN, id="in data"),
        pytest.param(told({"data": {"contacts": [PERSON]}}), KNOWN, id="below data"),
        pytest.param(told(PERSON), KNOWN, id="one person"),
        pytest.param(told([{**PERSON, "leadId": None, "_id": "l"}]), KNOWN, id="by another id"),
        pytest.param(told([{**PERSON, "leadId": "other"}]), NotFound(), id="somebody else"),
        pytest.param(told([]), NotFound(), id="nobody"),
        pytest.param(told(None), NotFound(), id="null"),
        pytest.param(told({"message": "no such lead"}, 404), NotFound(), id="404"),
        pytest.param(Response(404, {}, b"<html>"), Unavailable, id="a page with 404"),
        pytest.param(told({}, 403), Unavailable, id="403"),
        pytest.param(told("text"), Unavailable, id="a text"),
        pytest.param(Response(200, {}, b"no JSON"), Indeterminate, id="no JSON"),
        pytest.param(Response(503), Throttled, id="503"),
        pytest.param(NoResponse("no way", request_left=False), Unreachable, id="not reached"),
        pytest.param(NoResponse("no way", request_left=False, permanent=True), Unavailable, id="never reached"),
    ],
)
def test_a_response_about_a_contact_is_read(response: Response | NoResponse, expected: object) -> None:
    found = CONVERSATIONS.read_contact(response, "l")
    assert isinstance(found, expected) if isinstance(expected, type) else found == expected


def test_a_contact_is_asked_for_by_its_lead() -> None:
    assert CONVERSATIONS.contact_request("a&b").url == "/contacts?contactType=lead&leadId=a%26b&page=1&limit=1"


def test_a_channel_offers_conversations_or_does_not() -> None:
    assert isinstance(conversations_of(KITECHAT), KitechatConversations)
    assert conversations_of(LIVECHAT) is None
    assert CONVERSATIONS.quota(Response(200)) is None
