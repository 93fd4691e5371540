"""The transport over real loopback sockets, with every way in which a request can fail."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from aiohttp import web

from campaign.channels import KITECHAT
from campaign.channels.base import LONGEST_RESPONSE, Fatal, NoResponse, Request, Response
from campaign.delivery.redaction import Redaction
from campaign.delivery.transport import HttpTransport
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
from .loopback import Servers

MESSAGE = Request("POST", "/api/message", b'{"msg":"Ch\xc3\xa0o"}')


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def short_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers below that never answer a handshake cost each test the time of a probe."""
    monkeypatch.setattr("campaign.delivery.tls.PROBE_TIMEOUT", 0.2)


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        yield Servers(stack)


async def sent(url: str, request: Request = MESSAGE, timeout: float = 5.0) -> Response | NoResponse:  # noqa: ASYNC109 - the server's own word
    async with HttpTransport(url, DeliverySettings(timeout=timeout), {"apikey": "the-key"}) as transport:
        return await transport.send(request)


async def test_a_request_arrives_as_it_was_made(servers: Servers) -> None:
    await sent(await servers.http(web.Response))
    (seen,) = servers.seen
    assert (seen.method, seen.path, seen.body) == (MESSAGE.method, MESSAGE.url, MESSAGE.body)
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["apikey"] == "the-key"


async def test_a_response_is_read_completely(servers: Servers) -> None:
    url = await servers.http(lambda: web.Response(status=400, headers={"X-RateLimit-Limit": "10"}, body=b'{"a":1}'))
    response = await sent(url)
    assert isinstance(response, Response)
    assert (response.status, response.body, response.headers["x-ratelimit-limit"]) == (400, b'{"a":1}', "10")
    assert "date" in response.headers


@pytest.mark.parametrize("can_read_back", [True, False])
async def test_a_request_that_may_not_leave_is_not_written(servers: Servers, *, can_read_back: bool) -> None:
    answers = [True, False]
    settings, url = DeliverySettings(timeout=5.0), await servers.http(web.Response)
    async with HttpTransport(url, settings, can_read_back=can_read_back, may_send=lambda: answers.pop(0)) as transport:
        assert isinstance(await transport.send(MESSAGE), Response)
        held = await transport.send(MESSAGE)
    assert held == NoResponse("held back, because the journal was out of reach for too long", request_left=False)
    assert len(servers.seen) == 1


@pytest.mark.parametrize(
    "text", ["a b", "a+b", "a&b=c", "a/b?c#d", "100%", "%2F", "a;b", "Trần", "😀", "'\"<>"], ids=lambda text: text
)
async def test_special_characters_survive_in_a_url(servers: Servers, text: str) -> None:
    await sent(await servers.http(web.Response), Request("GET", f"/api/message/id?{urlencode({'token': text})}"))
    assert servers.seen[0].query == {"token": text}


async def test_a_redirect_is_not_followed(servers: Servers) -> None:
    elsewhere = await servers.http(web.Response)
    url = await servers.http(lambda: web.Response(status=307, headers={"Location": elsewhere}))
    response = await sent(url)
    assert isinstance(response, Response)
    assert (response.status, response.headers["location"]) == (307, elsewhere)
    assert len(servers.seen) == 1


async def test_a_key_repeated_by_the_server_is_not_in_the_reason(servers: Servers) -> None:
    said = {"Location": "https://elsewhere.example/?apikey=the-key"}
    url = await servers.http(lambda: web.Response(status=302, headers=said, body=b'{"message":"bad key the-key"}'))
    async with HttpTransport(url, DeliverySettings(), {"apikey": "the-key"}) as transport:
        response = await transport.send(MESSAGE)
    assert isinstance(response, Response)
    assert response.body == b'{"message":"bad key the-key"}'
    read = partial(KITECHAT.read_response, body=b"{}", again=False)
    verdict = Redaction(["the-key"]).read(response, read)
    assert isinstance(verdict, Fatal)
    assert "https://elsewhere.example/?apikey=[the API key];" in verdict.reason


