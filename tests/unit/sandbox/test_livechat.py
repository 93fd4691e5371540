from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from campaign.sandbox import Fault, FaultPlan, RateLimit

from .conftest import LIVECHAT_PATH, Client

if TYPE_CHECKING:
    from .conftest import Open

BODY = {"token": "t1", "rid": "r1", "msg": "x"}
AGENT = {"agentId": "a1", "username": "kim.jane"}


async def test_a_message_is_answered_in_the_documented_shape(client: Client) -> None:
    reply = await client.livechat(_id="m1", agent=AGENT)
    assert reply.status == 200
    message = reply.content["message"]
    assert reply.content == {"message": message, "success": True}
    stamp = message.pop("ts")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    visitor = message.pop("u")
    assert visitor.keys() == {"_id", "username", "name"}
    assert message == {
        "_id": "m1",
        "rid": "r1",
        "msg": "Chào bạn",
        "token": "t1",
        "alias": visitor["name"],
        "_updatedAt": stamp,
        "urls": [],
        "mentions": [],
        "channels": [],
        "md": [{"type": "PARAGRAPH", "value": [{"type": "PLAIN_TEXT", "value": "Chào bạn"}]}],
    }


async def test_a_message_is_in_the_ledger(client: Client) -> None:
    await client.livechat(_id="m1")
    [entry] = client.sandbox.ledger.taken()
    assert (entry.channel, entry.message_id, entry.destination) == ("livechat", "m1", ("t1", "r1"))
    assert entry.body == {"token": "t1", "rid": "r1", "msg": "Chào bạn", "_id": "m1"}
    assert entry.status == 200
    assert not entry.has_credentials


@pytest.mark.parametrize(
    "fields",
    [pytest.param({}, id="none"), pytest.param({"_id": None}, id="null"), pytest.param({"_id": ""}, id="blank")],
)
async def test_a_message_without_an_id_is_given_one(client: Client, fields: dict[str, object]) -> None:
    first = await client.livechat(**fields)
    second = await client.livechat(**fields)
    assert first.status == second.status == 200
    assert first.content["message"]["_id"] != second.content["message"]["_id"]


async def test_a_repeated_id_stores_nothing_and_gets_the_real_servers_400(client: Client) -> None:
    await client.livechat(_id="m1")
    reply = await client.livechat(_id="m1", rid="r2", msg="again")
    assert reply.status == 400
    assert reply.content == {"success": False, "error": "Cannot convert undefined or null to object"}
    assert client.sandbox.ledger.taken_count == 1
    assert [(entry.message_id, entry.taken) for entry in client.sandbox.ledger.entries] == [("m1", True), ("m1", False)]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        pytest.param([], "must be object", id="array"),
        pytest.param({"rid": "r", "msg": "x"}, "must have required property 'token'", id="no token"),
        pytest.param({"token": "t", "msg": "x"}, "must have required property 'rid'", id="no rid"),
        pytest.param({"token": "t", "rid": "r"}, "must have required property 'msg'", id="no msg"),
        pytest.param({**BODY, "alias": "x"}, "must NOT have additional properties", id="extra field"),
        pytest.param({**BODY, "msg": 5}, "must be string", id="number as msg"),
        pytest.param({**BODY, "token": None}, "must be string", id="null as token"),
        pytest.param({**BODY, "_id": 5}, "must be string", id="number as _id"),
        pytest.param({**BODY, "agent": None}, "must be object", id="null as agent"),
        pytest.param({**BODY, "agent": {"agentId": "a"}}, "must have required property 'username'", id="half agent"),
        pytest.param(
            {**BODY, "agent": {**AGENT, "n": "x"}}, "must NOT have additional properties", id="extra in agent"
        ),
        pytest.param({**BODY, "agent": {**AGENT, "username": 1}}, "must be string", id="number in agent"),
    ],
)
async def test_a_body_outside_the_schema_is_refused(client: Client, body: object, problem: str) -> None:
    reply = await client.ask("POST", LIVECHAT_PATH, json=body)
    assert reply.status == 400
    assert reply.content == {
        "success": False,
        "error": f"{problem} [invalid-params]",
        "errorType": "invalid-params",
    }
    assert client.sandbox.ledger.taken() == []


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        pytest.param(b"{", "application/json", id="cut off"),
        pytest.param(b"", "application/json", id="empty"),
        pytest.param(b'{"token": "t", "rid": "r", "msg": NaN}', "application/json", id="NaN"),
        pytest.param(b'{"token": "t", "rid": "r", "msg": "\xff"}', "application/json", id="not UTF-8"),
        pytest.param(b"[" * 5000, "application/json", id="nested without end"),
        pytest.param(b'{"token": "t", "rid": "r", "msg": "x"}', "text/plain", id="announced as text"),
    ],
)
async def test_what_is_no_json_counts_as_an_empty_body(client: Client, raw: bytes, content_type: str) -> None:
    reply = await client.ask("POST", LIVECHAT_PATH, data=raw, headers={"Content-Type": content_type})
    assert reply.status == 400
    assert reply.content["error"] == "must have required property 'token' [invalid-params]"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"token": "unknown-1"}, "invalid-token", id="unknown token"),
        pytest.param({"rid": "unknown-1"}, "invalid-room", id="unknown room"),
        pytest.param({"rid": "closed-1"}, "room-closed", id="closed room"),
        pytest.param({"msg": "x" * 5001}, "message-length-exceeds-character-limit", id="5,001 letters"),
        pytest.param({"msg": "😀" * 2501}, "message-length-exceeds-character-limit", id="2,501 emoji"),
    ],
)
async def test_some_destinations_and_long_messages_are_refused(
    client: Client, fields: dict[str, str], error: str
) -> None:
    reply = await client.livechat(**fields)
    assert reply.status == 400
    assert reply.content == {"success": False, "error": error}
    assert client.sandbox.ledger.taken() == []


