from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import pytest

from campaign.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    Open = Callable[..., Awaitable["Client"]]

LIVECHAT_PATH = "/api/v1/livechat/message"
KITECHAT_PATH = "/kitechat/send-message"
CHAT_PATH = "/api/v1/chat."
KEY = {"apikey": "the-key"}
USER = {"X-Auth-Token": "the-token", "X-User-Id": "u1"}


class Reply(NamedTuple):
    status: int
    content: Any
    headers: Mapping[str, str]


class Client:
    """Talks to one sandbox over a real socket."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self._session = session

    async def ask(self, method: str, path: str, **options: Any) -> Reply:  # noqa: ANN401 - aiohttp's own options
        options.setdefault("allow_redirects", False)
        async with self._session.request(method, self.sandbox.url + path, **options) as response:
            is_json = response.content_type == "application/json"
            content = await response.json() if is_json else await response.text()
            return Reply(response.status, content, response.headers.copy())

    async def livechat(self, **fields: object) -> Reply:
        return await self.ask("POST", LIVECHAT_PATH, json={"token": "t1", "rid": "r1", "msg": "Chào bạn", **fields})

    async def read_back(self, message_id: str, **room: str) -> Reply:
        return await self.ask("GET", f"{LIVECHAT_PATH}/{message_id}", params={"token": "t1", "rid": "r1", **room})

    async def chat(self, headers: Mapping[str, str] = USER, /, **fields: object) -> Reply:
        body = {"message": {"rid": "r1", "msg": "Chào bạn", **fields}}
        return await self.ask("POST", f"{CHAT_PATH}sendMessage", json=body, headers=headers)

    async def kitechat(self, message: object = None, **fields: object) -> Reply:
        body = {
            "pageId": "p1",
            "conversationId": "c1",
            "message": message or {"type": "text", "text": "Chào"},
            **fields,
        }
        return await self.ask("POST", KITECHAT_PATH, json=body, headers=KEY)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens on its own in the sandbox, 5 seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the sandbox has no event for it
            await asyncio.sleep(0.001)


@pytest.fixture
async def open_sandbox() -> AsyncIterator[Open]:
    """Starts sandboxes with the settings given, and closes them after the test."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Client:  # noqa: ANN401 - the settings' own types
            sandbox = await stack.enter_async_context(Sandbox(SandboxSettings(**settings)))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return Client(sandbox, session)

        yield start


@pytest.fixture
async def client(open_sandbox: Open) -> Client:
    return await open_sandbox()
