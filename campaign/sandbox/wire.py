"""Writing replies to the network: whole, cut short, reset or delayed."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from campaign.channels.sandbox_api import Reply

MAX_BODY_BYTES = 8 * 1024 * 1024

_GONE_CHECK_SECONDS = 0.05
# SO_LINGER on with 0 seconds: closing sends a reset. The two numbers are shorts on Windows.
_RESET_ON_CLOSE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


async def read_body(request: web.BaseRequest) -> bytes | None:
    """Read the whole body; None if it is larger than the server accepts.

    Raises:
        ConnectionError: the client disconnected before it had sent the whole body.
    """
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


async def send(request: web.BaseRequest, reply: Reply, date: str | None) -> web.StreamResponse:
    """Write a whole reply.

    Args:
        request: the request.
        reply: what to write.
        date: the value of the header `Date`; None for the current time.

    Raises:
        ConnectionError: the client has disconnected.
    """
    response = web.Response(status=reply.status, body=reply.body, headers=reply.headers)
    if date is not None:
        response.headers["Date"] = date
    await response.prepare(request)
    await response.write_eof()
    return response


async def cut_short(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Send the headers of the whole reply and half of its body, then close the connection.

    Raises:
        ConnectionError: the client has disconnected.
    """
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    request.protocol.force_close()
    return response


def reset(request: web.BaseRequest) -> web.StreamResponse:
    """Reset the connection without a reply."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
    return web.Response()


async def hold(request: web.BaseRequest, seconds: float, closing: asyncio.Event) -> web.StreamResponse:
    """Send nothing until the client disconnects, the time is over or the server closes; then reset the connection."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while request.transport is not None and loop.time() < deadline and not closing.is_set():
        await pause(min(_GONE_CHECK_SECONDS, deadline - loop.time()), closing)
    return reset(request)


async def pause(seconds: float, closing: asyncio.Event) -> None:
    """Sleep until the time is over or the server closes."""
    try:
        async with asyncio.timeout(seconds):
            await closing.wait()
    except TimeoutError:
        return
