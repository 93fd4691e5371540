from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.integration.chromium import PROGRAM, open_tab
from tests.integration.report_page.reports import ReportPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.chromium import Tab


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    if PROGRAM is None:
        pytest.skip("there is no browser: install Debian's package chromium")
    async with open_tab(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest_asyncio.fixture(loop_scope="package")
async def page(browser: Tab, tmp_path: Path) -> AsyncIterator[ReportPage]:
    """A page that must neither complain nor ask the network for anything, whatever a test does with it."""
    opened = ReportPage(browser, tmp_path / "kết quả.html")
    await browser.look(width=1280, scheme="light")
    yield opened
    assert browser.complaints == []
    assert set(browser.requests) == {opened.address}
