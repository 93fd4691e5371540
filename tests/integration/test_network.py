"""The command and the network around it: a suspended process, proxies, certificates."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.sandbox import SandboxSettings

from .conftest import Campaign, RunningSandbox, Said, StartSandbox, kitechat_list, livechat_list

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from typing import Any

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"
CAMPAIGN = (sys.executable, "-m", "campaign")
CLOSED = b'{"success":false,"error":"room-closed"}'


Run = Callable[..., Said]


@pytest.fixture
def run(command: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Send two rows, with a given environment that has no proxies else."""
    for name in [name for name in os.environ if name.upper().endswith("_PROXY")]:
        monkeypatch.delenv(name)

    def send(*arguments: str, **environment: str) -> Said:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        recipients = livechat_list(tmp_path / "list.csv", 2)
        return command("run", recipients, "--template", "livechat-text", "--yes", *arguments)

    return send


@contextmanager
def served(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
    context: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """A server on a thread of its own; gives its port."""
    ready: Future[tuple[int, Callable[[], object]]] = Future()

    async def serve() -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context) as server:
            port = server.sockets[0].getsockname()[1]
            ready.set_result((port, lambda: loop.call_soon_threadsafe(stopped.set)))
            await stopped.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    port, stop = ready.result(10)
    try:
        yield port
    finally:
        stop()
        thread.join()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no such signal")
def test_answers_that_wait_in_the_socket_while_the_process_is_suspended_count(
    start_sandbox: StartSandbox, tmp_path: Path
) -> None:
    server = start_sandbox(SandboxSettings(latency=0.1))
    recipients = kitechat_list(tmp_path / "list.csv", 20)
    (tmp_path / "c.toml").write_text(
        f'template = "kitechat-text"\n[recipients]\nfile = "{recipients.name}"\n[server]\nurl = "{server.url}"\n'
        '[throttle]\nrate = "100000/s"\n[delivery]\ntimeout = "1s"\n'
    )
    command = [*CAMPAIGN, "run", "c.toml", "--yes", "--json"]
    environment = {**os.environ, "KITECHAT_API_KEY": "key-of-the-tests"}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    while len(server.ledger.taken()) < 6:
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)
    time.sleep(3)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert '"sent": 20' in out


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_environments_proxy_is_asked(run: Run, name: str) -> None:
    heads = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    with served(refuse) as port:
        done = run("--server", "https://chat.example.invalid", **{name: f"http://127.0.0.1:{port}"})
    assert done.code == 3
    assert "the proxy refuses the connection (HTTP 403)" in done.stderr
    assert heads
    assert all(head.startswith(b"CONNECT chat.example.invalid:443 ") for head in heads)


def test_no_proxy_is_obeyed(run: Run, server: RunningSandbox) -> None:
    proxy = "http://127.0.0.1:1"
    done = run("--server", server.url, HTTP_PROXY=proxy, ALL_PROXY=proxy, NO_PROXY="localhost,127.0.0.1")
    assert done.code == 0
    assert len(server.bodies()) == 2


def test_a_proxy_of_another_kind_is_refused_before_anything_is_sent(run: Run) -> None:
    done = run("--server", "https://chat.example.invalid", ALL_PROXY="socks5://u:secret@127.0.0.1:1")
    assert done.code == 2
    assert "ALL_PROXY: names no http or https proxy" in done.stderr
    assert "secret" not in done.stderr


async def _close_room(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    head = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(CLOSED)
    writer.write(head + CLOSED)
    await writer.drain()
    writer.close()


@pytest.fixture
def https() -> Iterator[str]:
    """The address of a server with a certificate of its own, which refuses every message."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    with served(_close_room, context) as port:
        yield f"https://localhost:{port}"


def test_a_certificate_of_ones_own_stops_at_once(run: Run, https: str) -> None:
    done = run("--server", https)
    assert (done.code, "set SSL_CERT_FILE to a PEM file" in done.stderr) == (3, True)


def test_the_way_out_of_a_certificate_of_ones_own_works(https: str, tmp_path: Path) -> None:
    recipients = livechat_list(tmp_path / "list.csv", 2)
    words = [*CAMPAIGN, "run", str(recipients), "--template", "livechat-text", "--yes", "--server", https]
    environment = {**os.environ, "SSL_CERT_FILE": str(CERTIFICATE)}  # a process reads it once
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "2 failed" in done.stderr) == (1, True)
