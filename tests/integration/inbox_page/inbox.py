"""A sandbox, messages for it, and its inbox page in a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from campaign.channels.sandbox_api import Destination
from campaign.sandbox import Entry

if TYPE_CHECKING:
    import aiohttp

    from campaign.sandbox import Sandbox
    from tests.integration.chromium import Tab


class Inbox:
    """A sandbox, and its inbox page open in the browser."""

    def __init__(self, tab: Tab, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.tab = tab
        self.sandbox = sandbox
        self._session = session

    async def open(self) -> None:
        await self.tab.open(self.sandbox.url)
        await self.until("state.textContent === 'Live'")

    async def livechat(self, *texts: str, **fields: object) -> None:
        for text in texts:
            await self.send({"token": "t1", "rid": "r1", "msg": text, **fields})

    async def send(self, body: dict[str, Any]) -> None:
        path = "/api/v1/livechat/message" if "rid" in body else "/kitechat/send-message"
        async with self._session.post(self.sandbox.url + path, json=body, headers={"apikey": "k"}):
            return

    def store(self, count: int) -> None:
        """So many messages at once, as if they had come over the network."""
        ledger = self.sandbox.ledger
        for _ in range(count):
            number = ledger.next_number()
            raw = json.dumps({"token": "t", "rid": "r", "msg": f"Chào chị số {number},"}).encode()
            entry = Entry(number, 0.0, "livechat", "POST", Destination("t", "r"), raw, has_credentials=False)
            ledger.record(entry)
            ledger.take(entry, f"id{number}")

    async def until(self, condition: str) -> None:
        """Wait until a JavaScript expression is true in the page."""
        await self.tab.until(condition)

    async def until_shown(self, *texts: str) -> None:
        """Wait until exactly these messages are shown, the newest first."""
        shown = "JSON.stringify([...document.querySelectorAll('.bubble')].map((each) => each.textContent))"
        await self.until(f"{shown} === {json.dumps(json.dumps(texts, ensure_ascii=False, separators=(',', ':')))}")

    async def text(self, selector: str) -> str:
        """What a person reads in an element."""
        said: str = await self.tab.run(f"document.querySelector({json.dumps(selector)}).innerText")
        return said

    async def all(self, selector: str, what: str = "textContent") -> list[Any]:
        each = f"[...document.querySelectorAll({json.dumps(selector)})].map((found) => found.{what})"
        found: list[Any] = await self.tab.run(each)
        return found

    async def find(self, text: str) -> None:
        """Search as a person would."""
        await self.tab.run("wanted.focus(), wanted.select()")
        await self.tab.write(text)
