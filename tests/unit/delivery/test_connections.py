"""Connections: an answer that no request asked for is taken for no row's, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
from collections import Counter
from contextlib import AsyncExitStack
from inspect import signature
from typing import TYPE_CHECKING

import aiohttp
import pytest

from campaign.channels import CHANNELS
from campaign.channels.base import NoResponse, Request, Response, Sent
from campaign.delivery.connection_budget import ConnectionBudget
from campaign.delivery.transport import HttpTransport
from campaign.settings import DeliverySettings

from .fakes import body as frozen
from .loopback import Servers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Self

    Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[bool]]

EACH_CHANNEL = pytest.mark.parametrize("channel", ["livechat", "kitechat"])
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class RawServer:
    """Reads requests one after the other on each connection, and answers as it is told to."""

    def __init__(self, answer: Answer, greeting: bytes = b"") -> None:
        self._answer = answer
        self._greeting = greeting
        self.connections = 0
        self.bodies: list[bytes] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(self._greeting)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(found[1]) if found else 0)
                self.bodies.append(body)
                if not await self._answer(body, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def framed(content: object, *headers: str) -> bytes:
    body = json.dumps(content).encode()
    head = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def plain(_: bytes, writer: asyncio.StreamWriter) -> bool:
    writer.write(OK)
    return True


MESSAGE = Request("POST", "/api/message", b'{"msg":"x"}')


class Repeating:
    """A server that repeats, delays and holds back answers, and now and then drops a request unanswered.

    Each connection has an answer that is sent once more at some later moment: with the answer itself, in two pieces,
    while the connection is idle, or while the next request is being answered.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.taken: Counter[str] = Counter()
        self.stray: set[asyncio.Task[None]] = set()
        self.strays = self.dropped = 0

    async def answer(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        payload = json.loads(request)
        name = payload.get("_id") or payload["message"]["text"]
        if self.chance.random() < 0.15:
            self.dropped += 1
            await asyncio.sleep(self.chance.choice([0, 0.002, 0.02]))
            return False  # not taken, and closed without a word
        self.taken[name] += 1
        whole = framed(
            {"success": True, "message": payload} if "_id" in payload else {"code": 200, "data": {"id": name}}
        )
        await asyncio.sleep(self.chance.choice([0, 0, 0.001, 0.005]))
        fate = self.chance.random()
        if fate < 0.1:
            self.strays += 1
            writer.write(whole + whole)
        elif fate < 0.2:
            self.strays += 1
            writer.write(whole + whole[:20])
            self.later(writer, whole[20:])
        else:
            writer.write(whole)
            if fate < 0.5:
                self.strays += 1
                self.later(writer, whole)
        await writer.drain()
        return True

    def later(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        async def write() -> None:
            await asyncio.sleep(self.chance.choice([0, 0.001, 0.003, 0.01, 0.05]))
            if not writer.is_closing():
                writer.write(data)

        task = asyncio.ensure_future(write())
        self.stray.add(task)
        task.add_done_callback(self.stray.discard)


@EACH_CHANNEL
async def test_no_row_is_sent_that_a_server_which_repeats_its_answers_did_not_take(channel: str) -> None:
    server, api = Repeating(seed=1), CHANNELS[channel]
    settings = DeliverySettings(concurrency=24, timeout=5)
    responses: list[tuple[str, object]] = []
    async with (
        RawServer(server.answer) as raw,
        HttpTransport(raw.url, settings, can_read_back=api.can_read_back) as transport,
    ):

        async def send(name: str) -> None:
            message = frozen(channel, name, f"room of {name}")
            response = await transport.send(api.send_request(message))
            responses.append((name, api.read_response(response, message, again=False)))

        for first in range(0, 1200, 24):
            await asyncio.gather(*(send(f"m{number}") for number in range(first, first + 24)))
    sent = {name for name, verdict in responses if isinstance(verdict, Sent)}
    assert sent <= set(server.taken)
    assert max(server.taken.values()) == 1
    assert len(sent) > 800
    assert min(server.strays, server.dropped) > 100


async def test_an_answer_on_an_idle_connection_is_not_the_next_ones() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        if len(raw.bodies) > 1:
            return False
        writer.write(OK)
        asyncio.get_running_loop().call_later(0.02, writer.write, OK)
        return True

    async with RawServer(answer) as raw, HttpTransport(raw.url, DeliverySettings()) as transport:
        assert isinstance(await transport.send(MESSAGE), Response)
        await asyncio.sleep(0.1)
        assert isinstance(await transport.send(MESSAGE), NoResponse)
    assert raw.connections == 2


@pytest.mark.parametrize(
    ("named", "status", "wait"),
    [
        pytest.param(False, 200, 0.0, id="nothing in it names the message"),
        pytest.param(True, 400, 0.0, id="a refusal, which names none"),
        pytest.param(True, 200, 0.06, id="a while after a success that names its own"),
    ],
)
async def test_an_answer_that_the_event_loop_has_not_read_yet_is_not_the_next_ones(
    *, named: bool, status: int, wait: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ConnectionBudget, "BURST", 0)
    monkeypatch.setattr(ConnectionBudget, "RATE", 0.0)
    writers: list[asyncio.StreamWriter] = []
    whole = OK.replace(b"200", str(status).encode())

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        writers.append(writer)
        writer.write(whole)
        return len(writers) < 2

    async with (
        RawServer(answer) as raw,
        HttpTransport(raw.url, DeliverySettings(), can_read_back=named) as transport,
    ):
        await transport.send(MESSAGE)
        await asyncio.sleep(wait)
        writers[0].write(whole)  # in the socket at once; the next request is made in the same turn of the event loop
        assert isinstance(await transport.send(MESSAGE), Response)
    assert raw.connections == 2


async def test_a_server_that_talks_first_is_sent_nothing() -> None:
    async with RawServer(plain, greeting=OK) as raw, HttpTransport(raw.url, DeliverySettings()) as transport:
        await asyncio.sleep(0)
        found = [await transport.send(MESSAGE) for _ in range(5)]
    assert raw.bodies.count(MESSAGE.body or b"") == sum(isinstance(each, Response) for each in found)


async def test_a_connection_is_used_for_half_the_time_that_the_server_keeps_it() -> None:
    cases = [
        ("nothing promised, soon", (), 0.1, 1),
        ("a second promised, soon", ("Keep-Alive: timeout=1",), 0.1, 1),
        ("a second promised, late", ("Keep-Alive: timeout=1",), 0.55, 2),
        ("with a number of requests", ("Keep-Alive: timeout=1, max=99",), 0.55, 2),
        ("long enough", ("Keep-Alive: max=99, timeout=9",), 0.55, 1),
        ("not at all", ("Keep-Alive: timeout=0",), 0.05, 2),
        ("no number", ("Keep-Alive: of course",), 0.05, 1),
    ]

    async def connections(header: tuple[str, ...], pause: float) -> int:
        async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
            writer.write(framed({}, *header))
            return True

        async with RawServer(answer) as raw, HttpTransport(raw.url, DeliverySettings()) as transport:
            await transport.send(MESSAGE)
            await asyncio.sleep(pause)
            await transport.send(MESSAGE)
        return raw.connections

    found = await asyncio.gather(*(connections(header, pause) for _, header, pause, _ in cases))
    assert dict(zip([name for name, *_ in cases], found, strict=True)) == {name: count for name, *_, count in cases}


async def test_a_server_that_closes_idle_connections_after_a_second_loses_no_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ConnectionBudget, "BURST", 0)
    monkeypatch.setattr(ConnectionBudget, "RATE", 0.0)

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(OK)
        asyncio.get_running_loop().call_later(1, writer.close)
        return True

    async def connections(pause: float) -> int:
        async with (
            RawServer(answer) as raw,
            HttpTransport(raw.url, DeliverySettings(), can_read_back=False) as transport,
        ):
            assert isinstance(await transport.send(MESSAGE), Response)
            await asyncio.sleep(pause)
            assert isinstance(await transport.send(MESSAGE), Response)
        return raw.connections

    assert await asyncio.gather(*map(connections, [0.4, 0.55, 0.99, 1.01])) == [1, 2, 2, 2]


async def test_where_a_message_cannot_be_asked_about_each_has_a_connection_of_its_own() -> None:
    async with (
        RawServer(plain) as raw,
        HttpTransport(raw.url, DeliverySettings(), can_read_back=False) as transport,
    ):
        for _ in range(10):
            await transport.send(MESSAGE)
    assert raw.connections == 10


def test_connections_of_ones_own_are_for_a_burst_and_a_rate_that_the_local_ports_suffice_for() -> None:
    budget = ConnectionBudget()
    assert sum(budget.take(0.0) for _ in range(20_000)) == 8000
    assert sum(budget.take(1.0) for _ in range(100)) == 60
    assert sum(budget.take(1000.0) for _ in range(20_000)) == 8000
    budget.unlimited = True
    assert budget.take(1000.0)


# Heads and bodies


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        yield Servers(stack)


async def sent(url: str) -> Response | NoResponse:
    async with HttpTransport(url, DeliverySettings(timeout=5)) as transport:
        return await transport.send(MESSAGE)


@pytest.mark.parametrize(
    "head",
    [b"X-Policy: " + b"a" * 65_536 + b"\r\n", b"".join(b"X-%d: a\r\n" % n for n in range(900))],
    ids=["64 KB", "900 lines"],
)
async def test_large_heads_are_read(servers: Servers, head: bytes) -> None:
    answer = await sent(await servers.saying(b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 2\r\n\r\n{}"))
    assert isinstance(answer, Response)
    assert answer.body == b"{}"


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Policy: " + b"a" * 200_000 + b"\r\n", "it has more than 128 KB in a header"),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(1100)), "or 1000 headers"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it is not HTTP"),
    ],
    ids=["a longer header", "more headers", "another protocol"],
)
async def test_a_head_beyond_the_limits_is_named(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, head: bytes, said: str
) -> None:
    monkeypatch.setattr("campaign.delivery.tls.PROBE_TIMEOUT", 0.1)  # this server answers no handshake
    if said == "or 1000 headers" and "max_headers" not in signature(aiohttp.ClientSession).parameters:
        pytest.skip("this version of aiohttp reads any number of headers")
    answer = await sent(await servers.saying(head + b"Content-Length: 2\r\n\r\n{}"))
    assert isinstance(answer, NoResponse)
    assert (answer.request_left, answer.permanent) == (True, True)
    assert answer.reason.startswith("the answer cannot be read: ")
    assert said in answer.reason


