from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from campaign.journal import State
from tests.unit.review.report_runs import row

if TYPE_CHECKING:
    from tests.integration.report_page.reports import ReportPage

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_attempts_and_cells_are_folded_out(page: ReportPage) -> None:
    await page.open_run()
    await page.tab.run("document.querySelector('.folds summary').focus()")
    await page.tab.press("Enter")
    first, second = await page.all("article:first-child .attempts li")
    assert first.startswith("send · 2027-01-1")
    assert first.endswith(" · not taken, asked to wait after 1.00 s · HTTP 429try again in 2 s")
    assert second.endswith(" · sent after 0.25 s · HTTP 200")
    assert await page.text(".attempts > p") == "Message ID m1"
    await page.unfold()
    assert await page.all("article:first-child .cells th") == ["Tên", "Số"]
    assert await page.all("article:first-child .cells td") == ["Nguyễn Thị Lan", "2"]


async def test_a_row_shows_state_reason_and_message(page: ReportPage) -> None:
    await page.open_run()
    labels = ["sent", "failed", "in doubt", "pending", "invalid", "skipped", "deleted", "cut off"]
    assert await page.all("article .chip") == labels
    assert (await page.all(".bubble p"))[0] == "Xin chào Nguyễn Thị Lan"
    assert len(await page.all(".bubble")) == 7
    assert await page.all("article .content > .blank") == ["No message"]
    assert "the server refused it: no such room" in await page.all(".reason-of")


async def test_markup_in_a_cell_or_an_answer_is_text(page: ReportPage) -> None:
    evil = "</script><script>window.struck = true</script><img src=x onerror='window.struck = true'>"
    await page.open_rows([row(2, evil, evil), row(3, evil, evil, State.INVALID, (evil, evil))])
    await page.unfold()
    await page.click(".reason", "script")
    assert await page.titles() == ["Row 3"]
    assert await page.tab.run("typeof window.struck") == "undefined"
    assert await page.all("img") == []
    assert await page.text("article .reason-of") == evil


async def test_a_long_list_opens_at_once_and_is_searched_while_the_page_goes_on(page: ReportPage) -> None:
    text = "Chị Nguyễn Thị Lan ơi, phiếu quà 200.000 ₫ của chị còn hạn đến 15/02/2026. 🎉 " * 4
    page.write_rows([row(number, f"{text}, mã {number}") for number in range(2, 10_002)])
    started = time.perf_counter()
    await page.tab.open(page.address)
    assert await page.text("#place") == "1–50 of 10,000 rows"
    assert time.perf_counter() - started < 3
    await page.find("ma 9999")
    await page.found()
    assert await page.titles() == ["Row 9999"]


async def test_a_row_that_was_left_out_before_it_had_a_message_has_none(page: ReportPage) -> None:
    left_out = row(2, "", state=State.SKIPPED, reason=("where", 'left out by where: tier == "gold"'))
    await page.open_rows([left_out._replace(body=None, digest=None)])
    assert await page.all("article .content > .blank") == ["No message"]


async def test_a_message_that_was_forgotten_is_said_to_be_gone(page: ReportPage) -> None:
    await page.open_run(forgotten=True)
    gone = "The message is not on record any more"
    assert await page.all("article .content > .blank") == [*[gone] * 4, "No message", *[gone] * 3]
