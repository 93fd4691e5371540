"""Connections that carry a request only where nothing has arrived on them that no request asked for.

HTTP/1.1 has no field that ties a response to its request but their order on the connection. A server or proxy that
sends a response twice, or late, would so have it taken for the response to the next request. aiohttp hands out an idle
connection without a look at what has arrived on it meanwhile (`BaseConnector._get`), and reads that as the response.
"""

from __future__ import annotations

import inspect
import re
import select
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    import asyncio


LONGEST_HEADER, MOST_HEADERS = 128 * 1024, 1000
"""Bytes of one header, and headers: gateways add policies and cookies of tens of kilobytes; aiohttp reads 8 KB."""

_LIMITS = {"max_line_size": LONGEST_HEADER, "max_field_size": LONGEST_HEADER, "max_headers": MOST_HEADERS}
HEADER_LIMITS: Any = {
    name: limit
    for name, limit in _LIMITS.items()
    if name in inspect.signature(ResponseHandler.set_response_params).parameters
}
"""The limits of headers, as far as this version of aiohttp has them: none limits their number before 3.14."""

KEEP_ALIVE = re.compile(r"(?:^|[,;\s])timeout\s*=\s*\"?(\d{1,9})", re.IGNORECASE)

SHARE = 0.5
"""The share of the server's `Keep-Alive: timeout` for which an idle connection is used: the network takes time too."""

BUSY = 0.05
"""Seconds for which a connection that has just been used is not looked at before its next request."""


class StaleConnectionError(aiohttp.ClientConnectionError):
    """The connection may not carry a request, and nothing of the request was written to it.

    Attributes:
        unasked: whether something arrived that no request had asked for, rather than that the connection is old.
    """

    def __init__(self, *, unasked: bool) -> None:
        super().__init__("something arrived before the request" if unasked else "the connection is about to close")
        self.unasked = unasked


class HeldBackError(aiohttp.ClientConnectionError):
    """No request may leave now, and nothing of this one was written."""


class BrokenTunnelError(aiohttp.ClientConnectionError):
    """A proxy broke off before it said yes to a tunnel: nothing of the request was written."""


class WatchedConnection(ResponseHandler):
    """A connection that notices what arrives while no request is under way."""

    awaiting = False
    unasked = False
    used = False
    reusable_until = float("inf")
    trusted_until = 0.0

    def __init__(self, loop: asyncio.AbstractEventLoop, *, named: bool) -> None:
        """Make a connection.

        Args:
            loop: the event loop.
            named: whether a success names its message. A success that is repeated is then known by that, and the
                socket, whose look costs a twentieth of a request, is only looked at after something else.
        """
        super().__init__(loop=loop)
        self._named = named

    def data_received(self, data: bytes) -> None:
        """Pass on what arrived, and note whether a request had asked for it."""
        if data and not self.awaiting:  # aiohttp calls it without data to go on with what it has
            self.unasked = True
        super().data_received(data)

    def begin(self) -> None:
        """Prepare for a request that is written now, after which the next thing to arrive will be its response.

        Raises:
            StaleConnectionError: the next thing need not be its response, so it must not be written.
        """
        # What aiohttp has parsed already makes `should_close` true; the rest of a response in two pieces does not.
        if self.unasked or self.should_close:
            raise StaleConnectionError(unasked=True)
        transport: Any = self.transport
        now = self._loop.time()
        if transport is None or transport.is_closing() or (self.used and now > self.reusable_until):
            raise StaleConnectionError(unasked=False)
        if now >= self.trusted_until:
            encrypted = transport.get_extra_info("sslcontext") is not None
            if (self.used or not encrypted) and _can_be_read(transport):
                # Data or its end, not read by the event loop yet. On a new TLS connection it is session tickets.
                raise StaleConnectionError(unasked=False)
        self.awaiting = self.used = True
        self.set_response_params(read_until_eof=True, auto_decompress=False, **HEADER_LIMITS)

    def end(self) -> None:
        """Note that the response is complete."""
        self.awaiting = False

    def note_head(self, status: int, keep_alive: str) -> None:
        """Note what a response says about the next use of the connection."""
        now = self._loop.time()
        self.trusted_until = now + BUSY if self._named and 200 <= status < 300 else 0.0
        if (promised := _promised(keep_alive)) is not None:
            self.reusable_until = now + SHARE * promised


class WatchedConnector(aiohttp.TCPConnector):
    """A pool of watched connections."""

    def __init__(self, *, named: bool, **options: Any) -> None:  # noqa: ANN401 - those of TCPConnector
        super().__init__(**options)
        factory: Any = partial(WatchedConnection, loop=self._loop, named=named)
        self._factory = factory


@lru_cache(maxsize=64)  # a server says the same with every response
def _promised(keep_alive: str) -> float | None:
    found = KEEP_ALIVE.search(keep_alive)
    return float(found[1]) if found else None


def _can_be_read(transport: Any) -> bool:  # noqa: ANN401 - asyncio's
    """Whether a transport's socket has something to read: data, or the end of it."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return True
    if hasattr(select, "poll"):  # not on Windows, where select has no limit for the numbers of sockets
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([sock], [], [], 0)[0])
