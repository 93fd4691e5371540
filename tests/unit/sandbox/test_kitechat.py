from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from campaign.channels.kitechat.sandbox import InvalidBodyError, check_body
from campaign.sandbox import RateLimit

from .conftest import KEY, KITECHAT_PATH, Client

if TYPE_CHECKING:
    from .conftest import Open

URL = "https://example.com/ảnh.png"
REPLY = {"type": "quick_replies", "text": "Có", "payload": "yes"}
LINK = {"type": "web_url", "text": "Xem", "url": URL}
CONTENT: dict[str, Any] = {
    "header": {"type": "image", "url": URL},
    "body": "Xin chào",
    "footer": "Cảm ơn",
    "buttons": [REPLY, LINK],
}


def body(message: object) -> dict[str, object]:
    return {"pageId": "p1", "conversationId": "c1", "message": message}


def template(**fields: object) -> dict[str, object]:
    return body({"type": "template", "template": fields})


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(body({"type": "text", "text": "Chào"}), id="text"),
        *(pytest.param(body({"type": kind, "url": URL}), id=kind) for kind in ("image", "video", "audio", "document")),
        pytest.param(template(body="x"), id="template of a body"),
        pytest.param(template(header={"type": "text", "text": "x"}), id="template of a text header"),
        pytest.param(template(**CONTENT), id="whole template"),
        pytest.param(template(**CONTENT, cards=[CONTENT, {"body": "x"}]), id="template with cards"),
        pytest.param(template(body="x", buttons=[], cards=[]), id="no buttons, no cards"),
    ],
)
def test_what_the_documentation_describes_is_accepted(document: object) -> None:
    check_body(document)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param(None, "body: must be an object", id="no JSON"),
        pytest.param([], "body: must be an object", id="array"),
        pytest.param({**body({}), "apikey": "x"}, "body.apikey: is not a documented field", id="extra field"),
        pytest.param({"conversationId": "c", "message": {}}, "body.pageId: is required", id="no pageId"),
        pytest.param({**body({}), "pageId": 12}, "body.pageId: must be a string", id="number as pageId"),
        pytest.param({**body({}), "conversationId": " "}, "body.conversationId: must not be blank", id="blank id"),
        pytest.param({"pageId": "p", "conversationId": "c"}, "body.message: is required", id="no message"),
        pytest.param(body("x"), "message: must be an object", id="text as message"),
        pytest.param(body({}), "message.type: is required", id="no type"),
        pytest.param(body({"type": "sticker"}), "message.type: must be one of text, image", id="unknown type"),
        pytest.param(body({"type": ["text"]}), "message.type: must be one of", id="list as type"),
        pytest.param(body({"type": "text"}), "message.text: is required", id="text without text"),
        pytest.param(body({"type": "text", "text": ""}), "message.text: must not be blank", id="blank text"),
        pytest.param(body({"type": "text", "text": 5}), "message.text: must be a string", id="number as text"),
        pytest.param(body({"type": "text", "text": "x", "id": "y"}), "message.id: is not a doc", id="extra in message"),
        pytest.param(body({"type": "image"}), "message.url: is required", id="image without url"),
        pytest.param(body({"type": "image", "url": "ftp://a/b"}), "message.url: must be an http", id="ftp"),
        pytest.param(body({"type": "image", "url": "javascript:x"}), "message.url: must be an http", id="javascript"),
        pytest.param(body({"type": "image", "url": "http://a b/"}), "message.url: must be an http", id="space in url"),
        pytest.param(body({"type": "image", "url": "http://[x/"}), "message.url: must be an http", id="broken host"),
        pytest.param(body({"type": "image", "url": "https:///x"}), "message.url: must be an http", id="no host"),
        pytest.param(body({"type": "template"}), "message.template: is required", id="no template"),
        pytest.param(template(), "message.template: must not be empty", id="empty template"),
        pytest.param(template(title="x"), "message.template.title: is not a doc", id="extra in template"),
        pytest.param(template(body=5), "message.template.body: must be a string", id="number as body"),
        pytest.param(template(header={}), "message.template.header.type: is required", id="empty header"),
        pytest.param(
            template(header={"type": "text", "url": URL}),
            "template.header.text: is required",
            id="text header, no text",
        ),
        pytest.param(
            template(header={"type": "video", "text": "x"}),
            "template.header.url: is required",
            id="video header, no url",
        ),
        pytest.param(template(buttons={}), "template.buttons: must be an array", id="object as buttons"),
        pytest.param(template(buttons=["x"]), r"buttons\[0\]: must be an object", id="text as button"),
        pytest.param(template(buttons=[{"text": "x"}]), r"buttons\[0\].type: is required", id="button without type"),
        pytest.param(
            template(buttons=[REPLY, {"type": "web_url", "text": "x"}]), r"buttons\[1\].url: is required", id="no url"
        ),
        pytest.param(
            template(buttons=[{"type": "quick_replies", "text": "x"}]), r"buttons\[0\].payload: is req", id="no payload"
        ),
        pytest.param(
            template(buttons=[{"type": "web_url", "url": URL}]), r"buttons\[0\].text: is required", id="button, no text"
        ),
        pytest.param(template(cards=[{}]), r"cards\[0\]: must not be empty", id="empty card"),
        pytest.param(
            template(cards=[{"body": "x", "cards": []}]), r"cards\[0\].cards: is not a documented", id="cards in a card"
        ),
    ],
)
def test_what_it_does_not_describe_is_refused_by_place(document: object, complaint: str) -> None:
    with pytest.raises(InvalidBodyError, match=complaint):
        check_body(document)


