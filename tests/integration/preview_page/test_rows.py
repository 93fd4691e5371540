from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from campaign.errors import Problem
from campaign.review.preview_page import write_page
from tests.integration.preview_page.pages import CONTEXT, LIVECHAT, REPLY, WEB, kitechat, row, template, to_send

if TYPE_CHECKING:
    from tests.integration.preview_page.pages import Page

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_beside_a_bubble_stand_row_destination_and_note(page: Page) -> None:
    reason = "exact duplicate of row 3"
    await page.open(row(7, "t/r", LIVECHAT, (), reason, ()))
    assert (await page.text("article > div")).split("\n\n") == ["Row 7", "t/r", f"{reason}: will be skipped"]
    assert await page.all("#counts li") == ["0 messages to send", "1 to be skipped", "no problems"]


async def test_the_fold_out_shows_the_exact_json(page: Page) -> None:
    payload = kitechat(type="text", text='Chị "Lan" \\ 👨‍👩‍👧\n<b>\u200b \ufeff')
    await page.open(to_send(2, payload))
    await page.tab.run("document.querySelector('.folds details:last-child summary').focus()")
    await page.tab.press("Enter")
    shown = await page.text(".folds pre")
    assert json.loads(shown) == payload
    assert r"<b>\u200b \ufeff" in shown


async def test_a_row_with_problems_marks_its_cells(page: Page) -> None:
    problems = (
        Problem("B4, C4", "“Link” and “Column C” are blank, and message.url needs it", "fill it in"),
        Problem("row 4", "message.type is missing"),
    )
    await page.open(row(4, "", None, problems, "", ("Lan", "", "")))
    assert await page.text(".chip") == "2 problems"
    assert await page.all(".problems li") == [
        "B4, C4“Link” and “Column C” are blank, and message.url needs it; fill it in",
        "row 4message.type is missing",
    ]
    assert await page.all(".cells .bad th") == ["Link", "Column C"]
    assert await page.all(".cells td") == ["Lan", "blank", "blank"]
    assert await page.all("article .bubble") == []


async def test_five_thousand_messages_open_in_under_three_seconds(page: Page) -> None:
    cells = (
        "Nguyễn Thị Lan",
        "0903 123 456",
        "https://shop.example.com/tet?id=1",
        "Hà Nội",
        "15/02/2026",
        "1.250.000 ₫",
    )
    text = "Chị Nguyễn Thị Lan ơi, phiếu quà 200.000 ₫ của chị còn hạn đến 15/02/2026. 🎉 " * 3
    payload = template(header={"type": "text", "text": "Tết"}, body=text, buttons=[WEB, REPLY])
    write_page(CONTEXT, (to_send(row, payload, *cells) for row in range(2, 5_002)), page.path)
    started = time.perf_counter()
    await page.tab.open(page.address)
    assert await page.text("#place") == "1–50 of 5,000 rows"
    assert time.perf_counter() - started < 3
    await page.find("nguyen")
    assert await page.text("#place") == "1–50 of 5,000 rows"
