"""The ways of workers to PostgreSQL: each pauses, resets, delays or goes one way only when it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

TROUBLES = ("pause", "reset", "delay", "one way", "one way, then reset")

DELAY = 0.2
"""Seconds by which a delayed way delays what it carries, in each direction."""

_BLOCK = 65536


class Link:
    """The way of one worker to the server: a port that it connects to. Belongs to an event loop.

    Attributes:
        port: where it listens.
    """

    def __init__(self, server: str) -> None:
        """Listen nowhere yet.

        Args:
            server: the address of the database.
        """
        parameters = conninfo_to_dict(server)
        self._host, self._server_port = str(parameters.get("host")), int(str(parameters.get("port") or 5432))
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._delay = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.port = 0

    async def listen(self) -> None:
        """Listen on a free port."""
        self._up.set()
        self._down.set()
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close every connection."""
        self._listening.close()
        self._reset()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.sleep(0)

    async def suffer(self, trouble: str, seconds: float) -> None:
        """Be in trouble for a while."""
        if trouble == "delay":
            self._delay = DELAY
        elif trouble == "pause":
            self._up.clear()
        if trouble in {"pause", "one way", "one way, then reset"}:
            self._down.clear()
        if trouble != "reset":
            await asyncio.sleep(seconds)
        if trouble in {"reset", "one way, then reset"}:
            self._reset()
        self._delay = 0.0
        self._up.set()
        self._down.set()

    def _reset(self) -> None:
        for writer in self._writers:
            connected: socket.socket = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await self._connect()
        except OSError:  # it is being started again
            writer.transport.abort()
            return
        writers = {writer, server_writer}
        self._writers |= writers
        pumps = {
            asyncio.create_task(self._pump(reader, server_writer, self._up)),
            asyncio.create_task(self._pump(server_reader, writer, self._down)),
        }
        self._pumps |= pumps
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        self._pumps -= pumps
        self._writers -= writers
        for each in writers:
            each.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._host.startswith("/"):
            return await asyncio.open_unix_connection(str(Path(self._host) / f".s.PGSQL.{self._server_port}"))
        return await asyncio.open_connection(self._host, self._server_port)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event) -> None:
        """Carry bytes in one direction until their end, which does not pass a shut gate either."""
        block = b"-"
        while block:
            try:
                block = await reader.read(_BLOCK)
                if self._delay:
                    await asyncio.sleep(self._delay)
                await gate.wait()
                writer.write(block)
                await writer.drain()
            except OSError:
                return


class Proxies:
    """The ways of all workers, served by a thread of their own."""

    def __init__(self, server: str, count: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._links = [Link(server) for _ in range(count)]
        self._troubles: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def running(self) -> Iterator[list[int]]:
        """Serve; yields the port of each."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            for link in self._links:
                asyncio.run_coroutine_threadsafe(link.listen(), self._loop).result(10)
            yield [link.port for link in self._links]
        finally:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(10)
            self._loop.close()

    async def _close(self) -> None:
        for task in self._troubles:
            task.cancel()
        await asyncio.gather(*self._troubles, return_exceptions=True)
        for link in self._links:
            await link.close()

    def suffer(self, place: int, trouble: str, seconds: float, then: Callable[[], object]) -> None:
        """Let one be in trouble for a while; returns at once, and calls `then`, in another thread, once it is over."""

        def begin() -> None:
            task = self._loop.create_task(self._links[place].suffer(trouble, seconds))
            self._troubles.add(task)
            task.add_done_callback(self._troubles.discard)
            task.add_done_callback(lambda _: then())

        self._loop.call_soon_threadsafe(begin)
