"""A web page of another origin can neither read a sandbox's ledger nor change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sandbox.origin import refusal

if TYPE_CHECKING:
    from tests.unit.sandbox.conftest import Client, Open


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:3000", "localhost:80", "LOCALHOST", "[::1]:3000", "127.8.9.1:1"]
)
def test_a_loopback_host_is_answered(host: str) -> None:
    assert refusal("POST", {"Host": host}, "127.0.0.1") is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "",
        "[",
        "127.0.0.1:7110:80",
        "127.0.0.1:port",
        "evil@127.0.0.1",
        "127.0.0.1/evil",
        "127.0.0.1?",
        "127.0.0.1 evil",
        "[::1]evil",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_another_host_is_refused_whatever_is_asked(method: str, host: str) -> None:
    reply = refusal(method, {"Host": host}, "127.0.0.1")
    assert reply is not None
    assert reply.status == 421


def test_the_host_that_a_program_chose_to_listen_on_is_its_own() -> None:
    assert refusal("POST", {"Host": "192.168.1.7:3000"}, "192.168.1.7") is None


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame or a file"),
        pytest.param({"Origin": "http://127.0.0.1:4000"}, id="another port"),
        pytest.param({"Origin": "https://127.0.0.1:3000"}, id="another scheme"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="same-site"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:3000"}, id="both, of two minds"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_changes_something_does_not_come_from_another_site(method: str, headers: dict[str, str]) -> None:
    reply = refusal(method, {"Host": "127.0.0.1:3000", **headers}, "127.0.0.1")
    assert reply is not None
    assert reply.status == 403


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a program"),
        pytest.param({"Origin": "http://127.0.0.1:3000", "Sec-Fetch-Site": "same-origin"}, id="the page itself"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="typed"),
    ],
)
def test_programs_and_the_page_itself_are_welcome(headers: dict[str, str]) -> None:
    assert refusal("DELETE", {"Host": "127.0.0.1:3000", **headers}, "127.0.0.1") is None


async def test_a_page_elsewhere_can_neither_post_nor_clear(client: Client) -> None:
    await client.livechat(_id="m1")
    cleared = await client.ask("DELETE", "/sandbox/ledger", headers={"Origin": "https://evil.example"})
    posted = await client.ask(
        "POST", "/kitechat/send-message", data=b"{}", headers={"Sec-Fetch-Site": "cross-site", "apikey": "x"}
    )
    rebound = await client.ask("GET", "/sandbox/ledger", headers={"Host": "evil.example"})
    assert (cleared.status, posted.status, rebound.status) == (403, 403, 421)
    assert [entry.message_id for entry in client.sandbox.ledger.entries] == ["m1"]


async def test_the_counts_of_the_inbox_stay_when_old_requests_are_forgotten(open_sandbox: Open) -> None:
    client = await open_sandbox()
    client.sandbox.ledger._most_entries = 10
    for number in range(25):
        await client.livechat(_id=f"m{number}")
    inbox = (await client.ask("GET", "/sandbox/inbox")).content
    assert (inbox["requests"], inbox["taken"]) == (25, 25)
    assert inbox["messages"][-1]["message_id"] == "m24"
    assert 10 <= len(inbox["messages"]) <= 11
