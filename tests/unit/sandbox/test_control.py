from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Client


async def test_another_process_can_read_the_ledger(client: Client) -> None:
    await client.livechat(_id="m1")
    await client.kitechat()
    reply = await client.ask("GET", "/sandbox/ledger")
    assert reply.status == 200
    assert reply.content == client.sandbox.ledger.as_json()


async def test_an_empty_ledger_is_json_as_well(client: Client) -> None:
    assert (await client.ask("GET", "/sandbox/ledger")).content == {"entries": []}


async def test_a_long_ledger_is_told_whole(client: Client) -> None:
    for number in range(30):
        await client.livechat(_id=f"m{number}", msg="x" * 5000)
    reply = await client.ask("GET", "/sandbox/ledger")
    assert [entry["message_id"] for entry in reply.content["entries"]] == [f"m{number}" for number in range(30)]


async def test_the_ledger_can_be_read_from_a_number_on(client: Client) -> None:
    for number in range(3):
        await client.livechat(_id=f"m{number}")
    [entry] = (await client.ask("GET", "/sandbox/ledger?after=2")).content["entries"]
    assert entry["message_id"] == "m2"


async def test_a_number_that_is_none_is_no_number(client: Client) -> None:
    await client.livechat()
    assert len((await client.ask("GET", "/sandbox/ledger?after=x")).content["entries"]) == 1


async def test_another_process_can_clear_the_ledger(client: Client) -> None:
    await client.livechat(_id="m1")
    assert (await client.ask("DELETE", "/sandbox/ledger")).status == 204
    assert not client.sandbox.ledger.entries
    assert (await client.livechat(_id="m1")).status == 200


async def test_another_process_can_order_faults(client: Client) -> None:
    assert (await client.ask("PUT", "/sandbox/faults", json={"script": ["502-after"]})).status == 204
    assert [(await client.livechat()).status for _ in range(2)] == [502, 200]


async def test_a_fault_plan_that_is_none_is_refused_and_changes_nothing(client: Client) -> None:
    await client.ask("PUT", "/sandbox/faults", json={"rates": {"500-before": 1}})
    reply = await client.ask("PUT", "/sandbox/faults", json={"script": ["boom"]})
    assert reply.status == 400
    assert reply.content["error"].startswith("faults.script.0: Input should be")
    assert (await client.livechat()).status == 500


async def test_the_inbox_tells_what_is_new(client: Client) -> None:
    await client.livechat(_id="m1")
    await client.livechat(_id="m1")
    await client.kitechat()
    inbox = (await client.ask("GET", "/sandbox/inbox")).content
    assert (inbox["requests"], inbox["taken"]) == (3, 2)
    assert [message["channel"] for message in inbox["messages"]] == ["livechat", "kitechat"]
    news = (await client.ask("GET", "/sandbox/inbox?after=1")).content
    assert [message["channel"] for message in news["messages"]] == ["kitechat"]


async def test_the_inbox_shows_that_the_ledger_was_cleared(client: Client) -> None:
    before = (await client.ask("GET", "/sandbox/inbox")).content["begun"]
    assert (await client.ask("GET", "/sandbox/inbox")).content["begun"] == before
    await client.ask("DELETE", "/sandbox/ledger")
    assert (await client.ask("GET", "/sandbox/inbox")).content["begun"] > before


async def test_the_inbox_page_may_run_its_own_script_and_style_and_nothing_else(client: Client) -> None:
    reply = await client.ask("GET", "/")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = reply.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", reply.content, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


async def test_the_inbox_page_fetches_nothing_from_elsewhere(client: Client) -> None:
    page = (await client.ask("GET", "/")).content
    assert not re.search(r"https?://|\bsrc=|<link|innerHTML|\sstyle=|\son\w+=", page)
