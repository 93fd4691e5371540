from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from campaign.journal import State
from tests.integration.preview_page.pages import LEAST_CONTRAST
from tests.unit.review.report_runs import row

if TYPE_CHECKING:
    from tests.integration.report_page.reports import ReportPage

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_can_be_read_in_light_and_dark(page: ReportPage, scheme: str) -> None:
    await page.tab.look(width=1280, scheme=scheme)
    await page.open_run()
    await page.unfold()
    everywhere = LEAST_CONTRAST.replace("header *,", "header *, section *,")
    assert await page.tab.run(everywhere) >= 4.5


@pytest.mark.parametrize("width", [1280, 390])
async def test_nothing_sticks_out_sideways(page: ReportPage, width: int) -> None:
    await page.tab.look(width=width, scheme="light")
    await page.open_run()
    await page.unfold()
    assert await page.tab.run("document.documentElement.scrollWidth <= innerWidth")
    long = "x" * 400
    await page.open_rows([row(2, long, long), row(3, long, long, State.INVALID, (long, long))])
    await page.unfold()
    await page.click(".reason", "x")
    assert await page.tab.run("document.documentElement.scrollWidth <= innerWidth")


async def test_a_print_has_dark_text_on_white_and_no_controls(page: ReportPage) -> None:
    await page.tab.look(width=1280, scheme="dark")
    await page.open_run()
    await page.tab.ask("Emulation.setEmulatedMedia", media="print")
    colour = "getComputedStyle(document.body).{}"
    assert await page.tab.run(colour.format("backgroundColor")) == "rgb(255, 255, 255)"
    assert await page.tab.run(colour.format("color")) == "rgb(29, 33, 39)"
    assert await page.all(".finder, .keys, .pager button", "checkVisibility()") == [False] * 4
    printed = await page.tab.ask("Page.printToPDF", printBackground=True)
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    await page.tab.ask("Emulation.setEmulatedMedia", media="")
