"""A headless Chromium for tests, driven over the DevTools protocol (https://chromedevtools.github.io)."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--headless",
    "--no-sandbox",  # continuous integration runs as root, where Chromium has no sandbox
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
)
TIMEOUT = 60.0
"""Seconds after which a wait fails the test; a successful wait ends with its event."""

KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " "), "ArrowRight": (39, ""), "Escape": (27, "")}
"""Keys other than letters: the code of each in Chromium, and the text that it types."""


class Tab:
    """One tab.

    Attributes:
        complaints: console messages, uncaught errors and refusals of the content security policy since the page opened.
        requests: the addresses that the page has asked for, its own the first.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._socket = socket
        self._numbers = itertools.count(1)
        self._responses: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()

    async def listen(self) -> None:
        """Read the browser's messages until it closes the connection."""
        async for message in self._socket:
            reply = json.loads(message.data)
            if "id" in reply:
                response = self._responses.pop(reply["id"])
                if not response.done():  # nobody waits for it any more
                    response.set_result(reply)
            else:
                self._note(reply["method"], reply["params"])

    def _note(self, event: str, about: dict[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])
            case "Page.loadEventFired":
                self._loaded.set()
            case "Log.entryAdded":
                self.complaints.append(about["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(about))

    async def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        response = self._responses[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        reply = await asyncio.wait_for(response, TIMEOUT)
        assert "error" not in reply, reply
        result: dict[str, Any] = reply["result"]
        return result

    async def open(self, address: str) -> None:
        """Load a page and wait until it is complete and painted."""
        self.complaints.clear()
        self.requests.clear()
        self._loaded.clear()
        await self.ask("Page.navigate", url=address)
        await asyncio.wait_for(self._loaded.wait(), TIMEOUT)
        await self.settle()

    async def settle(self) -> None:
        """Wait until the page has handled the last input and is painted."""
        await self.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    async def until(self, condition: str) -> None:
        """Wait until a JavaScript expression is true in the page; it is evaluated at every change of the document."""
        script = f"""new Promise((done) => {{
            const look = () => {{ if ({condition}) {{ observer.disconnect(); done(); }} }};
            const observer = new MutationObserver(look);
            observer.observe(document, {{subtree: true, childList: true, attributes: true, characterData: true}});
            look();
        }})"""
        try:
            await self.run(script)
        except TimeoutError:
            raise AssertionError(f"not so within {TIMEOUT:g} s: {condition}") from None

    async def run(self, script: str) -> Any:  # noqa: ANN401 - any value of the script
        """Return the value of a JavaScript expression in the page."""
        reply = await self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"].get("value")

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            code, text = KEYS.get(key, (ord(key.upper()[0]), key))
            about = {"key": key, "windowsVirtualKeyCode": code}
            await self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **about)
            await self.settle()

    async def write(self, text: str) -> None:
        """Insert text at the focus, as an input method does."""
        await self.ask("Input.insertText", text=text)

    async def look(self, *, width: int, scheme: str) -> None:
        """Show the page on a screen of this width (CSS pixels), in a light or a dark colour scheme."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.ask("Emulation.setEmulatedMedia", features=features)
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        await self.ask("Emulation.setDeviceMetricsOverride", **screen)


@asynccontextmanager
async def open_tab(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a new browser, whose profile is created in an empty folder."""
    assert PROGRAM is not None
    nowhere = asyncio.subprocess.DEVNULL
    browser = await asyncio.create_subprocess_exec(
        PROGRAM, *OPTIONS, f"--user-data-dir={folder}", "about:blank", stdout=nowhere, stderr=nowhere
    )
    try:
        port = await asyncio.to_thread(_port, folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as response:
                targets = await response.json(content_type=None)
            address = next(each["webSocketDebuggerUrl"] for each in targets if each["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                tab = Tab(socket)
                listening = asyncio.create_task(tab.listen())
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await tab.ask(f"{domain}.enable")
                yield tab
            await listening
    finally:
        browser.terminate()
        await browser.wait()


@asynccontextmanager
async def tab_of_tests(factory: pytest.TempPathFactory) -> AsyncIterator[Tab]:
    """A tab for a package of tests, which are skipped where there is no browser."""
    if PROGRAM is None:
        pytest.skip("there is no browser: install Debian's package chromium")
    async with open_tab(factory.mktemp("profile")) as tab:
        yield tab


@asynccontextmanager
async def watched(tab: Tab, address: str) -> AsyncIterator[None]:
    """Let a page neither complain nor ask the network for anything, whatever a test does with it."""
    await tab.look(width=1280, scheme="light")
    yield
    assert tab.complaints == []
    assert set(tab.requests) == {address}


def _port(file: Path) -> int:
    """The port that Chromium chose; it writes it to a file of its profile once it listens."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) == 2:
            return int(lines[0])
        time.sleep(0.02)
    raise TimeoutError(f"{PROGRAM} did not start")
