"""The sandbox's list of Kitechat messages: a lag, a limit, missing and foreign messages, errors."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from campaign.sandbox import ListSettings, RateLimit
from campaign.sandbox.ledger import BY_HAND

from .conftest import KEY, Client, Reply

if TYPE_CHECKING:
    from .conftest import Open

LISTED = ListSettings()


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


async def listed(client: Client, **parameters: object) -> Reply:
    now = time.time()
    query = {"created_from": iso(now - 600), "created_to": iso(now + 600), "limit": 100, "offset": 0, **parameters}
    return await client.ask("GET", "/messages", params={name: str(value) for name, value in query.items()}, headers=KEY)


def sessions(reply: Reply) -> list[dict[str, Any]]:
    assert (reply.status, reply.content["success"]) == (200, True)
    found: list[dict[str, Any]] = reply.content["data"]["sessions"]
    return found


def messages(reply: Reply) -> list[dict[str, Any]]:
    return [message for session in sessions(reply) for message in session["messages"]]


async def test_a_message_that_was_taken_is_listed_in_its_session(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=LISTED)
    sent = await client.kitechat()
    await client.livechat()
    (session,) = sessions(await listed(client))
    (message,) = session["messages"]
    assert (session["pageId"], session["conversationId"]) == ("p1", "c1")
    assert (message["_id"], message["message"], message["isOutboundMessage"]) == (
        sent.content["messageId"],
        "Chào",
        True,
    )
    assert message["errorMessage"] == ""
    assert abs(message["createdAt"] / 1000 - time.time()) < 60


async def test_a_file_and_a_template_are_listed_in_several_fields(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=LISTED)
    await client.kitechat({"type": "image", "url": "https://x.example/a.png"})
    await client.kitechat({"type": "template", "template": {"body": "Xin chào", "footer": "Shop"}})
    image, template = messages(await listed(client))
    assert image["attachments"]["data"] == [{"type": "image", "payload": {"url": "https://x.example/a.png"}}]
    assert template["message"] == "Xin chào"
    assert template["attachments"]["data"] == [{"type": "template", "payload": {"footer": "Shop"}}]


async def test_a_message_appears_after_the_lag(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=ListSettings(lag=90))
    await client.kitechat()
    assert messages(await listed(client)) == []
    client.sandbox.ledger.taken()[0].time -= 91
    assert len(messages(await listed(client))) == 1


async def test_a_page_is_as_large_as_asked_for_and_allowed(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=ListSettings(most=3))
    for number in range(5):
        await client.kitechat(conversationId=f"c{number}")
    first = [each["conversationId"] for each in sessions(await listed(client))]
    rest = [each["conversationId"] for each in sessions(await listed(client, offset=3))]
    assert (first, rest) == (["c0", "c1", "c2"], ["c3", "c4"])
    assert sessions(await listed(client, offset=5)) == []
    assert len(sessions(await listed(client, limit=1))) == 1


async def test_some_messages_can_be_missing(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=ListSettings(missing=0.5))
    for number in range(60):
        await client.kitechat(conversationId=f"c{number}")
    assert 10 < len(messages(await listed(client))) < 50


async def test_only_messages_of_the_period_are_listed(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=LISTED, clock_skew=3600)
    await client.kitechat()
    assert messages(await listed(client)) == []
    assert len(messages(await listed(client, created_to=iso(time.time() + 3700)))) == 1


@pytest.mark.parametrize("times", [{"created_from": ""}, {"created_to": "soon"}, {"created_from": "1800000000000"}])
async def test_a_period_that_is_none_is_refused(open_sandbox: Open, times: dict[str, str]) -> None:
    client = await open_sandbox(listing=LISTED)
    assert (await listed(client, **times)).status == 400


async def test_a_server_may_take_times_in_milliseconds_alone(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=ListSettings(milliseconds=True))
    await client.kitechat()
    now = int(time.time() * 1000)
    assert (await listed(client)).status == 400
    assert len(messages(await listed(client, created_from=now - 60_000, created_to=now + 60_000))) == 1


async def test_a_list_needs_the_key_and_obeys_the_limit(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=LISTED, credentials={"api_key": "another key"})
    assert (await listed(client)).status == 401
    client = await open_sandbox(listing=LISTED, limit=RateLimit(1, 60))
    assert [(await listed(client)).status for _ in range(2)] == [200, 503]


async def test_without_a_list_there_is_no_such_page(client: Client) -> None:
    assert (await listed(client)).status == 404


async def test_a_message_that_could_not_be_delivered_has_an_error(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=LISTED)
    await client.kitechat(conversationId="undelivered-7")
    (message,) = messages(await listed(client))
    assert message["errorMessage"].startswith("(#551)")


async def test_an_agent_can_write_a_message_by_hand(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=LISTED)
    body = {"pageId": "p1", "conversationId": "c1", "message": {"type": "text", "text": "Chào"}}
    at = time.time() - 30
    written = await client.ask("POST", "/sandbox/by-hand", json={"channel": "kitechat", "body": body, "at": at})
    assert written.status == 204
    (message,) = messages(await listed(client))
    assert (message["message"], message["createdAt"]) == ("Chào", int(at * 1000))
    (entry,) = client.sandbox.ledger.taken()
    assert (entry.method, tuple(entry.destination), entry.has_credentials) == (BY_HAND, ("p1", "c1"), False)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"channel": "kitechat"}, id="no body"),
        pytest.param({"channel": "pigeon", "body": {}}, id="no such channel"),
        pytest.param({"channel": "kitechat", "body": {"pageId": "p"}}, id="a body that the server would refuse"),
    ],
)
async def test_what_an_agent_cannot_write_is_refused(client: Client, document: object) -> None:
    reply = await client.ask("POST", "/sandbox/by-hand", json=document)
    assert reply.status == 400
    assert reply.content["error"]
    assert client.sandbox.ledger.taken() == []


async def test_the_inbox_is_told_which_messages_were_found(open_sandbox: Open) -> None:
    client = await open_sandbox(listing=LISTED)
    await client.kitechat()
    assert (await client.ask("GET", "/sandbox/inbox")).content["listed"] == []
    await listed(client)
    (entry,) = client.sandbox.ledger.taken()
    assert (await client.ask("GET", "/sandbox/inbox")).content["listed"] == [entry.number]
