from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from campaign.errors import Problem
from tests.integration.preview_page.pages import LIVECHAT, REPLY, WEB, Page, kitechat, row, template, to_send

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.chromium import Tab

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_script_in_a_cell_is_text(page: Page) -> None:
    evil = "</script><script>window.struck = true</script><img src=x onerror='window.struck = true'>"
    parts = {
        "header": {"type": "text", "text": evil},
        "body": evil,
        "footer": evil,
        "buttons": [{**REPLY, "text": evil}],
    }
    sent = row(2, evil, template(**parts, cards=[parts]), (), evil, (evil,))
    await page.open(sent, row(3, "", None, (Problem(evil, evil, evil),), "", (evil,)))
    await page.unfold()
    assert await page.tab.run("typeof window.struck") == "undefined"
    assert await page.all("script", "id") == ["data", ""]
    assert await page.all("img") == []
    assert (await page.all(".bubble p"))[:3] == [evil, evil, evil]


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("javascript:window.struck=true", id="javascript"),
        pytest.param("JavaScript:alert(1)//https://a.vn", id="javascript in capitals, with an address behind it"),
        pytest.param("data:text/html,<script>alert(1)</script>", id="data"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("//a.vn", id="no scheme"),
        pytest.param("https://", id="no host"),
    ],
)
async def test_only_web_addresses_become_links(page: Page, address: str) -> None:
    media = kitechat(type="image", url=address)
    await page.open(to_send(2, media), to_send(3, template(buttons=[{**WEB, "url": address}])))
    assert await page.all("article a") == []
    assert address in await page.text(".bubble-media")
    assert address in await page.text(".bubble-button")


async def test_a_link_opens_a_page_that_learns_nothing_of_this_one(page: Page) -> None:
    await page.open(to_send(2, template(buttons=[WEB])))
    assert await page.all("article a", "href") == [WEB["url"]]
    assert await page.all("article a", "rel") == ["noopener noreferrer"]
    assert await page.all("article a", "target") == ["_blank"]


async def test_the_policy_stops_whatever_got_into_the_page(browser: Tab, tmp_path: Path) -> None:
    page = Page(browser, tmp_path / "preview.html")
    await page.open(to_send(2, LIVECHAT))
    refused = await browser.run(
        """new Promise((done) => {
            const refused = [];
            document.addEventListener("securitypolicyviolation", (event) => {
                refused.push(event.effectiveDirective);
                if (refused.length === 3) done(refused.sort());
            });
            const script = document.createElement("script");
            script.textContent = "window.struck = true";
            const image = new Image();
            image.src = "http://127.0.0.1:9/a.png";
            document.body.append(script, image);
            fetch("http://127.0.0.1:9/").catch(() => {});
        })"""
    )
    assert refused == ["connect-src", "img-src", "script-src-elem"]
    assert await browser.run("typeof window.struck") == "undefined"
