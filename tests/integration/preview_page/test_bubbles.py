from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.chromium import TIMEOUT
from tests.integration.preview_page.pages import AGENT, CDN, LIVECHAT, REPLY, WEB, kitechat, template, to_send

if TYPE_CHECKING:
    from tests.integration.preview_page.pages import Page

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(
    ("payload", "sender", "lines"),
    [
        pytest.param(LIVECHAT, "Visitor", ["Chào chị Lan,", "đơn hàng 00123 đã giao 🎉"], id="livechat"),
        pytest.param(
            {**LIVECHAT, "msg": "Chào", "agent": AGENT}, "Visitor, agent kim.jane", ["Chào"], id="livechat with agent"
        ),
        pytest.param(kitechat(type="text", text="Chào anh 👋"), "Page 108600123", ["Chào anh 👋"], id="text"),
        pytest.param(
            kitechat(type="text", text="Xem", url=f"{CDN}/a"), "Page 108600123", ["Xem", f"{CDN}/a"], id="text and url"
        ),
        pytest.param(
            kitechat(type="image", url=f"{CDN}/b%E1%BA%A3ng.png"),
            "Page 108600123",
            ["IMAGE", "bảng.png", f"{CDN}/b%E1%BA%A3ng.png"],
            id="image",
        ),
        pytest.param(
            kitechat(type="video", url=f"{CDN}/100%25.mp4"),
            "Page 108600123",
            ["VIDEO", "100%.mp4", f"{CDN}/100%25.mp4"],
            id="video",
        ),
        pytest.param(
            kitechat(type="audio", url=f"{CDN}/%E1.mp3"),
            "Page 108600123",
            ["AUDIO", "%E1.mp3", f"{CDN}/%E1.mp3"],
            id="audio whose name is not UTF-8",
        ),
        pytest.param(
            kitechat(type="document", url=f"{CDN}/", text="Hợp đồng"),
            "Page 108600123",
            ["DOCUMENT", f"{CDN}/", "Hợp đồng"],
            id="document without a name, with text",
        ),
        pytest.param(
            template(header={"type": "text", "text": "Tết"}, body="Chị ơi", footer="DỪNG", buttons=[WEB, REPLY]),
            "Page 108600123",
            ["Tết", "Chị ơi", "DỪNG", "Mua ngay", f"opens {WEB['url']}", "Không", "answers NO_THANKS"],
            id="template",
        ),
        pytest.param(
            template(header={"type": "image", "url": f"{CDN}/a.png"}, body="Chị ơi"),
            "Page 108600123",
            ["IMAGE", "a.png", f"{CDN}/a.png", "Chị ơi"],
            id="template with a picture",
        ),
    ],
)
async def test_a_message_is_drawn_as_a_bubble(
    page: Page, payload: dict[str, Any], sender: str, lines: list[str]
) -> None:
    await page.open(to_send(2, payload))
    assert await page.text(".chat-sender") == sender
    assert [line for line in (await page.text(".bubble")).splitlines() if line] == lines


async def test_livechat_stands_on_the_visitors_side_and_kitechat_on_the_other(page: Page) -> None:
    await page.open(to_send(2, LIVECHAT), to_send(3, kitechat(type="text", text="Chào")))
    rights = await page.all(".bubble", "getBoundingClientRect().right")
    lefts = await page.all(".bubble", "getBoundingClientRect().left")
    room = await page.all(".content", "getBoundingClientRect().right")
    assert rights[0] == pytest.approx(room[0])
    assert lefts[1] < lefts[0]


async def test_cards_are_a_carousel_that_scrolls_by_keyboard(page: Page) -> None:
    cards = [
        {"header": {"type": "image", "url": f"{CDN}/{n}.png"}, "body": f"Thẻ {n}", "buttons": [WEB]} for n in range(6)
    ]
    await page.open(to_send(2, template(body="Mời xem", cards=cards)))
    assert await page.text(".chat > .bubble") == "Mời xem"
    assert [text.split("\n")[0] for text in await page.all(".bubble-cards .bubble p")] == [f"Thẻ {n}" for n in range(6)]
    cards_box = "document.querySelector('.bubble-cards')"
    assert await page.tab.run(f"{cards_box}.scrollWidth > {cards_box}.clientWidth")
    await page.tab.run(f"{cards_box}.focus()")
    async with asyncio.timeout(TIMEOUT):  # a busy browser may miss the first press
        while not await page.tab.run(f"{cards_box}.scrollLeft"):
            await page.tab.press("ArrowRight")


async def test_right_to_left_text_runs_from_the_right(page: Page) -> None:
    await page.open(to_send(2, {**LIVECHAT, "msg": "مرحبا ليلى"}, "سارة"), to_send(3, LIVECHAT))
    assert await page.all(".bubble p", "matches(':dir(rtl)')") == [True, False]
