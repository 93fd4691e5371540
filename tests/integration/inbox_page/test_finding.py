from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.integration.chromium import TIMEOUT

if TYPE_CHECKING:
    from tests.integration.inbox_page.inbox import Inbox

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_among_a_hundred_thousand_messages_a_few_hundred_are_shown_and_any_is_found(inbox: Inbox) -> None:
    inbox.store(100_000)
    await inbox.open()
    assert await inbox.all("#taken") == ["100,000 messages taken"]
    assert await inbox.tab.run("list.childElementCount") == 300
    assert "newest 300" in await inbox.text("#older")
    inbox.store(310)
    await inbox.until("taken.textContent === '100,310 messages taken'")
    assert (await inbox.all(".bubble"))[0] == "Chào chị số 100310,"
    assert await inbox.tab.run("list.childElementCount") == 300
    await inbox.find("SO 17,")
    await inbox.until_shown("Chào chị số 17,")
    assert await inbox.text("#found") == "1 message contains “SO 17,”"


async def test_what_arrives_during_a_search_is_searched_as_well(inbox: Inbox) -> None:
    await inbox.livechat("một", "hai")
    await inbox.open()
    await inbox.find("số ba")
    await inbox.until("found.textContent === 'No message contains “số ba”'")
    await inbox.until_shown()
    await inbox.livechat("bốn", "số ba")
    await inbox.until_shown("số ba")
    await inbox.find(" ")
    await inbox.until_shown("số ba", "bốn", "hai", "một")


async def test_a_search_gives_way_to_the_next_one(inbox: Inbox) -> None:
    inbox.store(20_000)
    await inbox.open()
    await inbox.find("nothing like it")
    async with asyncio.timeout(TIMEOUT):
        while not any("nothing" in address for address in inbox.tab.requests):
            await inbox.tab.settle()
    await inbox.find("so 17,")
    await inbox.until_shown("Chào chị số 17,")
    assert await inbox.text("#state") == "Live"
