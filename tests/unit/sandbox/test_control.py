from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from campaign.sandbox.control import AT_MOST, news

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
    assert [message["preview"]["sender"] for message in inbox["messages"]] == [["Visitor"], ["Page p1"]]
    news = (await client.ask("GET", "/sandbox/inbox?after=1")).content
    assert [message["channel"] for message in news["messages"]] == ["kitechat"]


async def test_the_inbox_says_up_to_which_number_it_told_the_messages(client: Client) -> None:
    assert (await client.ask("GET", "/sandbox/inbox")).content["newest"] == 0
    await client.livechat(msg="Chào")
    await client.livechat(msg="Mời")
    await client.livechat(token="unknown-t")
    for question in ("", "?find=chao", "?find=nothing", "?after=2"):
        assert (await client.ask("GET", f"/sandbox/inbox{question}")).content["newest"] == 2


async def test_of_many_messages_the_inbox_tells_the_newest(client: Client) -> None:
    for number in range(AT_MOST + 3):
        await client.livechat(_id=f"m{number}")
    for question in ("", "?find=chao"):
        inbox = (await client.ask("GET", f"/sandbox/inbox{question}")).content
        told = [message["message_id"] for message in inbox["messages"]]
        assert told == [f"m{number}" for number in range(3, AT_MOST + 3)]
        assert inbox["at_most"] == AT_MOST


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param("nguyen thi", ["m1"], id="without the marks"),
        pytest.param("NGUYỄN", ["m1"], id="any case"),
        pytest.param("do minh", ["m2"], id="đ as d"),
        pytest.param("m2", ["m2"], id="message id"),
        pytest.param("room-1", ["m1"], id="destination"),
        pytest.param("kim.jane", ["m2"], id="agent"),
        pytest.param("livechat", ["m1", "m2"], id="channel"),
        pytest.param("thẻ 2", ["card"], id="in a card"),
        pytest.param("502-after", ["card"], id="what went wrong with the answer"),
        pytest.param("conversationid", [], id="a field's name is nothing that was said"),
        pytest.param("  ", ["m1", "m2", "card"], id="nothing asked"),
    ],
)
async def test_a_message_is_found_by_whatever_the_page_shows_of_it(
    client: Client, wanted: str, found: list[str]
) -> None:
    await client.livechat(_id="m1", msg="Chào chị Nguyễn Thị Lan", rid="room-1")
    await client.livechat(_id="m2", msg="Chào anh Đỗ Minh", agent={"agentId": "a", "username": "kim.jane"})
    await client.ask("PUT", "/sandbox/faults", json={"script": ["502-after"]})
    await client.kitechat({"type": "template", "template": {"body": "Xem", "cards": [{"body": "Thẻ 2"}]}})
    [card] = (await client.ask("GET", "/sandbox/inbox?after=2")).content["messages"]
    inbox = (await client.ask("GET", "/sandbox/inbox", params={"find": wanted})).content
    told = [message["message_id"] for message in inbox["messages"]]
    assert told == [card["message_id"] if name == "card" else name for name in found]


async def test_a_message_whose_id_is_left_to_the_sandbox_is_found_as_well(client: Client) -> None:
    await client.livechat(_id=None)
    assert len((await client.ask("GET", "/sandbox/inbox?find=chao")).content["messages"]) == 1


async def test_only_news_is_searched_by_a_page_that_knows_the_rest(client: Client) -> None:
    for number in range(3):
        await client.livechat(_id=f"m{number}")
    [message] = (await client.ask("GET", "/sandbox/inbox?after=2&find=chao")).content["messages"]
    assert message["message_id"] == "m2"


async def test_a_long_search_lets_others_have_their_turn(client: Client) -> None:
    for number in range(100):
        await client.livechat(_id=f"m{number}")
    search = asyncio.create_task(news(client.sandbox.ledger, 0, "m0", lambda: True))
    await asyncio.sleep(0)
    assert not search.done()
    assert [entry.message_id for entry in await search] == ["m0"]


async def test_a_search_that_nobody_waits_for_ends(client: Client) -> None:
    await client.livechat()
    assert await news(client.sandbox.ledger, 0, "chao", lambda: False) == []


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
    assert not re.search(r"\bsrc=|<link|@import|url\(|innerHTML|\sstyle=|\son\w+=", page)


async def test_the_inbox_page_draws_with_the_bubbles_of_the_preview(client: Client) -> None:
    page = (await client.ask("GET", "/")).content
    for name in ("bubbles.css", "bubbles.js"):
        assert resources.files("campaign").joinpath("webpage", name).read_text(encoding="utf-8") in page
