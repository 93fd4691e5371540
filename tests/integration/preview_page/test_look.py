from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.errors import Problem
from tests.integration.preview_page.pages import AGENT, CDN, LEAST_CONTRAST, LIVECHAT, PEOPLE, WEB, row, template

if TYPE_CHECKING:
    from tests.integration.preview_page.pages import Page

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read_in_light_and_dark(page: Page, scheme: str) -> None:
    await page.tab.look(width=1280, scheme=scheme)
    await page.open(row(2, "t/r", {**LIVECHAT, "agent": AGENT}, (), "skipped", ("a",)), *PEOPLE)
    assert await page.tab.run(LEAST_CONTRAST) >= 4.5


@pytest.mark.parametrize("width", [1280, 390])
async def test_nothing_sticks_out_sideways(page: Page, width: int) -> None:
    long = "x" * 400
    card = {"header": {"type": "image", "url": f"{CDN}/{long}.png"}, "body": long, "buttons": [{**WEB, "text": long}]}
    sent = row(2, long, template(**card, cards=[card, card, card]), (), long, (long,))
    await page.tab.look(width=width, scheme="light")
    await page.open(sent, row(3, "", None, (Problem("A3", long, long),), "", (long, long, long)))
    await page.unfold()
    assert await page.tab.run("document.documentElement.scrollWidth <= innerWidth")


async def test_a_print_has_every_row_every_card_and_no_controls(page: Page) -> None:
    cards = [{"body": f"Quà {number}", "buttons": [WEB]} for number in range(6)]
    await page.open_all(
        row(number, "t/r", template(body="Chào", cards=cards), (), "", ("a",)) for number in range(2, 62)
    )
    await page.tab.run("dispatchEvent(new Event('beforeprint'))")
    await page.tab.ask("Emulation.setEmulatedMedia", media="print")
    assert len(await page.titles()) == 60
    assert await page.all(".printed") == ["60 rows"]
    assert await page.all(".finder, .keys, .pager", "checkVisibility()") == [False] * 3
    inside = "found.getBoundingClientRect().right <= innerWidth"
    assert await page.tab.run(f"[...document.querySelectorAll('.bubble-cards .bubble')].every((found) => {inside})")
    await page.tab.ask("Emulation.setEmulatedMedia", media="")
