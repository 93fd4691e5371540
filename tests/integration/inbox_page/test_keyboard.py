from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.inbox_page.inbox import Inbox

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_page_is_worked_by_keyboard(inbox: Inbox) -> None:
    await inbox.livechat("một", "hai")
    await inbox.open()
    seen = []
    for _ in range(4):
        await inbox.tab.press("Tab")
        seen.append(await inbox.tab.run("document.activeElement.id || document.activeElement.textContent"))
    assert seen == ["Skip to the messages", "wanted", "pause", "JSON"]
    assert await inbox.tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    focused = "document.activeElement.querySelector('.bubble')?.textContent"
    steps = []
    for key in ("j", "j", "k"):
        await inbox.tab.press(key)
        steps.append(await inbox.tab.run(focused))
    assert steps == ["một", "một", "hai"]
    await inbox.tab.press("/", "j", "p", "/")
    assert await inbox.tab.run("wanted.value") == "jp/"
