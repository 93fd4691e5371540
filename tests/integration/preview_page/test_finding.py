from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.preview_page.pages import LIVECHAT, PEOPLE, to_send

if TYPE_CHECKING:
    from tests.integration.preview_page.pages import Page

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(
    ("text", "column", "found"),
    [
        pytest.param("lan", "any", ["Row 2", "Row 4"], id="any column, any case"),
        pytest.param("nguyen thi", "any", ["Row 2"], id="without the marks"),
        pytest.param("do minh", "0", ["Row 3"], id="đ as d, in one column"),
        pytest.param("Lan", "1", [], id="not in that column"),
        pytest.param("b.vn", "1", ["Row 3"], id="a column"),
        pytest.param("3", "row", ["Row 3"], id="row number"),
        pytest.param("108600123", "to", ["Row 2", "Row 3"], id="destination"),
        pytest.param("chào", "message", ["Row 2", "Row 3"], id="message"),
        pytest.param("is blank", "any", ["Row 4"], id="what is wrong"),
        pytest.param("   ", "any", ["Row 2", "Row 3", "Row 4"], id="nothing asked"),
    ],
)
async def test_rows_are_found_by_any_column(page: Page, text: str, column: str, found: list[str]) -> None:
    await page.open(*PEOPLE)
    await page.find(text, column)
    assert await page.titles() == found


async def test_a_search_that_finds_nothing_says_so(page: Page) -> None:
    await page.open(*PEOPLE)
    await page.find("không có")
    assert await page.text("main") == "No row matches."
    assert await page.text("#place") == "No rows"


async def test_every_column_can_be_chosen(page: Page) -> None:
    await page.open(*PEOPLE)
    own = ["any column", "row number", "destination", "message"]
    assert await page.all("#column option") == [*own, "Họ và tên", "Link", "Column C"]


async def test_only_rows_with_problems_are_shown_when_asked(page: Page) -> None:
    await page.open(*PEOPLE)
    await page.tab.run("only.focus()")
    await page.tab.press(" ")
    assert await page.titles() == ["Row 4"]
    assert await page.all("#counts li") == ["2 messages to send", "1 row with problems"]


async def test_a_long_list_is_turned_page_by_page(page: Page) -> None:
    await page.open_all(to_send(row, LIVECHAT) for row in range(2, 1_062))
    assert (await page.titles())[-1] == "Row 51"
    assert await page.tab.run("previous.disabled")
    await page.tab.run("next.focus()")
    await page.tab.press("Enter")
    assert await page.text("#place") == "51–100 of 1,060 rows"
    assert (await page.titles())[0] == "Row 52"
    await page.tab.run("document.getElementById('previous').click()")
    assert await page.text("#place") == "1–50 of 1,060 rows"


async def test_a_short_list_needs_no_pages(page: Page) -> None:
    await page.open(*PEOPLE)
    assert await page.all("nav button", "checkVisibility()") == [False, False]
