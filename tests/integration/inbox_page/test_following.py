from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from tests.integration.inbox_page.inbox import Inbox

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_new_message_stands_on_top_and_leaves_the_others_alone(inbox: Inbox) -> None:
    await inbox.livechat("một")
    await inbox.open()
    await inbox.tab.run("list.firstElementChild.mark = 'the same', list.querySelector('details').open = true")
    await inbox.livechat("hai", "số ba")
    await inbox.until_shown("số ba", "hai", "một")
    assert await inbox.tab.run("list.lastElementChild.mark") == "the same"
    assert await inbox.all("details", "open") == [False, False, True]


async def test_the_list_stands_still_for_a_reader_who_has_scrolled(inbox: Inbox) -> None:
    inbox.store(20)
    await inbox.open()
    await inbox.tab.run("scrollTo(0, 900)")
    place = "list.children[8].getBoundingClientRect().top"
    before = await inbox.tab.run(place)
    await inbox.livechat("mới")
    await inbox.until("waiting.textContent === '1 new message' && waiting.checkVisibility()")
    assert (await inbox.tab.run(place), await inbox.tab.run("scrollY")) == (before, 900)
    await inbox.tab.run("waiting.click()")
    assert (await inbox.all(".bubble"))[0] == "mới"
    assert await inbox.tab.run("scrollY") == 0
    assert not await inbox.tab.run("waiting.checkVisibility()")


async def test_the_list_stands_still_while_a_message_has_the_focus(inbox: Inbox) -> None:
    await inbox.livechat("một")
    await inbox.open()
    await inbox.tab.press("j")
    await inbox.livechat("hai", "số ba")
    await inbox.until("waiting.textContent === '2 new messages'")
    assert await inbox.all(".bubble") == ["một"]
    await inbox.tab.press("n")
    assert await inbox.all(".bubble") == ["số ba", "hai", "một"]


async def test_a_paused_list_stands_still_and_goes_on_counting(inbox: Inbox) -> None:
    await inbox.open()
    await inbox.tab.run("pause.focus()")
    await inbox.tab.press("Enter")
    assert await inbox.all("#pause, #state") == ["Resume", "Paused"]
    await inbox.livechat("một")
    await inbox.until("taken.textContent === '1 message taken'")
    assert await inbox.all(".bubble") == []
    await inbox.tab.press("p")
    assert await inbox.all(".bubble") == ["một"]
    assert await inbox.all("#pause, #state") == ["Pause", "Live"]


async def test_a_lost_connection_is_said_and_so_is_its_return(inbox: Inbox) -> None:
    await inbox.livechat("một")
    await inbox.open()
    port = int(inbox.sandbox.url.rpartition(":")[2])
    await inbox.sandbox.close()
    await inbox.until("/^Connection lost at .+; trying again$/.test(state.textContent)")
    assert await inbox.all(".bubble") == ["một"]
    async with Sandbox(SandboxSettings(port=port)) as inbox.sandbox:
        await inbox.until("/^Live; the connection was back at /.test(state.textContent)")
        await inbox.livechat("hai")
        await inbox.until_shown("hai")
        assert {"net::ERR_" in complaint for complaint in inbox.tab.complaints} == {True}
        inbox.tab.complaints.clear()


async def test_a_cleared_ledger_empties_the_list(inbox: Inbox) -> None:
    await inbox.livechat("một")
    await inbox.open()
    inbox.sandbox.ledger.clear()
    await inbox.until("welcome.checkVisibility()")
    assert await inbox.all(".bubble") == []
    await inbox.livechat("hai")
    await inbox.until_shown("hai")
