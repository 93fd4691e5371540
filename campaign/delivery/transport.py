"""HTTP: the only module that sends anything, and the only one that opens connections."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from campaign.channels.base import NoResponse, Response
from campaign.delivery.awake_timeout import AwakeTimeout, AwakeTimeouts
from campaign.delivery.connections import StaleConnectionError, WatchedConnector
from campaign.delivery.content_coding import ACCEPTED, WrongCodingError, decoded
from campaign.delivery.exchange import Exchange, ServerConnections, parsed
from campaign.delivery.lost_responses import lost_body, lost_response, scheme_mistake
from campaign.delivery.proxies import NO_PROXIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from yarl import URL

    from campaign.channels.base import Request
    from campaign.delivery.proxies import ProxySettings
    from campaign.settings import DeliverySettings

IDLE = 4.0
"""Seconds after which an idle connection is dropped: less than node's 5 s, so that no request meets a closing one."""

SHORT_IDLE = 0.5
"""The same where a lost request cannot be asked about: half of the shortest time-out in common use, a second."""

LONGEST_CONNECT = 10.0

HEADERS = {"Content-Type": "application/json", "User-Agent": "campaign", "Accept": "*/*", "Accept-Encoding": ACCEPTED}

BODY_COUNTS = frozenset({400, 404, 413, 422})
"""Besides 2xx, statuses whose meaning depends on the body; any other means the same without it."""


class ConnectionBudget:
    """How many requests may have a connection of their own.

    A response on a new connection cannot belong to an earlier request. But each connection costs a handshake, and
    occupies a local port for up to two minutes after its use, of which Windows and macOS have 16,384. Within two
    minutes these take 15,200; a faster run reuses checked connections.
    """

    BURST, RATE = 8000, 60.0

    def __init__(self) -> None:
        self._left = float(self.BURST)
        self._at = 0.0
        self.unlimited = False
        """Whether connections are worth any price, because a response arrived that no request had asked for."""

    def take(self, now: float) -> bool:
        """Whether a request may have one; counts it."""
        self._left = min(float(self.BURST), self._left + self.RATE * (now - self._at))
        self._at = now
        if self._left < 1:
            return self.unlimited
        self._left -= 1
        return True


class HttpTransport:
    """Sends requests over HTTP; every way for that to fail becomes a `NoResponse`. Use with `async with`.

    Attributes:
        own_connections: how many requests may have a connection of their own; transports of one machine share it.
    """

    def __init__(
        self,
        url: str,
        settings: DeliverySettings,
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        can_read_back: bool = True,
        proxies: ProxySettings = NO_PROXIES,
        may_send: Callable[[], bool] | None = None,
    ) -> None:
        """Make a transport.

        Args:
            url: the server's base URL, without a slash at the end.
            settings: the time-out and the number of connections.
            headers: sent with every request; they hold the credentials.
            can_read_back: whether the server can be asked about a lost message. Where it cannot, requests have
                connections of their own as far as `ConnectionBudget` allows, and share young ones beyond that.
            proxies: the proxies of this machine.
            may_send: whether a request may leave now, asked as the last thing before it does; None: it may.
        """
        self._url = url
        self._may_send = may_send
        self._settings = settings
        self._auth_headers = headers
        self._can_read_back = can_read_back
        # http with credentials is for loopback only, and through a proxy they would leave the machine in the clear.
        self._proxy = None if headers and url.startswith("http://") else proxies.for_url(url)
        self.own_connections = ConnectionBudget()
        self._responded = False

    async def __aenter__(self) -> Self:
        """Make the connection pools."""
        self._loop = asyncio.get_running_loop()
        self._timeouts = AwakeTimeouts(self._settings.timeout, self._loop)
        size, named = self._settings.concurrency + 1, self._can_read_back
        idle = IDLE if self._can_read_back else SHORT_IDLE
        self._shared = self._pool(WatchedConnector(named=named, limit=size, keepalive_timeout=idle))
        self._single = self._pool(WatchedConnector(named=named, limit=size, force_close=True))
        return self

    def _pool(self, connector: WatchedConnector) -> ServerConnections:
        within = min(LONGEST_CONNECT, self._settings.timeout / 2)
        headers = {**HEADERS, **self._auth_headers}
        return ServerConnections(
            self._url, headers, connector, proxy=self._proxy, within=within, may_send=self._may_send
        )

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._shared.close()
        await self._single.close()

    async def send(self, request: Request) -> Response | NoResponse:
        """Send one request and read the whole response. Redirects are not followed: the key would go along."""
        if not self._can_read_back and self.own_connections.take(self._loop.time()):
            return await self._attempt(self._single, request)
        try:
            return await self._attempt(self._shared, request, reused=True)
        except StaleConnectionError as stale:
            self.own_connections.unlimited = self.own_connections.unlimited or stale.unasked
            return await self._attempt(self._single, request)

    async def _attempt(
        self, pool: ServerConnections, request: Request, *, reused: bool = False
    ) -> Response | NoResponse:
        """Make one attempt.

        Raises:
            StaleConnectionError: nothing was written, because the connection was `reused`.
        """
        exchange = None
        try:
            with AwakeTimeout(self._timeouts):
                exchange = await pool.send(request)
                body = await exchange.read(request.longest)
            if coding := exchange.headers.get("Content-Encoding"):
                body = decoded(body, coding, request.longest + 1)
        except (aiohttp.ClientError, HttpProcessingError, OSError, UnicodeError, WrongCodingError) as error:
            if reused and isinstance(error, StaleConnectionError):
                raise
            if exchange is not None:
                return self._headless(exchange, error)
            return await self._scheme_mistake(error) or lost_response(error, self._url, self._settings.timeout)
        self._responded = True
        return Response(exchange.status, exchange.headers, body)

    async def _scheme_mistake(self, error: Exception) -> NoResponse | None:
        if self._responded or self._proxy is not None:
            return None
        return await scheme_mistake(_parsed_or_none(self._url), error)

    def _headless(self, exchange: Exchange, error: Exception) -> Response | NoResponse:
        """What a response says whose head was read and whose body was not."""
        self._responded = True
        if not 200 <= exchange.status < 300 and exchange.status not in BODY_COUNTS:
            return Response(exchange.status, exchange.headers)
        return lost_body(error, exchange.status, self._settings.timeout)


def _parsed_or_none(url: str) -> URL | None:
    try:
        return parsed(url)
    except (aiohttp.InvalidURL, UnicodeError):
        return None
