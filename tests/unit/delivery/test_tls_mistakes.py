"""Mistakes about TLS stop at once, with the way out; on real sockets."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from campaign.channels.base import NoResponse, Request, Response
from campaign.delivery.tls import PLAIN_PORT, TLS_PORT
from campaign.delivery.transport import HttpTransport
from campaign.settings import DeliverySettings

from .loopback import Servers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CERTIFICATE = Path(__file__).parents[2] / "data" / "localhost.pem"
"""Self-signed, for the name localhost, with its key."""

MESSAGE = Request("POST", "/api/message", b'{"msg":"x"}')


@pytest.fixture
async def tls_port() -> AsyncIterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        yield Servers(stack)


async def sent(url: str, timeout: float = 4.0) -> Response | NoResponse:  # noqa: ASYNC109 - the server's own word
    async with HttpTransport(url, DeliverySettings(timeout=timeout)) as transport:
        return await transport.send(MESSAGE)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(None, "which cannot be read: No such file or directory", id="missing"),
        pytest.param(b"junk", "in which there is no certificate in PEM form", id="junk"),
        pytest.param(b"", "in which there is no certificate in PEM form", id="empty"),
    ],
)
async def test_a_file_of_certificates_that_is_none_is_named(
    tls_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    answer = await sent(f"https://localhost:{tls_port}")
    assert isinstance(answer, NoResponse)
    assert f"SSL_CERT_FILE names {file}, {sentence}); set SSL_CERT_FILE to a PEM file" in answer.reason


async def test_a_file_with_other_certificates_is_named(tls_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))  # aiohttp has read the authorities by now
    answer = await sent(f"https://localhost:{tls_port}")
    assert isinstance(answer, NoResponse)
    assert f"the certificates in {CERTIFICATE}, which SSL_CERT_FILE names, are of other authorities" in answer.reason


async def test_a_self_signed_certificate_stops_with_the_way_out(tls_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    answer = await sent(f"https://localhost:{tls_port}")
    assert isinstance(answer, NoResponse)
    assert (answer.request_left, answer.permanent) == (False, True)
    assert answer.reason.startswith("the server's certificate is not trusted (self-signed certificate)")
    assert "SSL_CERT_FILE" in answer.reason


async def test_http_to_a_tls_port_stops_with_the_way_out(tls_port: int) -> None:
    answer = await sent(f"http://127.0.0.1:{tls_port}")
    assert answer == NoResponse(TLS_PORT, request_left=False, permanent=True)


async def test_https_to_a_plain_port_stops_with_the_way_out(servers: Servers) -> None:
    url = await servers.http(web.Response)
    answer = await sent(url.replace("http://", "https://"))
    assert answer == NoResponse(PLAIN_PORT, request_left=False, permanent=True)
    assert not [seen for seen in servers.seen if seen.method == "POST"]


async def test_a_plain_port_that_waits_for_a_line_is_found_out_too(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.delivery.tls.PROBE_TIMEOUT", 1.0)
    url = await servers.saying(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    answer = await sent(url.replace("http://", "https://"), timeout=0.4)
    assert answer == NoResponse(PLAIN_PORT, request_left=False, permanent=True)


async def test_a_port_that_says_nothing_is_trouble_and_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.delivery.tls.PROBE_TIMEOUT", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    answer = await sent(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.4)
    server.close()
    assert answer == NoResponse("the server cannot be reached (no connection in time)", request_left=False)
