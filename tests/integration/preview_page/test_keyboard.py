from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.preview_page.pages import LIVECHAT, PEOPLE, to_send

if TYPE_CHECKING:
    from tests.integration.preview_page.pages import Page

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_the_page_is_worked_by_keyboard(page: Page) -> None:
    await page.open(*PEOPLE)
    seen = []
    for _ in range(6):
        await page.tab.press("Tab")
        seen.append(await page.tab.run("document.activeElement.id || document.activeElement.textContent"))
    assert seen == ["Skip to the messages", "wanted", "column", "only", "Cells", "JSON"]
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await page.tab.run(outline) == "solid"
    await page.tab.press("/")
    await page.tab.write("minh")
    assert await page.titles() == ["Row 3"]
    assert await page.tab.run("wanted.value") == "minh"


async def test_j_and_k_go_from_message_to_message_and_over_the_end_of_a_page(page: Page) -> None:
    await page.open_all(to_send(row, LIVECHAT) for row in range(2, 62))
    focused = "document.activeElement.querySelector('h2')?.textContent"
    steps = []
    for key in ("j", "j", "k", "k"):
        await page.tab.press(key)
        steps.append(await page.tab.run(focused))
    assert steps == ["Row 2", "Row 3", "Row 2", "Row 2"]
    await page.tab.run("document.querySelector('article:last-child').focus()")
    await page.tab.press("j")
    assert await page.tab.run(focused) == "Row 52"
    await page.tab.press("k")
    assert await page.tab.run(focused) == "Row 51"


async def test_letters_typed_into_the_search_stay_there(page: Page) -> None:
    await page.open(*PEOPLE)
    await page.tab.run("wanted.focus()")
    await page.tab.press("j", "k", "/")
    assert await page.tab.run("wanted.value") == "jk/"
