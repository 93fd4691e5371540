"""The server: reads requests, records them in the ledger, applies faults and replies."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple, Self

from aiohttp import web

from campaign.channels import CHANNELS
from campaign.channels.sandbox_api import (
    Destination,
    ListRoute,
    Reply,
    RouteSettings,
    SandboxRequest,
    SandboxRoute,
    error_page,
    parse_json,
)
from campaign.errors import Problem, UsageError
from campaign.sandbox import wire
from campaign.sandbox.control import Control, inbox_page
from campaign.sandbox.faults import MOVED_PATH, Fault, FaultContext, FaultPlan, FaultSource, fault_reply
from campaign.sandbox.ledger import Entry, Ledger
from campaign.sandbox.origin import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http import RawRequestMessage
    from aiohttp.streams import StreamReader
    from aiohttp.web_protocol import RequestHandler

    from campaign.channels import Channel


@dataclass(frozen=True, slots=True)
class SandboxSettings(RouteSettings):
    """How a sandbox and its routes behave.

    Attributes:
        host: the address to listen on.
        port: the port to listen on; 0 takes any free one.
        latency: seconds between receiving a request and replying to it.
        faults: the faults and their probabilities.
    """

    host: str = "127.0.0.1"
    port: int = 0
    latency: float = 0.0
    faults: FaultPlan = field(default_factory=FaultPlan)


_CLOSING_SECONDS = 2.0
_BACKLOG = 1024


class _Served(NamedTuple):
    """A route and the name of its channel."""

    channel: str
    route: SandboxRoute


class Sandbox:
    """A local server for the APIs of channels; an async context manager.

    Attributes:
        ledger: the requests that reached it.
    """

    def __init__(self, settings: SandboxSettings | None = None, channels: Iterable[Channel] | None = None) -> None:
        """Prepare a sandbox.

        Args:
            settings: how it behaves.
            channels: the channels that it serves; by default every channel that is available.

        Raises:
            ChannelError: a channel cannot be loaded.
            UsageError: two routes have the same path.
        """
        self._settings = settings or SandboxSettings()
        self.ledger = Ledger()
        self._faults = FaultSource(self._settings.faults)
        self._channels = {channel.name: channel for channel in (CHANNELS.values() if channels is None else channels)}
        self._auth_headers = {name: _auth_headers(channel) for name, channel in self._channels.items()}
        self._served = _served(self._channels.values(), self._settings)
        page = inbox_page(tuple(self._channels.values()), [each.route for each in self._served.values()])
        self._control = Control(self.ledger, page, self._channels, self.set_faults)
        self._runner: web.ServerRunner | None = None
        self._closing = asyncio.Event()
        self._url = ""

    @property
    def url(self) -> str:
        """The address to give to clients, as "http://127.0.0.1:PORT"; "" before it is started."""
        return self._url

    def set_faults(self, plan: FaultPlan) -> None:
        """Replace the fault plan; the new one starts from its beginning."""
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
        """Stop listening and close every connection."""
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
            if foreign := refusal(method, request.headers, self._settings.host):
                return await wire.send(request, foreign, self._date())
            served = self._route(method, path)
            if served is not None:
                return await self._exchange(request, served)
            if path == MOVED_PATH:
                return await self._record_followed_redirect(request)
            control = self._control.routes.get((method, path))
            if control is not None:
                return await control(request)
            return await wire.send(request, error_page(404, "Not Found"), self._date())
        except ConnectionError:
            # The client has disconnected and gets no response, but aiohttp requires one.
            return web.Response(status=400)

    def _route(self, method: str, path: str) -> _Served | None:
        exact = self._served.get((method, path))
        found = (each for each in self._served.values() if each.route.method == method and each.route.serves(path))
        return exact or next(found, None)

    async def _exchange(self, request: web.BaseRequest, served: _Served) -> web.StreamResponse:
        route = served.route
        raw = await wire.read_body(request)
        incoming = _incoming(request, raw or b"")
        entry = self._record(incoming, served.channel, route.method, route.destination(incoming))
        if route.path.endswith("/"):
            entry.message_id = incoming.path.removeprefix(route.path)
        if raw is None:
            return await self._send(request, entry, error_page(413, "Request Entity Too Large"))
        fault = self._faults.draw(entry.destination, read_back=route.is_read_back)
        if fault is not None:
            return await self._misbehave(request, entry, fault, served, incoming)
        reply = self._serve(incoming, entry, route)
        await self._let_latency_pass()
        return await self._send(request, entry, reply)

    def _serve(self, incoming: SandboxRequest, entry: Entry, route: SandboxRoute) -> Reply:
        """Let the route handle a request; store the message if it was taken."""
        if isinstance(route, ListRoute):
            reply = route.list_messages(incoming, self.ledger.taken(entry.channel))
            self.ledger.mark_listed(reply.listed)
            return reply
        reply = route.respond(incoming, self.ledger.find)
        entry.message_id = reply.message_id
        if reply.taken and reply.message_id is not None:
            self.ledger.take(entry, reply.message_id)
        if reply.deleted and reply.message_id is not None:
            self.ledger.delete(reply.message_id)
        return reply

    async def _misbehave(
        self, request: web.BaseRequest, entry: Entry, fault: Fault, served: _Served, incoming: SandboxRequest
    ) -> web.StreamResponse:
        """Apply a fault; the route handles the request only for "after" faults."""
        plan = self._faults.plan
        entry.fault = fault.value
        own_reply = None if fault.is_before else self._serve(incoming, entry, served.route)
        await self._let_latency_pass()
        if fault in {Fault.RESET_BEFORE, Fault.RESET_AFTER}:
            return wire.reset(request)
        if fault in {Fault.STALL_BEFORE, Fault.STALL_AFTER}:
            return await wire.hold(request, plan.stall_seconds, self._closing)
        if fault is Fault.TRUNCATED_AFTER and own_reply is not None:
            return await wire.cut_short(request, own_reply)
        context = FaultContext(served.channel, served.route, self._settings.now(), plan.retry_after)
        return await self._send(request, entry, fault_reply(fault, context))

    async def _let_latency_pass(self) -> None:
        if self._settings.latency:
            await wire.pause(self._settings.latency, self._closing)

    async def _send(self, request: web.BaseRequest, entry: Entry, reply: Reply) -> web.StreamResponse:
        response = await wire.send(request, reply, self._date())
        entry.status = reply.status
        return response

    async def _record_followed_redirect(self, request: web.BaseRequest) -> web.StreamResponse:
        incoming = _incoming(request, await wire.read_body(request) or b"")
        channel = incoming.query.get("channel", "")
        entry = self._record(incoming, channel, request.method, Destination("", ""))
        return await self._send(request, entry, error_page(404, "Not Found"))

    def _record(self, incoming: SandboxRequest, channel: str, method: str, destination: Destination) -> Entry:
        entry = Entry(
            number=self.ledger.next_number(),
            time=incoming.received_at,
            channel=channel,
            method=method,
            destination=destination,
            raw=incoming.raw,
            has_credentials=any(name in incoming.headers for name in self._auth_headers.get(channel, ())),
        )
        self.ledger.record(entry)
        return entry

    def _date(self) -> str | None:
        return formatdate(self._settings.now(), usegmt=True) if self._settings.clock_skew else None


def _served(channels: Iterable[Channel], settings: SandboxSettings) -> dict[tuple[str, str], _Served]:
    found: dict[tuple[str, str], _Served] = {}
    for channel in channels:
        for route in channel.sandbox_routes(settings):
            if other := found.get((route.method, route.path)):
                what = f"the channels {other.channel} and {channel.name} both have this route"
                raise UsageError(Problem(f"{route.method} {route.path}", what, "uninstall one of the two"))
            found[route.method, route.path] = _Served(channel.name, route)
    return found


def _auth_headers(channel: Channel) -> tuple[str, ...]:
    """The names of the headers that carry a channel's credentials."""
    return tuple(channel.auth_headers({each.name: "" for each in channel.credentials}))


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


def _incoming(request: web.BaseRequest, raw: bytes) -> SandboxRequest:
    is_json = "application/json" in request.headers.get("Content-Type", "")
    return SandboxRequest(
        path=request.path,
        query=request.query,
        headers=request.headers,
        raw=raw,
        body=parse_json(raw) if is_json else None,
        received_at=time.time(),
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
