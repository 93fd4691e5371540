"""Proxies: which one a request takes, and requests through one on real sockets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from campaign.channels.base import NoResponse, Request, Response
from campaign.delivery.proxies import ProxySettings
from campaign.delivery.transport import HttpTransport
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MESSAGE = Request("POST", "/api/message", b'{"msg":"x"}')


@pytest.mark.parametrize(
    ("entry", "url", "bypassed"),
    [
        pytest.param("*", "https://chat.example.com", True, id="everything"),
        pytest.param("chat.example.com", "https://chat.example.com", True, id="the host"),
        pytest.param("CHAT.example.com", "https://chat.EXAMPLE.com", True, id="in another case"),
        pytest.param("example.com", "https://chat.example.com", True, id="its domain"),
        pytest.param(".example.com", "https://chat.example.com", True, id="its domain with a dot"),
        pytest.param("*.example.com", "https://chat.example.com", True, id="its domain with a star"),
        pytest.param("ample.com", "https://chat.example.com", False, id="the end of its name"),
        pytest.param("other.com", "https://chat.example.com", False, id="another domain"),
        pytest.param("chat.example.com:443", "https://chat.example.com", True, id="the port"),
        pytest.param("chat.example.com:8443", "https://chat.example.com", False, id="another port"),
        pytest.param("10.0.0.0/8", "http://10.1.2.3:3000", True, id="a network"),
        pytest.param("10.0.0.0/8", "http://11.1.2.3", False, id="another network"),
        pytest.param("127.0.0.1", "http://127.0.0.1:8000", True, id="an address"),
        pytest.param("::1", "http://[::1]:8000", True, id="IPv6"),
        pytest.param("[::1]", "http://[::1]:8000", True, id="IPv6 in brackets"),
        pytest.param("", "https://chat.example.com", False, id="nothing"),
    ],
)
def test_hosts_that_are_reached_without_a_proxy(entry: str, url: str, *, bypassed: bool) -> None:
    proxies = ProxySettings(http="http://p:1", https="http://p:2", bypass=("nowhere.example", entry))
    assert (proxies.for_url(url) is None) == bypassed


def test_a_scheme_has_its_own_proxy() -> None:
    proxies = ProxySettings(http="http://p:1", https="http://p:2")
    assert proxies.for_url("http://chat.example.com") == "http://p:1"
    assert proxies.for_url("https://chat.example.com") == "http://p:2"
    assert ProxySettings().for_url("https://chat.example.com") is None


def test_a_proxys_password_is_not_shown() -> None:
    assert "secret" not in repr(ProxySettings(http="http://u:secret@p:1", https="http://u:secret@p:1"))


class Proxy:
    """Notes what it is asked for, and answers each with one status."""

    def __init__(self) -> None:
        self.url = ""
        self.heads: list[str] = []
        self.answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    made = Proxy()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://user:pass@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()


async def sent(url: str, proxy: str, key: str = "the-key") -> Response | NoResponse:
    settings, headers = ProxySettings(http=proxy, https=proxy), {"apikey": key} if key else {}
    async with HttpTransport(url, DeliverySettings(timeout=4), headers, proxies=settings) as transport:
        return await transport.send(MESSAGE)


async def test_an_https_server_is_reached_through_a_tunnel_that_does_not_see_the_key(proxy: Proxy) -> None:
    answer = await sent("https://chat.example.invalid", proxy.url)
    assert answer == NoResponse("the proxy refuses the connection (HTTP 502)", request_left=False)
    (head,) = proxy.heads
    assert head.startswith("CONNECT chat.example.invalid:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in head
    assert "the-key" not in head


@pytest.mark.parametrize("status", [403, 407])
async def test_a_proxy_that_wants_something_else_stops_at_once(proxy: Proxy, status: int) -> None:
    proxy.answer = b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status
    answer = await sent("https://chat.example.invalid", proxy.url)
    expected = NoResponse(f"the proxy refuses the connection (HTTP {status})", request_left=False, permanent=True)
    assert answer == expected


@pytest.mark.parametrize("answered", [b"", b"no HTTP\r\n\r\n"], ids=["nothing", "something else"])
async def test_nothing_has_left_where_a_proxy_breaks_off_before_the_tunnel(proxy: Proxy, answered: bytes) -> None:
    proxy.answer = answered
    answer = await sent("https://chat.example.invalid", proxy.url)
    assert isinstance(answer, NoResponse)
    assert (answer.request_left, answer.permanent) == (False, False)
    assert answer.reason.startswith("the proxy broke off the connection (")


async def test_an_http_server_is_asked_for_through_the_proxy(proxy: Proxy) -> None:
    proxy.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    answer = await sent("http://chat.example.invalid", proxy.url, key="")
    assert isinstance(answer, Response)
    (head,) = proxy.heads
    assert head.startswith("POST http://chat.example.invalid/api/message HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in head


async def test_a_key_never_goes_to_a_proxy_in_the_clear(proxy: Proxy) -> None:
    answer = await sent("http://127.0.0.1:1", proxy.url)
    assert isinstance(answer, NoResponse)
    assert not proxy.heads


async def test_a_proxy_that_is_down_is_named_and_its_password_is_not() -> None:
    answer = await sent("https://chat.example.invalid", "http://user:pass@127.0.0.1:1")
    assert isinstance(answer, NoResponse)
    assert not answer.request_left
    assert answer.reason.startswith("the proxy cannot be reached (")
    assert "pass" not in answer.reason


async def test_a_netrc_is_never_read(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("default login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    proxy.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    await sent("http://chat.example.invalid", proxy.url, key="")
    assert "\r\nAuthorization:" not in proxy.heads[0]
