"""The server: it reads requests, keeps the ledger, lets faults strike and answers."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Self

from aiohttp import web

from campaign.errors import Problem, UsageError
from campaign.sandbox import wire
from campaign.sandbox.control import Control
from campaign.sandbox.exchange import Endpoint, Incoming, Reply, parse_json
from campaign.sandbox.fault_answers import MOVED_PATH, Circumstances, fault_answer, page
from campaign.sandbox.faults import Fault, FaultPlan, FaultSource
from campaign.sandbox.kitechat import SEND_PATH, SendMessage
from campaign.sandbox.ledger import Destination, Entry, Ledger
from campaign.sandbox.livechat import MESSAGE_PATH, READ_BACK_PREFIX, PostMessage, ReadBack
from campaign.sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http import RawRequestMessage
    from aiohttp.streams import StreamReader
    from aiohttp.web_protocol import RequestHandler

_CLOSING_SECONDS = 2.0
_BACKLOG = 1024


class Sandbox:
    """A local server for both APIs; an async context manager.

    Attributes:
        ledger: what has reached it.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self._settings = settings or SandboxSettings()
        self.ledger = Ledger()
        self._faults = FaultSource(self._settings.faults)
        self._posts: dict[str, Endpoint] = {
            MESSAGE_PATH: PostMessage(self._settings, self.ledger),
            SEND_PATH: SendMessage(self._settings, self.ledger),
        }
        self._read_back = ReadBack(self._settings, self.ledger)
        self._control = Control(self.ledger, self.set_faults)
        self._runner: web.ServerRunner | None = None
        self._closing = asyncio.Event()
        self._url = ""

    @property
    def url(self) -> str:
        """The address to give to clients, as "http://127.0.0.1:PORT"; "" before it is started."""
        return self._url

    def set_faults(self, plan: FaultPlan) -> None:
        """Follow another fault plan from now on, from its beginning."""
        self._faults = FaultSource(plan)

    async def start(self) -> None:
        """Listen.

        Raises:
            UsageError: the address cannot be listened on.
        """
        settings = self._settings
        self._closing.clear()
        server = web.Server(self._handle, request_factory=_large_request, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=_CLOSING_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, settings.host, settings.port, backlog=_BACKLOG).start()
        except OSError as error:
            await self.close()
            place = f"{settings.host}:{settings.port}"
            remedy = "choose another port, or 0 for any that is free"
            raise UsageError(Problem(place, f"the sandbox cannot listen there ({error})", remedy)) from error
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self._url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening and let go of every connection."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        method, path = request.method, request.path
        try:
            if method == "POST" and path in self._posts:
                return await self._exchange(request, self._posts[path])
            if method == "GET" and path.startswith(READ_BACK_PREFIX):
                return await self._exchange(request, self._read_back)
            if path == MOVED_PATH:
                return await self._note_followed_redirect(request)
            route = self._control.routes.get((method, path))
            if route is not None:
                return await route(request)
            return await wire.send(request, page(404, "Not Found"), self._date())
        except ConnectionError:
            # The client has gone away: this answer reaches nobody, but aiohttp wants one.
            return web.Response(status=400)

    async def _exchange(self, request: web.BaseRequest, endpoint: Endpoint) -> web.StreamResponse:
        raw = await wire.read_body(request)
        incoming = _incoming(request, raw or b"")
        entry = self._record(incoming, endpoint.channel, endpoint.method, endpoint.destination(incoming))
        if raw is None:
            return await self._send(request, entry, page(413, "Request Entity Too Large"))
        fault = self._faults.draw(entry.destination, read_back=endpoint is self._read_back)
        if fault is not None:
            return await self._misbehave(request, entry, fault, lambda: endpoint.answer(incoming, entry))
        answer = endpoint.answer(incoming, entry)
        await self._let_latency_pass()
        return await self._send(request, entry, answer)

    async def _misbehave(
        self, request: web.BaseRequest, entry: Entry, fault: Fault, work: Callable[[], Reply]
    ) -> web.StreamResponse:
        """Let a fault strike; `work` is what the application does where the request reaches it."""
        plan = self._faults.plan
        entry.fault = fault.value
        own_answer = None if fault.is_before else work()
        await self._let_latency_pass()
        if fault in {Fault.RESET_BEFORE, Fault.RESET_AFTER}:
            return wire.reset(request)
        if fault in {Fault.STALL_BEFORE, Fault.STALL_AFTER}:
            return await wire.hold(request, plan.stall_seconds, self._closing)
        if fault is Fault.TRUNCATED_AFTER and own_answer is not None:
            return await wire.cut_short(request, own_answer)
        circumstances = Circumstances(entry.channel, self._settings.now(), plan.retry_after)
        return await self._send(request, entry, fault_answer(fault, circumstances))

    async def _let_latency_pass(self) -> None:
        if self._settings.latency:
            await wire.pause(self._settings.latency, self._closing)

    async def _send(self, request: web.BaseRequest, entry: Entry, answer: Reply) -> web.StreamResponse:
        response = await wire.send(request, answer, self._date())
        entry.status = answer.status
        return response

    async def _note_followed_redirect(self, request: web.BaseRequest) -> web.StreamResponse:
        incoming = _incoming(request, await wire.read_body(request) or b"")
        channel = incoming.query.get("channel", "")
        entry = self._record(incoming, channel, request.method, Destination("", ""))
        return await self._send(request, entry, page(404, "Not Found"))

    def _record(self, incoming: Incoming, channel: str, method: str, destination: Destination) -> Entry:
        entry = Entry(
            number=self.ledger.next_number(),
            time=time.time(),
            channel=channel,
            method=method,
            destination=destination,
            raw=incoming.raw,
            has_api_key=incoming.api_key is not None,
        )
        self.ledger.record(entry)
        return entry

    def _date(self) -> str | None:
        return formatdate(self._settings.now(), usegmt=True) if self._settings.clock_skew else None


async def serve(settings: SandboxSettings, ready: Callable[[str], None]) -> None:
    """Run a sandbox until cancelled.

    Args:
        settings: how it behaves.
        ready: called with the sandbox's address once it listens.

    Raises:
        UsageError: the address cannot be listened on.
    """
    async with Sandbox(settings) as sandbox:
        ready(sandbox.url)
        await asyncio.Event().wait()


def _incoming(request: web.BaseRequest, raw: bytes) -> Incoming:
    is_json = "application/json" in request.headers.get("Content-Type", "")
    return Incoming(
        path=request.path,
        query=request.query,
        body=parse_json(raw) if is_json else None,
        raw=raw,
        api_key=request.headers.get("apikey"),
    )


def _large_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=wire.MAX_BODY_BYTES)