async def test_a_message_of_just_the_limit_is_taken(client: Client) -> None:
    assert (await client.livechat(msg="😀" * 2500)).status == 200


async def test_without_a_message_limit_a_megabyte_is_taken(open_sandbox: Open) -> None:
    client = await open_sandbox(message_limit=None)
    assert (await client.livechat(msg="x" * 1_000_000)).status == 200


async def test_half_an_emoji_is_taken_and_given_back(client: Client) -> None:
    assert (await client.livechat(msg="\ud83d", token="\ud83d")).content["message"]["msg"] == "\ud83d"


async def test_a_message_can_be_read_back(client: Client) -> None:
    sent = await client.livechat(_id="m1")
    reply = await client.read_back("m1")
    assert reply.status == 200
    assert reply.content == sent.content


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        pytest.param({"message_id": "m2"}, "invalid-message", id="no such message"),
        pytest.param({"message_id": "m1", "rid": "r2"}, "invalid-message", id="in another room"),
        pytest.param({"message_id": "m1", "token": "unknown-1"}, "invalid-token", id="unknown token"),
        pytest.param({"message_id": "m1", "rid": "unknown-1"}, "invalid-room", id="unknown room"),
    ],
)
async def test_a_read_back_of_something_else_is_refused(client: Client, asked: dict[str, str], error: str) -> None:
    await client.livechat(_id="m1")
    reply = await client.read_back(**asked)
    assert reply.status == 400
    assert reply.content == {"success": False, "error": error}


async def test_a_read_back_without_its_room_is_refused(client: Client) -> None:
    reply = await client.ask("GET", f"{LIVECHAT_PATH}/m1", params={"token": "t1"})
    assert reply.status == 400
    assert reply.content["error"] == "must have required property 'rid' [invalid-params]"


async def test_a_read_back_is_in_the_ledger_but_takes_nothing(client: Client) -> None:
    await client.read_back("m1")
    [entry] = client.sandbox.ledger.entries
    assert (entry.method, entry.message_id, entry.destination) == ("GET", "m1", ("t1", "r1"))
    assert (entry.taken, entry.status) == (False, 400)


async def test_every_answer_tells_the_budget_and_the_one_too_many_is_refused(open_sandbox: Open) -> None:
    client = await open_sandbox(limit=RateLimit(2, 60))
    good, bad, refused = [await client.livechat(**fields) for fields in ({}, {"msg": 5}, {})]
    assert [reply.status for reply in (good, bad, refused)] == [200, 400, 429]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in (good, bad, refused)] == ["1", "0", "0"]
    assert {reply.headers["X-RateLimit-Limit"] for reply in (good, bad, refused)} == {"2"}
    assert len({reply.headers["X-RateLimit-Reset"] for reply in (good, bad, refused)}) == 1
    assert re.fullmatch(
        r"Error, too many requests\. Please slow down\. You must wait (59|60) seconds before trying this endpoint "
        r"again\. \[error-too-many-requests\]",
        refused.content["error"],
    )
    assert "Retry-After" not in refused.headers
    assert client.sandbox.ledger.taken_count == 1


