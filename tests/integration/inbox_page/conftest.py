from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest_asyncio

from campaign.sandbox import Sandbox
from tests.integration.chromium import tab_of_tests
from tests.integration.inbox_page.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.integration.chromium import Tab

HURRY = "{ const wait = setTimeout; window.setTimeout = (act, time) => wait(act, Math.min(time, 20)); }"
"""The page asks for news every second; tests need not wait so long."""


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    async with tab_of_tests(tmp_path_factory) as tab:
        await tab.ask("Page.addScriptToEvaluateOnNewDocument", source=HURRY)
        yield tab


@pytest_asyncio.fixture(loop_scope="package")
async def inbox(browser: Tab) -> AsyncIterator[Inbox]:
    """An inbox that must neither complain nor ask anybody but its sandbox, whatever a test does with it."""
    await browser.look(width=1280, scheme="light")
    async with Sandbox() as sandbox, aiohttp.ClientSession() as session:
        yield Inbox(browser, sandbox, session)
        complaints, requests = list(browser.complaints), list(browser.requests)
        # A page left open would go on asking a sandbox that is gone.
        await browser.open("about:blank")
    assert complaints == []
    assert [address for address in requests if not address.startswith(f"{sandbox.url}/")] == []
