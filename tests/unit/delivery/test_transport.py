"""The network as it is: real sockets on loopback, and every way for a request to go wrong."""

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
from campaign.channels.base import Fatal, NoResponse, Request, Response
from campaign.delivery.transport import LONGEST_RESPONSE, HttpTransport
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
from .loopback import Servers

MESSAGE = Request("POST", "/api/message", b'{"msg":"Ch\xc3\xa0o"}')


HEAD = b"HTTP/1.1 200 OK\r\n"


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


async def test_an_answer_comes_whole(servers: Servers) -> None:
    url = await servers.http(lambda: web.Response(status=400, headers={"X-RateLimit-Limit": "10"}, body=b'{"a":1}'))
    answer = await sent(url)
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, answer.headers["x-ratelimit-limit"]) == (400, b'{"a":1}', "10")
    assert "date" in answer.headers


@pytest.mark.parametrize(
    "text", ["a b", "a+b", "a&b=c", "a/b?c#d", "100%", "%2F", "a;b", "Trần", "😀", "'\"<>"], ids=lambda text: text
)
async def test_odd_characters_survive_in_an_address(servers: Servers, text: str) -> None:
    await sent(await servers.http(web.Response), Request("GET", f"/api/message/id?{urlencode({'token': text})}"))
    assert servers.seen[0].query == {"token": text}


async def test_a_redirect_is_not_followed(servers: Servers) -> None:
    elsewhere = await servers.http(web.Response)
    url = await servers.http(lambda: web.Response(status=307, headers={"Location": elsewhere}))
    answer = await sent(url)
    assert isinstance(answer, Response)
    assert (answer.status, answer.headers["location"]) == (307, elsewhere)
    assert len(servers.seen) == 1


async def test_a_server_that_repeats_the_key_does_not_get_it_into_a_reason(servers: Servers) -> None:
    said = {"Location": "https://elsewhere.example/?apikey=the-key"}
    url = await servers.http(lambda: web.Response(status=302, headers=said, body=b'{"message":"bad key the-key"}'))
    async with HttpTransport(url, DeliverySettings(), {"apikey": "the-key"}) as transport:
        answer = await transport.send(MESSAGE)
        verdict = transport.redaction.read(answer, partial(KITECHAT.read_response, again=False))
    assert isinstance(answer, Response)
    assert answer.body == b'{"message":"bad key the-key"}'
    assert isinstance(verdict, Fatal)
    assert "https://elsewhere.example/?apikey=[the API key];" in verdict.reason


async def test_cookies_are_not_kept(servers: Servers) -> None:
    url = await servers.http(lambda: web.Response(headers={"Set-Cookie": "session=1"}))
    url = url.replace("127.0.0.1", "localhost")  # a name: cookies of mere numbers are never kept
    async with HttpTransport(url, DeliverySettings()) as transport:
        for _ in range(2):
            await transport.send(MESSAGE)
    assert [seen.headers.get("cookie") for seen in servers.seen] == [None, None]


def test_the_key_is_not_shown() -> None:
    assert "the-key" not in repr(HttpTransport("https://chat.example.com", DeliverySettings(), {"apikey": "the-key"}))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def test_a_refused_connection_sent_nothing() -> None:
    answer = await sent(f"http://127.0.0.1:{closed_port()}")
    assert isinstance(answer, NoResponse)
    assert not answer.request_left
    assert answer.reason.startswith("the server cannot be reached (Cannot connect")


async def test_a_host_that_is_not_found_was_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    answer = await sent("http://chat.example.invalid")
    assert isinstance(answer, NoResponse)
    assert not answer.request_left
    assert "Name or service not known" in answer.reason


async def test_a_look_up_that_never_ends_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def wait(*_: object, **__: object) -> None:
        released.wait(5)
        raise socket.gaierror(socket.EAI_AGAIN, "Try again")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    try:
        answer = await sent("http://chat.example.invalid", timeout=0.2)
    finally:
        released.set()
    assert answer == NoResponse("the server cannot be reached (no connection in time)", request_left=False)


@pytest.mark.parametrize("host", ["a..example", "a" * 64 + ".example", "\u00e4" * 64], ids=["empty", "long", "IDN"])
async def test_a_host_that_is_none_was_sent_nothing(host: str) -> None:
    answer = await sent(f"http://{host}")
    assert answer == NoResponse(f"the server cannot be reached (no such host: http://{host})", request_left=False)


async def test_a_failed_handshake_sent_nothing(servers: Servers) -> None:
    url = await servers.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    async with asyncio.timeout(10):
        answer = await sent(url.replace("http://", "https://"), timeout=0.4)
    assert isinstance(answer, NoResponse)
    assert not answer.request_left


async def _silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
    await _silent(reader, writer)


@pytest.mark.parametrize("talk", [_silent, _half], ids=["no word", "half an answer"])
async def test_a_server_that_stalls_may_have_the_message(servers: Servers, talk: Talk) -> None:
    answer = await sent(await servers.raw(talk), timeout=0.2)
    assert answer == NoResponse("no answer within 0.2 s", request_left=True)


async def test_a_reset_connection_may_have_brought_the_message(servers: Servers) -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    answer = await sent(await servers.raw(reset))
    assert isinstance(answer, NoResponse)
    assert answer.request_left
    assert answer.reason.startswith("the connection broke before the answer")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        HEAD + b"Content-Length: 100\r\n\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n",
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
async def test_a_broken_answer_may_follow_a_taken_message(servers: Servers, answer: bytes) -> None:
    found = await sent(await servers.saying(answer))
    assert isinstance(found, NoResponse)
    assert found.request_left


async def test_bytes_in_a_header_that_are_no_text_do_no_harm(servers: Servers) -> None:
    answer = await sent(await servers.saying(b"HTTP/1.1 302 Found\r\nLocation: /\xff\r\nContent-Length: 0\r\n\r\n"))
    assert isinstance(answer, Response)
    assert answer.status == 302


async def test_an_endless_answer_is_not_read_to_its_end(servers: Servers) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            try:
                await writer.drain()
            except ConnectionError:
                return

    answer = await sent(await servers.raw(talk))
    assert isinstance(answer, Response)
    assert LONGEST_RESPONSE < len(answer.body) < 2 * LONGEST_RESPONSE


async def test_many_requests_share_a_few_connections(servers: Servers) -> None:
    url = await servers.http(web.Response)
    async with HttpTransport(url, DeliverySettings(concurrency=4)) as transport:
        answers = await asyncio.gather(*(transport.send(MESSAGE) for _ in range(40)))
    assert all(isinstance(answer, Response) for answer in answers)
