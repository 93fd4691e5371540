from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.errors import Problem
from tests.integration.preview_page.pages import AGENT, CDN, LIVECHAT, PEOPLE, WEB, row, template

if TYPE_CHECKING:
    from tests.integration.preview_page.pages import Page

pytestmark = pytest.mark.asyncio(loop_scope="package")

LEAST_CONTRAST = """(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const clear = (colour) => channels(colour)[3] === 0;
    const light = (colour) => channels(colour).slice(0, 3).map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (found) => clear(getComputedStyle(found).backgroundColor) ? ground(found.parentElement)
        : getComputedStyle(found).backgroundColor;
    const contrast = (found) => {
        const [dark, bright] = [getComputedStyle(found).color, ground(found)].map(light).sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    const texts = [...document.querySelectorAll("header *, article *, label, #place")]
        .filter((found) => [...found.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
    return Math.min(...texts.map(contrast));
})()"""
"""The contrast of the page's faintest text against what is behind it, as WCAG 2.2 reckons it."""


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
