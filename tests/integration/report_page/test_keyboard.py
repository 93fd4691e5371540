from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.review.report_runs import row

if TYPE_CHECKING:
    from tests.integration.report_page.reports import ReportPage

pytestmark = pytest.mark.asyncio(loop_scope="package")

FOCUSED = "document.activeElement.querySelector('h2')?.textContent"


async def test_the_page_is_worked_by_keyboard(page: ReportPage) -> None:
    await page.open_run()
    await page.tab.press("Tab", "Tab", "Tab")
    assert "failed" in await page.tab.run("document.activeElement.textContent")
    assert await page.tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.tab.press("Enter")
    assert await page.titles() == ["Row 3"]
    await page.tab.press("Escape")
    assert len(await page.titles()) == 8
    await page.tab.press("/")
    await page.tab.write("minh")
    await page.found()
    await page.tab.press("Enter")
    assert await page.tab.run(FOCUSED) == "Row 3"
    await page.tab.press("j")
    assert await page.tab.run(FOCUSED) == "Row 7"
    await page.tab.press("/", "Escape")
    assert await page.tab.run("wanted.value") == ""
    assert len(await page.titles()) == 8


async def test_j_and_k_go_over_the_end_of_a_page(page: ReportPage) -> None:
    await page.open_rows([row(number, "Lan") for number in range(2, 62)])
    await page.tab.run("document.querySelector('article:last-child').focus()")
    await page.tab.press("j")
    assert await page.tab.run(FOCUSED) == "Row 52"
    await page.tab.press("k")
    assert await page.tab.run(FOCUSED) == "Row 51"
