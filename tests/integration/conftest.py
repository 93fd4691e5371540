from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from campaign.cli.main import campaign
from campaign.sandbox import Ledger, ListSettings, Sandbox, SandboxSettings
from campaign.sandbox.server import _served


@dataclass(frozen=True, slots=True)
class Said:
    """The exit code and the output of a command."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        lines = self.stdout.splitlines()
        assert len(lines) == 1, self.stdout
        found = json.loads(lines[0])
        assert isinstance(found, dict)
        return found


Campaign = Callable[..., Said]

SEPARATE_STREAMS: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
"""click before 8.2 merges the two streams unless this option is false; later versions have no such option."""

FAST = ("--rate", "1000/s", "--yes", "--json")


@pytest.fixture
def api_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """Kitechat's key, in the environment."""
    key = "key-of-the-tests"
    monkeypatch.setenv("KITECHAT_API_KEY", key)
    return key


@pytest.fixture
def command() -> Campaign:
    """Run the command line in this process, without a terminal."""

    def run(*arguments: str | Path) -> Said:
        result = CliRunner(**SEPARATE_STREAMS).invoke(campaign, [str(each) for each in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox in its own thread."""

    url: str
    ledger: Ledger
    sandbox: Sandbox

    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the messages that were taken, in order of arrival."""
        bodies = [entry.body for entry in self.ledger.taken()]
        return [body for body in bodies if isinstance(body, dict)]

    def answer_at_once(self) -> None:
        """Let no latency pass before the answers to requests that come from now on."""
        self.sandbox._settings = replace(self.sandbox._settings, latency=0.0)

    def list_at_once(self) -> None:
        """Let the list of messages contain what was taken, and what will be, without a lag."""
        settings = replace(self.sandbox._settings, listing=ListSettings())
        self.sandbox._served = _served(self.sandbox._channels.values(), settings)


StartSandbox = Callable[..., RunningSandbox]


@pytest.fixture
def start_sandbox() -> Iterator[StartSandbox]:
    """Start sandboxes that run until the end of the test."""
    ends: list[Callable[[], None]] = []

    def start(settings: SandboxSettings | None = None) -> RunningSandbox:
        ready: Future[Sandbox] = Future()
        loop = asyncio.new_event_loop()
        stopped = asyncio.Event()

        async def serve() -> None:
            async with Sandbox(settings or SandboxSettings()) as sandbox:
                ready.set_result(sandbox)
                await stopped.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()

        def end() -> None:
            loop.call_soon_threadsafe(stopped.set)
            thread.join()
            loop.close()

        ends.append(end)
        sandbox = ready.result(10)
        return RunningSandbox(sandbox.url, sandbox.ledger, sandbox)

    yield start
    for end in ends:
        end()


@pytest.fixture
def server(start_sandbox: StartSandbox) -> RunningSandbox:
    """A sandbox without faults."""
    return start_sandbox()


def write_csv(path: Path, rows: list[list[str]]) -> Path:
    path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    return path


def write_workbook(path: Path, rows: list[list[object]], sheet: str = "Sheet1") -> Path:
    workbook = Workbook()
    worksheet = workbook.active
    assert worksheet is not None
    worksheet.title = sheet
    for row in rows:
        worksheet.append(row)
    workbook.save(path)
    return path


def livechat_list(path: Path, count: int, destinations: int | None = None) -> Path:
    """A CSV of `rows` livechat rows over `destinations` destinations (default: one per row)."""
    spread = destinations or count
    rows = [[f"token{number % spread}", f"room{number % spread}", f"message {number}"] for number in range(count)]
    return write_csv(path, [["token", "rid", "msg"], *rows])


def kitechat_list(path: Path, count: int) -> Path:
    rows = [["1", f"conversation{number}", f"message {number}"] for number in range(count)]
    return write_csv(path, [["page_id", "conversation_id", "text"], *rows])
