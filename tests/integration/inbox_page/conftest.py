from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio

from campaign.sandbox import Sandbox
from tests.integration.chromium import PROGRAM, open_tab
from tests.integration.inbox_page.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.chromium import Tab

HURRY = "{ const wait = setTimeout; window.setTimeout = (act, time) => wait(act, Math.min(time, 20)); }"
"""The page asks for news every second; tests need not wait so long."""


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    if PROGRAM is None:
        pytest.skip("there is no browser: install Debian's package chromium")
    async with open_tab(tmp_path_factory.mktemp("profile")) as tab:
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
