from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.integration.chromium import tab_of_tests, watched
from tests.integration.report_page.reports import ReportPage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from tests.integration.chromium import Tab


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    async with tab_of_tests(tmp_path_factory) as tab:
        yield tab


@pytest_asyncio.fixture(loop_scope="package")
async def page(browser: Tab, tmp_path: Path) -> AsyncIterator[ReportPage]:
    opened = ReportPage(browser, tmp_path / "kết quả.html")
    async with watched(browser, opened.address):
        yield opened