async def test_cookies_are_not_kept(servers: Servers) -> None:
    url = await servers.http(lambda: web.Response(headers={"Set-Cookie": "session=1"}))
    url = url.replace("127.0.0.1", "localhost")  # a host name: aiohttp keeps no cookies of IP addresses
    async with HttpTransport(url, DeliverySettings()) as transport:
        for _ in range(2):
            await transport.send(MESSAGE)
    assert [seen.headers.get("cookie") for seen in servers.seen] == [None, None]


def test_the_key_is_not_shown() -> None:
    assert "the-key" not in repr(HttpTransport("https://chat.example.com", DeliverySettings(), {"apikey": "the-key"}))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def test_a_refused_connection_is_not_sent() -> None:
    response = await sent(f"http://127.0.0.1:{closed_port()}")
    assert isinstance(response, NoResponse)
    assert not response.request_left
    assert response.reason.startswith("the server cannot be reached (Cannot connect")


async def test_an_unknown_host_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    response = await sent("http://chat.example.invalid")
    assert isinstance(response, NoResponse)
    assert not response.request_left
    assert "Name or service not known" in response.reason


async def test_an_endless_dns_lookup_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def wait(*_: object, **__: object) -> None:
        released.wait(5)
        raise socket.gaierror(socket.EAI_AGAIN, "Try again")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    try:
        response = await sent("http://chat.example.invalid", timeout=0.2)
    finally:
        released.set()
    assert response == NoResponse("the server cannot be reached (no connection in time)", request_left=False)


@pytest.mark.parametrize("host", ["a..example", "a" * 64 + ".example", "\u00e4" * 64], ids=["empty", "long", "IDN"])
async def test_an_invalid_host_is_not_sent(host: str) -> None:
    response = await sent(f"http://{host}")
    assert response == NoResponse(f"the server cannot be reached (no such host: http://{host})", request_left=False)


async def test_a_failed_tls_handshake_is_not_sent(servers: Servers) -> None:
    url = await servers.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    async with asyncio.timeout(10):
        response = await sent(url.replace("http://", "https://"), timeout=0.4)
    assert isinstance(response, NoResponse)
    assert not response.request_left


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
    await _silent(reader, writer)


@pytest.mark.parametrize(
    ("talk", "said"),
    [(_silent, "no answer within 0.2 s"), (_half, "the answer (HTTP 200) did not end within 0.2 s")],
    ids=["no word", "half an answer"],
)
async def test_a_server_that_stalls_may_have_the_message(servers: Servers, talk: Talk, said: str) -> None:
    response = await sent(await servers.raw(talk), timeout=0.2)
    assert response == NoResponse(said, request_left=True)


async def test_a_reset_connection_is_indeterminate(servers: Servers) -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    response = await sent(await servers.raw(reset))
    assert isinstance(response, NoResponse)
    assert response.request_left
    assert response.reason.startswith("the connection broke before the answer")


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        HEAD + b"Content-Length: 100\r\n\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"\x00\xff\xfegarbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=[
        "closed",
        "half a head",
        "half a body",
        "half a chunk",
        "no chunk",
        "no gzip",
        "negative length",
        "endless header",
        "garbage",
        "another protocol",
    ],
)
async def test_a_broken_response_is_indeterminate(servers: Servers, response: bytes) -> None:
    found = await sent(await servers.saying(response))
    assert isinstance(found, NoResponse)
    assert found.request_left


async def test_undecodable_header_bytes_are_harmless(servers: Servers) -> None:
    response = await sent(await servers.saying(b"HTTP/1.1 302 Found\r\nLocation: /\xff\r\nContent-Length: 0\r\n\r\n"))
    assert isinstance(response, Response)
    assert response.status == 302


async def test_an_endless_response_is_cut_off(servers: Servers) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            try:
                await writer.drain()
            except ConnectionError:
                return

    response = await sent(await servers.raw(talk))
    assert isinstance(response, Response)
    assert LONGEST_RESPONSE < len(response.body) < 2 * LONGEST_RESPONSE


async def test_many_requests_share_a_few_connections(servers: Servers) -> None:
    url = await servers.http(web.Response)
    async with HttpTransport(url, DeliverySettings(concurrency=4)) as transport:
        responses = await asyncio.gather(*(transport.send(MESSAGE) for _ in range(40)))
    assert all(isinstance(response, Response) for response in responses)
