"""A server that responds at once, as Rocket.Chat and Kitechat do; fast enough to measure the client.

`python -m tests.benchmarks.server [SECONDS]` prints its address and runs until its standard input ends; its responses
come after so many seconds, at once by default. It reads only the message's id and room; the sandbox is the server that
validates requests. `GET /times` says how many messages came since it was asked last, and when the first and the last.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import time
from email.utils import formatdate

ENDPOINT = "/api/v1/livechat/message"
KITECHAT = "/kitechat/send-message"

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb'"_id": *"([^"]*)"')
_RID = re.compile(rb'"rid": *"([^"]*)"')

# The example of Rocket.Chat's documentation ("Send New Livechat Message"), without its line breaks.
_BEFORE_ID = b'{"message":{"_id":"'
_BEFORE_RID = b'","rid":"'
_AFTER_RID = (
    b'","msg":"Hello World!",'
    b'"token":"54fc5544030bcecda053311cb6b98920bdf953f242c129d7b8065000b1f9b2e9","alias":"Baek",'
    b'"ts":"2023-10-31T13:14:29.804Z","u":{"_id":"6523dc0ba2f73c7460e18d4d","username":"guest-35","name":"Baek"},'
    b'"_updatedAt":"2023-10-31T13:14:29.960Z","urls":[],"mentions":[],"channels":[],'
    b'"md":[{"type":"PARAGRAPH","value":[{"type":"PLAIN_TEXT","value":"Hello World!"}]}]},"success":true}'
)

_ASKED = b"GET /times"
_TO_KITECHAT = f"POST {KITECHAT} ".encode()
_TAKEN = b'{"success":true,"messageId":"66f1c2a4e1b0a3d2c4b5a697"}'


class Times:
    """When messages came: how many, and the first and the last, in seconds of a clock of this process."""

    def __init__(self) -> None:
        self.count, self.first, self.last = 0, 0.0, 0.0

    def note(self) -> None:
        self.last = time.monotonic()
        self.first = self.first if self.count else self.last
        self.count += 1

    def taken(self) -> bytes:
        """The times so far as JSON; from now on they are counted anew."""
        found = {"count": self.count, "seconds": self.last - self.first}
        self.count = 0
        return json.dumps(found).encode()


class Server(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, times: Times, latency: float) -> None:
        self._times = times
        self._latency = latency
        self._received = b""
        self._head = b""
        self._second = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        while True:
            end = received.find(b"\r\n\r\n")
            found = _LENGTH.search(received, 0, end + 2) if end >= 0 else None
            whole = end + 4 + (int(found[1]) if found else 0)
            if end < 0 or len(received) < whole:
                break
            if received.startswith(_ASKED):
                times = self._times.taken()
                self._transport.write(b"%s%d\r\n\r\n%s" % (self._headers(), len(times), times))
            else:
                self._times.note()
                response = self._response(received[end + 4 : whole], kitechat=received.startswith(_TO_KITECHAT))
                if self._latency:
                    asyncio.get_running_loop().call_later(self._latency, self._transport.write, response)
                else:
                    self._transport.write(response)
            received = received[whole:]
        self._received = received

    def _response(self, body: bytes, *, kitechat: bool) -> bytes:
        if kitechat:
            return b"%s%d\r\n\r\n%s" % (self._headers(), len(_TAKEN), _TAKEN)
        found = _ID.search(body)
        room = _RID.search(body)
        message_id, rid = found[1] if found else b"djsajdkscks787", room[1] if room else b"hGFwSKA28nRKut3pD"
        response = b"".join((_BEFORE_ID, message_id, _BEFORE_RID, rid, _AFTER_RID))
        return b"%s%d\r\n\r\n%s" % (self._headers(), len(response), response)

    def _headers(self) -> bytes:
        """The headers up to the length, renewed once a second for the date."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._head = (
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nPragma: no-cache\r\n"
                f"Date: {formatdate(second, usegmt=True)}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
                "Content-Length: "
            ).encode()
        return self._head


async def serve(latency: float = 0.0) -> None:
    """Serve until standard input ends.

    Args:
        latency: seconds until a response.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    times = Times()
    server = await loop.create_server(lambda: Server(times, latency), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    threading.Thread(target=wait_for_the_end, daemon=True).start()
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(*map(float, sys.argv[1:])))
