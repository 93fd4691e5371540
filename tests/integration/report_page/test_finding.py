from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.review.report_runs import row

if TYPE_CHECKING:
    from tests.integration.report_page.reports import ReportPage

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(
    ("text", "column", "found"),
    [
        pytest.param("nguyen thi", "any", [2], id="without the marks"),
        pytest.param("do minh", "0", [3, 7], id="đ as d, in one column"),
        pytest.param("minh", "1", [], id="not in that column"),
        pytest.param("8", "row", [8], id="row number"),
        pytest.param("t/r4", "to", [4], id="destination"),
        pytest.param("chào quyên", "message", [5], id="message"),
        pytest.param("no such room", "reason", [3], id="reason"),
        pytest.param("m1", "id", [2], id="message id"),
        pytest.param("try again in", "any", [2], id="what the server said at an attempt"),
        pytest.param("right", "any", [], id="nothing that is no text of the row"),
        pytest.param("   ", "any", [2, 3, 4, 5, 6, 7, 8, 9], id="nothing asked"),
    ],
)
async def test_rows_are_found_by_any_column(page: ReportPage, text: str, column: str, found: list[int]) -> None:
    await page.open_run()
    await page.find(text, column)
    await page.found()
    assert await page.all("article", "getAttribute('aria-labelledby')") == [f"row-{number}" for number in found]


async def test_a_state_is_chosen_from_the_list_or_by_its_figure(page: ReportPage) -> None:
    await page.open_run()
    await page.choose_state("in doubt")
    assert await page.titles() == ["Row 4"]
    assert await page.all(".figure[aria-pressed=true] span") == ["in doubt", "12.5%"]
    await page.click(".figure", "pending")
    assert await page.titles() == ["Row 5", "Row 9"]  # the one that was cut off waits too
    assert await page.tab.run("state.selectedOptions[0].text") == "pending"
    await page.click(".figure", "pending")
    assert len(await page.titles()) == 8
    assert await page.all("[aria-pressed=true]") == []


async def test_a_reason_shows_its_rows_alone(page: ReportPage) -> None:
    await page.open_run()
    await page.click(".reason", "no such room")
    assert await page.titles() == ["Row 3"]
    assert await page.text("#chosen span") == "the server refused it: no such room"
    await page.click(".reason", "cut off")
    assert await page.titles() == ["Row 9"]
    await page.find("lan")
    await page.found()
    assert await page.text("main") == "No row matches."
    await page.click("#all", "All rows")
    assert len(await page.titles()) == 8
    assert await page.all("#chosen", "checkVisibility()") == [False]


async def test_a_state_without_rows_says_so(page: ReportPage) -> None:
    await page.open_rows([row(2, "Lan")])
    await page.choose_state("failed")
    assert await page.text("main") == "No row is in this state."
    assert await page.text("#place") == "No rows"


async def test_a_long_list_is_turned_page_by_page(page: ReportPage) -> None:
    await page.open_rows([row(number, f"Name {number}") for number in range(2, 1_062)])
    assert (await page.titles())[-1] == "Row 51"
    await page.tab.run("next.focus()")
    await page.tab.press("Enter")
    assert await page.text("#place") == "51–100 of 1,060 rows"
    assert (await page.titles())[0] == "Row 52"
    await page.find("name 10", "0")
    await page.found()
    assert await page.text("#place") == "1–50 of 73 rows"
    await page.tab.run("next.click()")
    assert (await page.titles())[-1] == "Row 1061"