async def test_a_compressed_body_is_read(servers: Servers) -> None:
    body = gzip.compress(b'{"a": 1}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = await sent(await servers.saying(head + body))
    assert isinstance(answer, Response)
    assert answer.json() == {"a": 1}


@pytest.mark.parametrize(
    ("coding", "body", "said"),
    [
        (b"gzip", b"{}", "it has the Content-Encoding 'gzip', which its body is not"),
        (b"gzip", gzip.compress(b"{}" * 99)[:20], "it has the Content-Encoding 'gzip', and its body is cut off"),
        (b"deflate", b"x\x9c\xff\xff", "it has the Content-Encoding 'deflate', which its body is not"),
        (b"br", b"{}", "it has the Content-Encoding 'br', which was not asked for"),
    ],
    ids=["not gzip", "cut off", "not deflate", "not asked for"],
)
async def test_a_wrong_content_encoding_is_named(servers: Servers, coding: bytes, body: bytes, said: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(body))
    answer = await sent(await servers.saying(head + body))
    assert answer == NoResponse(f"the answer (HTTP 200) cannot be read: {said}", request_left=True)


@pytest.mark.parametrize("status", [429, 401, 302, 503])
async def test_a_status_that_needs_no_body_counts_without_it(servers: Servers, status: int) -> None:
    head = b"HTTP/1.1 %d No\r\nRetry-After: 7\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}" % status
    answer = await sent(await servers.saying(head))
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (status, b"", "7")


async def test_an_answer_whose_head_was_readable_is_not_a_broken_connection(servers: Servers) -> None:
    answer = await sent(await servers.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
    assert answer == NoResponse("the answer (HTTP 200) broke off before its end", request_left=True)


async def test_a_request_that_is_answered_before_it_was_written_leaves_nothing_for_the_next_one() -> None:
    """A gateway refuses a large message by its head, and goes on reading."""
    connections = 0
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n")
            await asyncio.sleep(0.2)
            while await reader.read(1 << 20):
                pass
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 16)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    large = Request("POST", "/api/message", b"x" * 30_000_000)
    async with server, HttpTransport(url, DeliverySettings()) as transport:
        for _ in range(2):
            response = await transport.send(large)
            assert isinstance(response, Response)
            assert response.status == 413
    assert connections == 2
    assert all(head.startswith(b"POST /api/message HTTP/1.1\r\n") for head in heads)


async def test_interim_responses_are_passed_over() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        await asyncio.sleep(0.01)
        writer.write(OK)
        return True

    async with RawServer(answer) as raw, HttpTransport(raw.url, DeliverySettings()) as transport:
        responses = [await transport.send(MESSAGE) for _ in range(2)]
    assert [each.status for each in responses if isinstance(each, Response)] == [200, 200]
    assert raw.connections == 1


@pytest.mark.parametrize("name", ["apikey\r\nX-Other", "apikey"])
async def test_a_header_that_would_break_its_line_is_refused(name: str) -> None:
    value = "key" if "\n" in name else "key\r\nX-Other: 1"
    with pytest.raises(ValueError, match="no header can carry"):
        async with HttpTransport("http://127.0.0.1:1", DeliverySettings(), {name: value}):
            pass
