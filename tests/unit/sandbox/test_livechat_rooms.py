"""The sandbox's visitors and rooms behave as Rocket.Chat's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sandbox import RateLimit

if TYPE_CHECKING:
    from .conftest import Client, Open, Reply

VISITOR, ROOM = "/api/v1/livechat/visitor", "/api/v1/livechat/room"


async def register(client: Client, **fields: object) -> Reply:
    return await client.ask("POST", VISITOR, json={"visitor": fields})


async def room(client: Client, token: str) -> Reply:
    return await client.ask("GET", ROOM, params={"token": token})


async def test_a_registered_visitor_gets_one_room(client: Client) -> None:
    assert (await room(client, "t")).content["error"] == "invalid-token"
    found = await register(client, token="t", name="Khách", phone="0901", email=" A@X.vn ")
    visitor = found.content["visitor"]
    assert (found.status, visitor["token"], visitor["name"]) == (200, "t", "Khách")
    assert (visitor["phone"], visitor["visitorEmails"]) == ([{"phoneNumber": "0901"}], [{"address": "a@x.vn"}])
    first, again = await room(client, "t"), await room(client, "t")
    assert (first.content["newRoom"], again.content["newRoom"]) == (True, False)
    assert first.content["room"]["_id"] == again.content["room"]["_id"]
    assert first.content["room"]["v"]["token"] == "t"


async def test_a_visitor_is_found_by_token_then_phone_then_address(client: Client) -> None:
    first = (await register(client, token="t1", phone="0901", email="a@x.vn")).content["visitor"]
    same = (await register(client, token="t1", name="Khách")).content["visitor"]
    by_phone = (await register(client, token="t2", phone="0901")).content["visitor"]
    by_address = (await register(client, token="t3", email="A@x.vn")).content["visitor"]
    other = (await register(client, token="t4", phone="0902", email="b@x.vn")).content["visitor"]
    assert {each["_id"] for each in (first, same, by_phone, by_address)} == {first["_id"]} != {other["_id"]}
    assert (same["name"], by_phone["token"], by_address["token"]) == ("Khách", "t1", "t3")
    assert (await room(client, "t1")).status == 400


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({}, "Match error: Missing key in field visitor.token", id="no token"),
        pytest.param({"token": 7}, "Match error: Missing key in field visitor.token", id="a number"),
        pytest.param({"token": "t", "phone": 7}, "Match error: Expected string in field visitor.phone", id="phone"),
        pytest.param({"token": " "}, "Token cannot be empty [error-invalid-token]", id="blank"),
        pytest.param({"token": "t", "email": "a at x"}, "Invalid email a at x [error-invalid-email]", id="e-mail"),
    ],
)
async def test_a_wrong_registration_is_refused(client: Client, fields: dict[str, object], error: str) -> None:
    reply = await register(client, **fields)
    assert (reply.status, reply.content["error"]) == (400, error)


async def test_a_body_that_is_no_object_is_refused(client: Client) -> None:
    assert (await client.ask("POST", VISITOR, json=[])).status == 400


async def test_some_visitors_have_always_been_there(client: Client) -> None:
    assert (await room(client, "visitor-7")).content["newRoom"] is True
    refused = await room(client, "offline-7")
    assert (refused.status, refused.content["errorType"]) == (400, "no-agent-online")


async def test_the_limit_for_visitors_is_half_of_that_for_rooms(open_sandbox: Open) -> None:
    client = await open_sandbox(limit=RateLimit(10, 60.0))
    registered = [await register(client, token=f"t{number}") for number in range(6)]
    found = [await room(client, "visitor-1") for _ in range(11)]
    assert [reply.status for reply in registered] == [200] * 5 + [429]
    assert [reply.status for reply in found] == [200] * 10 + [429]
    assert registered[0].headers["X-RateLimit-Limit"] == "5"