async def test_read_backs_have_a_window_of_their_own(open_sandbox: Open) -> None:
    client = await open_sandbox(limit=RateLimit(1, 60))
    await client.livechat(_id="m1")
    assert (await client.read_back("m1")).status == 200
    assert (await client.read_back("m1")).status == 429


async def test_without_a_limiter_no_header_tells_of_it(client: Client) -> None:
    reply = await client.livechat()
    assert not [name for name in reply.headers if name.lower().startswith("x-ratelimit")]


async def delete(client: Client, message_id: str, **fields: object) -> tuple[int, object]:
    body = {"token": "t1", "rid": "r1", **fields}
    reply = await client.ask("DELETE", f"{LIVECHAT_PATH}/{message_id}", json=body)
    return reply.status, reply.content.get("error")


async def test_a_message_is_deleted_once(client: Client) -> None:
    await client.livechat(_id="m1")
    reply = await client.ask("DELETE", f"{LIVECHAT_PATH}/m1", json={"token": "t1", "rid": "r1"})
    assert (reply.status, reply.content["success"]) == (200, True)
    assert reply.content["message"].keys() == {"_id", "ts"}
    assert reply.content["message"]["_id"] == "m1"
    [entry] = client.sandbox.ledger.taken()
    assert entry.deleted_at is not None
    assert (await client.read_back("m1")).status == 400
    assert await delete(client, "m1") == (400, "invalid-message")


async def test_a_deletion_is_refused_as_by_the_real_server(client: Client) -> None:
    for room in ("r1", "kept-1", "closing-1"):
        await client.livechat(_id=room, rid=room)
    assert await delete(client, "r1", token="unknown-1") == (400, "invalid-token")
    assert await delete(client, "r1", rid="unknown-1") == (400, "invalid-room")
    assert await delete(client, "r1", token="t2") == (400, "error-action-not-allowed")
    assert await delete(client, "kept-1", rid="kept-1") == (400, "error-action-not-allowed")
    assert await delete(client, "closing-1", rid="closing-1") == (400, "room-closed")
    extra = await client.ask("DELETE", f"{LIVECHAT_PATH}/r1", json={"token": "t1", "rid": "r1", "msg": "x"})
    assert extra.content["error"] == "must NOT have additional properties [invalid-params]"
    none = await client.ask("DELETE", f"{LIVECHAT_PATH}/r1")
    assert none.content["error"] == "must have required property 'token' [invalid-params]"
    assert [entry.deleted_at for entry in client.sandbox.ledger.taken()] == [None] * 3


async def test_deletions_have_a_window_of_their_own(open_sandbox: Open) -> None:
    client = await open_sandbox(limit=RateLimit(1, 60))
    assert (await client.livechat(_id="m1")).status == 200
    assert (await client.livechat()).status == 429
    reply = await client.ask("DELETE", f"{LIVECHAT_PATH}/m1", json={"token": "t1", "rid": "r1"})
    assert (reply.status, reply.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert (await client.ask("DELETE", f"{LIVECHAT_PATH}/m1", json={"token": "t1", "rid": "r1"})).status == 429


@pytest.mark.parametrize(
    ("fault", "gone"),
    [
        pytest.param(Fault.SERVER_ERROR_BEFORE, False, id="before"),
        pytest.param(Fault.SERVER_ERROR_AFTER, True, id="after"),
    ],
)
async def test_a_fault_strikes_a_deletion_before_or_after_it(open_sandbox: Open, fault: Fault, *, gone: bool) -> None:
    client = await open_sandbox(faults=FaultPlan(script=(None, fault)))
    await client.livechat(_id="m1")
    await client.ask("DELETE", f"{LIVECHAT_PATH}/m1", json={"token": "t1", "rid": "r1"})
    [entry] = client.sandbox.ledger.taken()
    assert (entry.deleted_at is not None) is gone
    assert client.sandbox.ledger.entries[-1].fault == fault.value
