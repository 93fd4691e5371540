"""One HTTP/1.1 request and its response, on connections to one server.

aiohttp opens the connections (pool, TLS, proxy) and parses what arrives. Its `ClientSession` is left out: cookies,
redirects, tracing, a task that writes each body and an object for each response cost as much as all the rest of a
request, and none of them is used here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from campaign.delivery.connections import BrokenTunnelError, HeldBackError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp.connector import Connection

    from campaign.channels.base import Request
    from campaign.delivery.connections import WatchedConnector

SWITCHING_PROTOCOLS = 101


class Exchange:
    """A request that was answered: the head of the response has been read, its body has not."""

    __slots__ = ("_connection", "_content", "headers", "status")

    def __init__(self, connection: Connection, message: Any, content: aiohttp.StreamReader) -> None:  # noqa: ANN401 - aiohttp has two classes for it
        self._connection = connection
        self._content = content
        self.status: int = message.code
        self.headers: Mapping[str, str] = message.headers

    async def read(self, longest: int) -> bytes:
        """Read the body as it was transferred, and give the connection back.

        Args:
            longest: bytes; reading ends once there are more.

        Raises:
            aiohttp.ClientError, OSError: it did not arrive as a whole.
        """
        try:
            body = await _read(self._content, longest)
        except BaseException:
            self._connection.close()
            raise
        transport: Any = self._connection.transport
        if transport is not None and transport.get_write_buffer_size():
            self._connection.close()  # it was answered early: what is left of it must not precede the next request
        else:
            self._connection.release()  # closes it where it may not be used again
        return body


class ServerConnections:
    """A pool of connections to one server, and the requests on them."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        connector: WatchedConnector,
        *,
        proxy: str | None,
        within: float,
        may_send: Callable[[], bool] | None = None,
    ) -> None:
        """Make a pool; nothing is opened yet.

        Args:
            url: the server's base URL, without a slash at the end.
            headers: sent with every request.
            connector: makes the connections.
            proxy: the URL of the proxy to take.
            within: seconds for opening a connection.
            may_send: whether a request may leave now, asked as the last thing before it does; None: it may.

        Raises:
            ValueError: a header would break its line.
        """
        if not all(each.isprintable() for header in headers.items() for each in header):
            raise ValueError("a header holds characters that no header can carry")
        self._url = url
        self._connector = connector
        self._lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if connector.force_close:
            self._lines += "Connection: close\r\n"
        self._proxy = None if proxy is None else URL(proxy)
        self._timeout = aiohttp.ClientTimeout(total=None, connect=within)
        self._may_send = may_send
        self._destination: aiohttp.ClientRequest | None = None

    async def close(self) -> None:
        """Close all connections."""
        await self._connector.close()

    async def send(self, request: Request) -> Exchange:
        """Send a request and read the head of the response.

        Raises:
            StaleConnectionError: nothing was written, because the connection may not carry a request.
            HeldBackError: nothing was written, because no request may leave now.
            aiohttp.ClientError, HttpProcessingError, OSError, UnicodeError: no head arrived, or none that is one.
        """
        url = parsed(self._url + request.url)
        connection = await self._connect()
        try:
            protocol: Any = connection.protocol  # a `WatchedConnection`: the connector makes no other
            written = self._written(request, url)
            protocol.begin()
            self._write(protocol, written)
            message, content = await protocol.read()
            while 100 <= message.code < 200 and message.code != SWITCHING_PROTOCOLS:
                message, content = await protocol.read()
            protocol.note_head(message.code, message.headers.get("Keep-Alive", ""))
            content.on_eof(protocol.end)
        except BaseException:
            connection.close()
            raise
        return Exchange(connection, message, content)

    def _write(self, protocol: Any, written: bytes) -> None:  # noqa: ANN401 - a `WatchedConnection`
        if self._may_send is not None and not self._may_send():
            raise HeldBackError
        protocol.transport.write(written)

    async def _connect(self) -> Connection:
        if self._destination is None:
            # It is never sent: a connector takes server, TLS and proxy from it. It holds no credentials, because of
            # the proxy.
            self._destination = aiohttp.ClientRequest("GET", parsed(self._url), proxy=self._proxy)
        try:
            return await self._connector.connect(self._destination, [], self._timeout)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError):
            raise  # they say themselves that nothing was written
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"no connection to {self._url} in time") from error
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientResponseError) as error:
            raise BrokenTunnelError(type(error).__name__) from error

    def _written(self, request: Request, url: URL) -> bytes:
        """The bytes of a request."""
        destination = self._destination
        assert destination is not None  # noqa: S101 - `_connect` made it
        lines, target = self._lines, url.raw_path_qs
        if self._proxy is not None and url.scheme == "http":  # the proxy reads the request itself (RFC 9112, 3.2.2)
            target = str(url)
            if authorization := destination.headers.get("Proxy-Authorization"):
                lines = f"Proxy-Authorization: {authorization}\r\n{lines}"
        host, body = destination.headers["Host"], request.body
        if body is not None:
            lines = f"Content-Length: {len(body)}\r\n{lines}"
        return f"{request.method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode() + (body or b"")


@lru_cache(maxsize=4)  # every message goes to the same address, and parsing it costs a tenth of a request
def parsed(url: str) -> URL:
    """Parse an address.

    Raises:
        aiohttp.InvalidURL: it is none.
    """
    try:
        return URL(url)
    except ValueError as error:
        raise aiohttp.InvalidURL(url) from error


async def _read(content: aiohttp.StreamReader, longest: int) -> bytes:
    if content.is_eof():  # it arrived as a whole, as short responses do
        return content.read_nowait(longest)
    parts: list[bytes] = []
    length = 0
    async for part in content.iter_any():
        parts.append(part)
        length += len(part)
        if length > longest:
            break
    return b"".join(parts)
