from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from campaign.channels.sandbox_api import Destination
from campaign.sandbox import Fault, FaultPlan
from tests.integration.preview_page.pages import AGENT, kitechat

if TYPE_CHECKING:
    from tests.integration.inbox_page.inbox import Inbox

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_an_empty_inbox_says_how_to_send_something_to_it(inbox: Inbox) -> None:
    await inbox.open()
    assert f"campaign run FILE --server {inbox.sandbox.url}\n" in await inbox.text("#welcome")
    await inbox.livechat("Chào")
    await inbox.until_shown("Chào")
    assert await inbox.all("#welcome", "checkVisibility()") == [False]


async def test_beside_a_bubble_stand_time_channel_destination_and_id(inbox: Inbox) -> None:
    await inbox.livechat("Chào", _id="6f1ed002", agent=AGENT)
    await inbox.open()
    [at] = await inbox.all("time", "dateTime")
    assert datetime.fromisoformat(at).timestamp() == pytest.approx(inbox.sandbox.ledger.taken()[0].time, abs=0.001)
    assert await inbox.all("article h2 span, article .to") == ["livechat", "t1/r1", "id 6f1ed002"]
    assert await inbox.text(".chat-sender") == "Visitor, agent kim.jane"
    assert await inbox.all("#requests, #taken") == ["1 request", "1 message taken"]


async def test_a_message_with_a_fault_shows_it(inbox: Inbox) -> None:
    inbox.sandbox.set_faults(FaultPlan(script=(Fault.BAD_GATEWAY_AFTER, Fault.BAD_GATEWAY_BEFORE)))
    await inbox.livechat("một", "hai")
    await inbox.open()
    assert await inbox.all(".chip") == ["fault: 502-after"]
    assert await inbox.all("#requests, #taken") == ["2 requests", "1 message taken"]


async def test_a_message_that_a_look_up_finds_is_marked_also_after_it_was_shown(inbox: Inbox) -> None:
    await inbox.livechat("một", "hai")
    await inbox.open()
    first = inbox.sandbox.ledger.taken()[0]
    inbox.sandbox.ledger.mark_listed([first.message_id or ""])
    await inbox.until("document.querySelectorAll('.chip').length === 1")
    await inbox.livechat("ba")
    await inbox.until("document.querySelectorAll('article').length === 3")
    assert await inbox.all("article:last-child .chip") == ["found by a look-up"]
    assert await inbox.all(".chip") == ["found by a look-up"]


async def test_a_message_that_is_deleted_is_marked_also_after_it_was_shown(inbox: Inbox) -> None:
    await inbox.livechat("một", "hai")
    await inbox.open()
    inbox.sandbox.ledger.delete(inbox.sandbox.ledger.taken()[0].message_id or "")
    await inbox.until("document.querySelectorAll('.chip').length === 1")
    assert await inbox.all("article:last-child .chip") == ["deleted"]
    assert await inbox.all("article.deleted .bubble") == ["một"]


async def test_a_message_written_by_hand_says_so(inbox: Inbox) -> None:
    raw = json.dumps({"token": "t1", "rid": "r1", "msg": "Chào"}).encode()
    inbox.sandbox.ledger.write_by_hand("livechat", Destination("t1", "r1"), raw)
    await inbox.open()
    assert await inbox.all(".chip") == ["written by hand"]


async def test_the_fold_out_shows_the_exact_json(inbox: Inbox) -> None:
    body = kitechat(type="text", text='Chị "Lan" \\ 👨‍👩‍👧\n<b>\u200b \ufeff')
    await inbox.send(body)
    await inbox.open()
    await inbox.tab.run("document.querySelector('summary').focus()")
    await inbox.tab.press("Enter")
    shown = await inbox.text("pre")
    assert json.loads(shown) == body
    assert r"<b>\u200b \ufeff" in shown
