from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from campaign.journal import State
from tests.unit.review.report_runs import row

if TYPE_CHECKING:
    from tests.integration.report_page.reports import ReportPage

pytestmark = pytest.mark.asyncio(loop_scope="package")

NOTE_WHAT_IS_PRINTED = """addEventListener("beforeprint", () => {
    window.printed = [...document.querySelectorAll("article h2")].map((each) => each.textContent);
})"""


async def test_a_print_has_the_rows_of_every_page_and_the_screen_stays_as_it_was(page: ReportPage) -> None:
    await page.open_rows([row(number, f"Chào {number}") for number in range(2, 122)])
    await page.click("#next", "Next")
    await page.tab.run("document.querySelector('.folds details').open = true")
    await page.tab.run("document.querySelector('article').focus()")
    await page.tab.run(NOTE_WHAT_IS_PRINTED)
    printed = await page.tab.ask("Page.printToPDF")
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    assert await page.tab.run("window.printed") == [f"Row {number}" for number in range(2, 122)]
    assert await page.titles() == [f"Row {number}" for number in range(52, 102)]
    assert await page.all("article:first-child details", "open") == [True]
    assert await page.tab.run("document.activeElement.querySelector('h2').textContent") == "Row 52"
    assert await page.text("#place") == "51–100 of 120 rows"


async def test_a_print_says_which_rows_were_looked_for(page: ReportPage) -> None:
    rows = [row(2, "Chào Lan"), row(3, "Chào Minh", "Minh", State.SKIPPED, ("duplicate", "exact duplicate of row 2"))]
    await page.open_rows(rows)
    assert await printed_line(page) == "2 rows"
    await page.choose_state("skipped")
    await page.find("minh", "message")
    assert await printed_line(page) == "1 row: skipped; “minh” in message"
    await page.find("nobody")
    assert await printed_line(page) == "0 rows: skipped; “nobody” in any column"


async def test_a_print_says_how_many_rows_it_leaves_out(page: ReportPage) -> None:
    await page.open_rows([row(number, "") for number in range(2, 1005)])
    said = "The first 1,000 of 1,003 rows. 3 more are left out; search or filter to print them."
    assert await printed_line(page) == said
    assert await page.tab.run("document.querySelectorAll('article').length") == 1000
    await page.tab.run("dispatchEvent(new Event('afterprint'))")
    assert await page.tab.run("document.querySelectorAll('article').length") == 50


async def test_a_print_has_the_details_of_the_run_and_no_closed_fold_outs(page: ReportPage) -> None:
    await page.open_run()
    await printed_line(page)
    await page.tab.ask("Emulation.setEmulatedMedia", media="print")
    assert set(await page.all(".folded .cells", "checkVisibility()")) == {True}
    assert set(await page.all("article summary", "checkVisibility()")) == {False}
    await page.tab.run("dispatchEvent(new Event('afterprint'))")
    await page.tab.ask("Emulation.setEmulatedMedia", media="")
    assert set(await page.all(".folded details", "open")) == {False}


async def printed_line(page: ReportPage) -> str:
    """What a print says of its rows."""
    await page.tab.run("dispatchEvent(new Event('beforeprint'))")
    [said] = await page.all(".printed")
    return str(said)
