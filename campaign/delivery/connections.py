"""Connections that carry a request only where nothing has arrived on them that no request asked for.

HTTP/1.1 has no field that ties a response to its request but their order on the connection. A server or proxy that
sends a response twice, or late, would so have it taken for the response to the next request. aiohttp hands out an idle
connection without a look at what has arrived on it meanwhile (`BaseConnector._get`), and reads that as the response.
"""

from __future__ import annotations

import functools
import re
import select
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from aiohttp.connector import Connection

KEEP_ALIVE = re.compile(r"(?:^|[,;\s])timeout\s*=\s*\"?(\d{1,9})", re.IGNORECASE)

SHARE = 0.5
"""The share of the server's `Keep-Alive: timeout` for which an idle connection is used: the network takes time too."""


class StaleConnectionError(aiohttp.ClientConnectionError):
    """The connection may not carry a request, and nothing of the request was written to it.

    Attributes:
        unasked: whether something arrived that no request had asked for, rather than that the connection is old.
    """

    def __init__(self, *, unasked: bool) -> None:
        super().__init__("something arrived before the request" if unasked else "the connection is about to close")
        self.unasked = unasked


class WatchedConnection(ResponseHandler):
    """A connection that notices what arrives while no request is under way."""

    awaiting = False
    unasked = False
    used = False
    reusable_until = float("inf")

    def data_received(self, data: bytes) -> None:
        """Pass on what arrived, and note whether a request had asked for it."""
        if data and not self.awaiting:  # aiohttp calls it without data to go on with what it has
            self.unasked = True
        super().data_received(data)

    def check(self) -> None:
        """Check that the next thing to arrive will be the response to a request that is written now.

        Raises:
            StaleConnectionError: it need not be.
        """
        # What aiohttp has parsed already makes `should_close` true; the rest of a response in two pieces does not.
        if self.unasked or self.should_close:
            raise StaleConnectionError(unasked=True)
        if self.used and self._loop.time() > self.reusable_until:
            raise StaleConnectionError(unasked=False)
        encrypted = self.transport is not None and self.transport.get_extra_info("sslcontext") is not None
        if (self.used or not encrypted) and _can_be_read(self.transport):
            # Data or its end, which the event loop has not read yet. A new TLS connection has session tickets there.
            raise StaleConnectionError(unasked=False)

    def begin(self) -> None:
        """Note that a request is about to be written."""
        self.awaiting = self.used = True

    def end(self) -> None:
        """Note that the response is complete."""
        self.awaiting = False


class CheckedRequest(aiohttp.ClientRequest):
    """A request that is written only to a connection on which nothing has arrived."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request, or raise `StaleConnectionError` and write nothing."""
        connection = _watched(conn)
        connection.check()
        if self.headers.get("Content-Length", "0") == "0" and "Transfer-Encoding" not in self.headers:
            connection.begin()
        return await super().send(conn)

    async def write_bytes(self, writer: Any, conn: Connection, *rest: Any) -> None:  # noqa: ANN401 - aiohttp's own
        """Write the body. Before Python 3.12 this runs one turn of the event loop after `send`, which may read."""
        connection = _watched(conn)
        if connection.unasked:
            connection.abort()  # `CheckedResponse.start` raises
            return
        connection.begin()
        await super().write_bytes(writer, conn, *rest)


class CheckedResponse(aiohttp.ClientResponse):
    """A response that notes until when its connection may be used again."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head."""
        watched = _watched(connection)
        try:
            started = await super().start(connection)
        finally:
            if watched.unasked:
                raise StaleConnectionError(unasked=True)
        if promised := KEEP_ALIVE.search(self.headers.get("Keep-Alive", "")):
            watched.reusable_until = watched._loop.time() + SHARE * float(promised[1])  # noqa: SLF001 - our subclass
        self.content.on_eof(watched.end)
        return started


class BrokenTunnelError(aiohttp.ClientConnectionError):
    """A proxy broke off before it said yes to a tunnel: nothing of the request was written."""


class CheckedConnector(aiohttp.TCPConnector):
    """Makes watched connections."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of TCPConnector
        super().__init__(**options)
        factory: Any = functools.partial(WatchedConnection, loop=self._loop)
        self._factory = factory

    async def connect(self, *given: Any, **named: Any) -> Connection:  # noqa: ANN401 - aiohttp's own
        """Connect, through a tunnel where the request takes a proxy to an https server."""
        try:
            return await super().connect(*given, **named)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError):
            raise  # they say themselves that nothing was written
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientResponseError) as error:
            raise BrokenTunnelError(type(error).__name__) from error


def _watched(connection: Connection) -> WatchedConnection:
    protocol = connection.protocol
    assert isinstance(protocol, WatchedConnection)  # noqa: S101 - made by CheckedConnector
    return protocol


def _can_be_read(transport: Any) -> bool:  # noqa: ANN401 - asyncio's, or None
    """Whether a transport's socket has something to read: data, or the end of it."""
    sock = transport.get_extra_info("socket") if transport is not None else None
    if sock is None or sock.fileno() < 0:
        return True
    if hasattr(select, "poll"):  # not on Windows, where select has no limit for the numbers of sockets
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])