async def test_a_message_is_taken_and_gets_an_id(client: Client) -> None:
    reply = await client.kitechat({"type": "template", "template": CONTENT})
    assert reply.status == 200
    [entry] = client.sandbox.ledger.taken()
    assert reply.content == {"success": True, "messageId": entry.message_id}
    assert (entry.channel, entry.destination, entry.has_credentials) == ("kitechat", ("p1", "c1"), True)


async def test_the_key_is_nowhere_in_the_ledger(client: Client) -> None:
    await client.kitechat()
    assert KEY["apikey"] not in str(client.sandbox.ledger.as_json())


async def test_the_same_message_twice_is_stored_twice(client: Client) -> None:
    await client.kitechat()
    await client.kitechat()
    assert client.sandbox.ledger.taken_count == 2


async def test_a_body_that_is_not_as_documented_is_refused(client: Client) -> None:
    reply = await client.kitechat({"type": "image", "url": "x"})
    assert reply.status == 400
    assert reply.content == {"success": False, "message": "message.url: must be an http or https address"}
    assert client.sandbox.ledger.taken() == []


async def test_an_unknown_conversation_is_refused(client: Client) -> None:
    reply = await client.kitechat(conversationId="unknown-7")
    assert reply.status == 400
    assert reply.content == {"success": False, "message": "conversation not found"}


@pytest.mark.parametrize(
    ("accepted", "headers", "status"),
    [
        pytest.param(None, {"apikey": "any"}, 200, id="any key will do"),
        pytest.param(None, {}, 401, id="no key"),
        pytest.param(None, {"apikey": " "}, 401, id="blank key"),
        pytest.param("right", {"apikey": "right"}, 200, id="right key"),
        pytest.param("right", {"apikey": "wrong"}, 401, id="wrong key"),
        pytest.param("right", {}, 401, id="no key where one is set"),
    ],
)
async def test_the_key_decides(open_sandbox: Open, accepted: str | None, headers: dict[str, str], status: int) -> None:
    client = await open_sandbox(credentials={"api_key": accepted} if accepted else None)
    message = body({"type": "text", "text": "x"})
    reply = await client.ask("POST", KITECHAT_PATH, json=message, headers=headers)
    assert reply.status == status
    assert client.sandbox.ledger.taken_count == (status == 200)


async def test_over_the_limit_it_answers_503_and_no_more(open_sandbox: Open) -> None:
    client = await open_sandbox(limit=RateLimit(1, 60))
    assert (await client.kitechat()).status == 200
    refused = await client.kitechat()
    assert refused.status == 503
    assert not [name for name in refused.headers if "ratelimit" in name.lower() or name.lower() == "retry-after"]
    assert client.sandbox.ledger.taken_count == 1
