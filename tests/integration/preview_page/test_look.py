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
