"""Rocket.Chat's part for its users, over a real socket: what the public server source does, in its order."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from campaign.channels import ROCKETCHAT
from campaign.channels.base import Indeterminate, Response, Sent
from campaign.sandbox import RateLimit

from .conftest import CHAT_PATH, USER, Client, Reply

if TYPE_CHECKING:
    from .conftest import Open

SEND = f"{CHAT_PATH}sendMessage"
URL = "https://example.com/a.png"
LOGGED_OUT = {"status": "error", "message": "You must be logged in to do this."}


def response_of(reply: Reply) -> Response:
    return Response(reply.status, {}, json.dumps(reply.content).encode())


async def read_back(client: Client, message_id: str, **more: str) -> Reply:
    return await client.ask("GET", f"{CHAT_PATH}getMessage", params={"msgId": message_id, **more}, headers=USER)


async def delete(client: Client, message_id: str, room: str = "r1", **more: object) -> Reply:
    body = {"msgId": message_id, "roomId": room, **more}
    return await client.ask("POST", f"{CHAT_PATH}delete", json=body, headers=USER)


async def test_a_message_is_stored_under_the_users_name(client: Client) -> None:
    reply = await client.chat(_id="m1", alias="Shop", attachments=[{"image_url": URL}])
    assert reply.status == 200
    message = reply.content["message"]
    assert reply.content == {"message": message, "success": True}
    stamp = message.pop("ts")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    assert message == {
        "_id": "m1",
        "rid": "r1",
        "msg": "Chào bạn",
        "alias": "Shop",
        "attachments": [{"image_url": URL}],
        "u": {"_id": "u1", "username": "agent", "name": "Agent"},
        "_updatedAt": stamp,
        "urls": [],
        "mentions": [],
        "channels": [],
        "md": [{"type": "PARAGRAPH", "value": [{"type": "PLAIN_TEXT", "value": "Chào bạn"}]}],
    }


async def test_a_message_is_in_the_ledger_and_the_credentials_are_not(client: Client) -> None:
    await client.chat(_id="m1")
    [entry] = client.sandbox.ledger.taken()
    assert (entry.channel, entry.message_id, entry.destination) == ("rocketchat", "m1", ("room", "r1"))
    assert (entry.status, entry.has_credentials) == (200, True)
    assert "the-token" not in str(entry.as_json())


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"X-Auth-Token": "the-token"}, id="no user"),
        pytest.param({"X-User-Id": "u1"}, id="no token"),
        pytest.param({**USER, "X-Auth-Token": "another"}, id="another token"),
        pytest.param({**USER, "X-User-Id": "u2"}, id="another user"),
    ],
)
async def test_who_is_not_logged_in_is_refused_before_the_limiter(open_sandbox: Open, headers: dict[str, str]) -> None:
    known = {"auth_token": "the-token", "user_id": "u1"}
    client = await open_sandbox(credentials=known, limit=RateLimit(1, 60))
    for _ in range(2):
        reply = await client.chat(headers)
        assert (reply.status, reply.content) == (401, LOGGED_OUT)
    assert (await client.chat()).status == 200


@pytest.mark.parametrize(
    ("message_id", "status", "content"),
    [
        pytest.param("m1", 200, {"success": True}, id="success without a message"),
        pytest.param(
            "m4", 400, {"success": False, "error": "Cannot read properties of undefined (reading 'starred')"}, id="400"
        ),
    ],
)
async def test_a_repeated_id_stores_nothing(
    client: Client, message_id: str, status: int, content: dict[str, object]
) -> None:
    await client.chat(_id=message_id)
    reply = await client.chat(_id=message_id, msg="again")
    assert (reply.status, reply.content) == (status, content)
    assert client.sandbox.ledger.taken_count == 1
    frozen = json.dumps({"message": {"_id": message_id, "rid": "r1", "msg": "again"}}).encode()
    for again in (False, True):
        assert isinstance(ROCKETCHAT.read_response(response_of(reply), frozen, again=again), Indeterminate)
    found = await read_back(client, message_id)
    assert ROCKETCHAT.read_back(response_of(found), frozen) == Sent(message_id)


@pytest.mark.parametrize("given", [pytest.param({}, id="none"), pytest.param({"_id": None}, id="null")])
async def test_a_message_without_an_id_is_given_one(client: Client, given: dict[str, object]) -> None:
    first, second = [(await client.chat(**given)).content["message"]["_id"] for _ in range(2)]
    assert first != second


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param([], "must be object", id="array"),
        pytest.param({}, "must have required property 'message'", id="nothing"),
        pytest.param({"message": "x"}, "must be object", id="a text as message"),
        pytest.param({"message": {}, "msg": "x"}, "must NOT have additional properties", id="a field beside it"),
        pytest.param({"message": {"rid": None}}, "must be string", id="null as rid"),
        pytest.param({"message": {"rid": "r", "msg": 5}}, "must be string", id="number as msg"),
        pytest.param({"message": {"rid": "r", "attachments": {}}}, "must be array", id="object as attachments"),
        pytest.param({"message": {"rid": "r", "attachments": ["x"]}}, "must be object", id="text as attachment"),
    ],
)
async def test_a_body_outside_the_schema_is_refused(client: Client, body: object, problem: str) -> None:
    reply = await client.ask("POST", SEND, json=body, headers=USER)
    assert reply.status == 400
    assert reply.content == {"success": False, "error": f"{problem} [invalid-params]", "errorType": "invalid-params"}


async def test_what_is_no_json_counts_as_an_empty_body(client: Client) -> None:
    reply = await client.ask("POST", SEND, data=b"{", headers={**USER, "Content-Type": "application/json"})
    assert reply.content["error"] == "must have required property 'message' [invalid-params]"


BUTTON = {"type": "button", "text": "Xem"}
HREF = "Invalid href value provided"
INCOMPLETE = "Invalid attachment field, title and value is required"


@pytest.mark.parametrize(
    ("attachment", "error"),
    [
        pytest.param({"text": 5}, "Match error: Expected string, got int in field text", id="number as text"),
        pytest.param({"image_url": "a.png"}, HREF, id="a file's name"),
        pytest.param({"title_link": "javascript:alert(1)"}, HREF, id="a script"),
        pytest.param({"collapsed": "no"}, "Match error: Expected boolean, got str in field collapsed", id="no boolean"),
        pytest.param({"fields": {}}, "Match error: Expected array in field fields", id="object as fields"),
        pytest.param({"fields": ["x"]}, INCOMPLETE, id="text as field"),
        pytest.param({"fields": [{"title": "Giá"}]}, INCOMPLETE, id="a field without a value"),
        pytest.param(
            {"fields": [{"title": "Giá", "value": []}]},
            "Match error: Match.OneOf, Match.Maybe or Match.Optional validation failed in field value",
            id="array as value",
        ),
        pytest.param({"actions": ["x"]}, "Match error: Failed Match.Where validation", id="text as action"),
        pytest.param({"actions": [{**BUTTON, "url": "x"}]}, HREF, id="a button to nowhere"),
    ],
)
async def test_a_wrong_attachment_is_refused(client: Client, attachment: dict[str, object], error: str) -> None:
    reply = await client.chat(attachments=[{"title": "Áo dài"}, attachment])
    assert (reply.status, reply.content) == (400, {"success": False, "error": error})


async def test_unknown_fields_are_stored_and_a_picture_may_be_of_the_server_itself(client: Client) -> None:
    reply = await client.chat(avatar="/avatar/shop", unheard_of=1, attachments=[{"title": "x", "unheard_of": 1}])
    assert (reply.status, reply.content["message"]["unheard_of"]) == (200, 1)
    assert (await client.chat(avatar="face")).content["error"] == HREF


TOO_LONG = "Message size exceeds Message_MaxAllowedSize [error-message-size-exceeded]"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"rid": "unknown-1"}, "error-invalid-room", id="unknown room"),
        pytest.param({"rid": "foreign-1"}, "error-not-allowed", id="somebody else's room"),
        pytest.param({"rid": "muted-1"}, "You_have_been_muted", id="muted"),
        pytest.param(
            {"rid": "readonly-1"}, "You can't send messages because the room is readonly.", id="read-only room"
        ),
        pytest.param({"rid": ""}, "The 'rid' property on the message object is missing.", id="no room"),
        pytest.param({"msg": "😀" * 2501}, TOO_LONG, id="2,501 emoji"),
        pytest.param({"msg": "x" * 5001, "rid": "unknown-1"}, TOO_LONG, id="the length comes first"),
    ],
)
async def test_some_rooms_and_long_messages_are_refused(client: Client, fields: dict[str, str], error: str) -> None:
    reply = await client.chat(**fields)
    assert (reply.status, reply.content["error"]) == (400, error)
    assert client.sandbox.ledger.taken() == []


@pytest.mark.parametrize("name", ["alias", "avatar"])
async def test_another_name_needs_a_permission(client: Client, name: str) -> None:
    plain = {**USER, "X-User-Id": "plain-1"}
    reply = await client.chat(plain, **{name: URL})
    assert (reply.status, reply.content) == (400, {"success": False, "error": "Not enough permission"})
    assert (await client.chat(plain)).status == 200


async def test_a_message_can_be_read_back(client: Client) -> None:
    sent = await client.chat(_id="m1")
    reply = await read_back(client, "m1")
    assert (reply.status, reply.content) == (200, sent.content)
    [_, entry] = client.sandbox.ledger.entries
    assert (entry.method, entry.message_id, entry.taken) == ("GET", "m1", False)


async def test_a_message_that_is_not_there_is_a_400_without_a_word(client: Client) -> None:
    reply = await read_back(client, "m1")
    assert (reply.status, reply.content) == (400, {"success": False})


async def test_a_message_in_a_room_that_the_user_has_left_is_there_and_not_shown(client: Client) -> None:
    await client.chat(_id="m1", rid="left-1")
    reply = await read_back(client, "m1")
    assert (reply.status, reply.content["errorType"]) == (400, "error-not-allowed")
    assert reply.content["details"] == {"method": "getSingleMessage"}


async def test_a_read_back_needs_an_id_and_nothing_else(client: Client) -> None:
    assert (await read_back(client, "")).content["error"] == "must have required property 'msgId' [invalid-params]"
    more = await read_back(client, "m1", roomId="r1")
    assert more.content["error"] == "must NOT have additional properties [invalid-params]"


async def test_a_message_is_deleted_once(client: Client) -> None:
    await client.chat(_id="m1")
    reply = await delete(client, "m1")
    assert (reply.status, reply.content["_id"], reply.content["success"]) == (200, "m1", True)
    [entry] = client.sandbox.ledger.taken()
    assert entry.deleted_at is not None
    assert (await read_back(client, "m1")).status == 400
    again = await delete(client, "m1")
    assert again.content == {"success": False, "error": 'No message found with the id of "m1".'}


async def test_a_deletion_is_refused_as_by_the_real_server(client: Client) -> None:
    await client.chat(_id="m1")
    await client.chat(_id="m2", rid="kept-1")
    other = await delete(client, "m1", "r2")
    assert other.content["error"] == "The room id provided does not match where the message is from."
    assert (await delete(client, "m2", "kept-1")).content["errorType"] == "error-action-not-allowed"
    extra = await delete(client, "m1", token="t")
    assert extra.content["error"] == "must NOT have additional properties [invalid-params]"
    number = await client.ask("POST", f"{CHAT_PATH}delete", json={"msgId": 5, "roomId": "r1"}, headers=USER)
    assert number.content["error"] == "must be string [invalid-params]"
    for body, problem in ({}, "must have required property 'msgId'"), ([], "must be object"):
        reply = await client.ask("POST", f"{CHAT_PATH}delete", json=body, headers=USER)
        assert reply.content["error"] == f"{problem} [invalid-params]"
    assert [entry.deleted_at for entry in client.sandbox.ledger.taken()] == [None, None]


async def test_each_route_has_a_window_of_its_own_and_states_it(open_sandbox: Open) -> None:
    client = await open_sandbox(limit=RateLimit(1, 60))
    first = await client.chat(_id="m1")
    assert (first.status, first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == (200, "1", "0")
    refused = await client.chat()
    assert refused.status == 429
    assert "You must wait" in refused.content["error"]
    assert [(await read_back(client, "m1")).status for _ in range(2)] == [200, 429]
    assert [(await delete(client, "m1")).status for _ in range(2)] == [200, 429]


async def test_a_bot_is_above_the_limiter_and_told_of_none(open_sandbox: Open) -> None:
    client = await open_sandbox(limit=RateLimit(1, 60))
    replies = [await client.chat({**USER, "X-User-Id": "bot-1"}) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert not [name for reply in replies for name in reply.headers if name.lower().startswith("x-ratelimit")]


async def test_the_inbox_shows_an_agents_message(client: Client) -> None:
    await client.chat(_id="m1", attachments=[{"title": "Áo dài"}, {"fields": [{"title": "Giá", "value": 5}]}])
    reply = await client.ask("GET", "/sandbox/inbox")
    [message] = reply.content["messages"]
    assert message["preview"]["side"] == "left"
    texts = [part[1] for bubble in message["preview"]["bubbles"] for part in bubble["parts"]]
    assert texts == ["Chào bạn", "Áo dài", "Giá: 5"]
