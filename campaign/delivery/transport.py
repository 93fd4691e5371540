"""HTTP: the only module that sends anything, and the only one that opens connections."""

from __future__ import annotations

import asyncio
import inspect
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from campaign.channels.base import NoResponse, Response
from campaign.delivery.awake_timeout import AwakeTimeout
from campaign.delivery.connections import CheckedConnector, CheckedRequest, CheckedResponse, StaleConnectionError
from campaign.delivery.content_coding import ACCEPTED, WrongCodingError, decoded
from campaign.delivery.lost_responses import LONGEST_HEADER, MOST_HEADERS, lost_body, lost_response, scheme_mistake
from campaign.delivery.proxies import NO_PROXIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from campaign.channels.base import Request
    from campaign.delivery.proxies import ProxySettings
    from campaign.settings import DeliverySettings

LONGEST_RESPONSE = 4 * 1024 * 1024
"""Bytes read of a response: a livechat response repeats the message; neither API gives longer ones."""

IDLE = 4.0
"""Seconds after which an idle connection is dropped: less than node's 5 s, so that no request meets a closing one."""

SHORT_IDLE = 0.5
"""The same where a lost request cannot be asked about: half of the shortest time-out in common use, a second."""

LONGEST_CONNECT = 10.0

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
    """Sends requests over HTTP; every way for that to fail becomes a `NoResponse`. Use with `async with`."""

    def __init__(
        self,
        url: str,
        settings: DeliverySettings,
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        can_read_back: bool = True,
        proxies: ProxySettings = NO_PROXIES,
    ) -> None:
        """Make a transport.

        Args:
            url: the server's base URL, without a slash at the end.
            settings: the time-out and the number of connections.
            headers: sent with every request; they hold the credentials.
            can_read_back: whether the server can be asked about a lost message. Where it cannot, requests have
                connections of their own as far as `ConnectionBudget` allows, and share young ones beyond that.
            proxies: the proxies of this machine.
        """
        self._url = url
        self._settings = settings
        self._auth_headers = headers
        self._can_read_back = can_read_back
        # http with credentials is for loopback only, and through a proxy they would leave the machine in the clear.
        self._proxy = None if headers and url.startswith("http://") else proxies.for_url(url)
        self._budget = ConnectionBudget()
        self._responded = False

    async def __aenter__(self) -> Self:
        """Open the connection pools."""
        self._loop = asyncio.get_running_loop()
        size = self._settings.concurrency + 1
        idle = IDLE if self._can_read_back else SHORT_IDLE
        self._shared = self._session_with(CheckedConnector(limit=size, keepalive_timeout=idle))
        self._single = self._session_with(CheckedConnector(limit=size, force_close=True))
        return self

    def _session_with(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        connect = min(LONGEST_CONNECT, self._settings.timeout / 2)
        return aiohttp.ClientSession(
            connector=connector,
            request_class=CheckedRequest,
            response_class=CheckedResponse,
            cookie_jar=aiohttp.DummyCookieJar(),
            # Without the credentials: aiohttp sends a session's headers to the proxy too, when it asks for a tunnel.
            headers={"Content-Type": "application/json", "User-Agent": "campaign", "Accept-Encoding": ACCEPTED},
            timeout=aiohttp.ClientTimeout(total=None, connect=connect),  # `AwakeTimeout` counts the total
            auto_decompress=False,
            **_header_limits(),
        )

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._shared.close()
        await self._single.close()

    async def send(self, request: Request) -> Response | NoResponse:
        """Send one request and read the whole response. Redirects are not followed: the key would go along."""
        if not self._can_read_back and self._budget.take(self._loop.time()):
            return await self._attempt(self._single, request)
        try:
            return await self._attempt(self._shared, request, reused=True)
        except StaleConnectionError as stale:
            self._budget.unlimited = self._budget.unlimited or stale.unasked
            return await self._attempt(self._single, request)

    async def _attempt(
        self, session: aiohttp.ClientSession, request: Request, *, reused: bool = False
    ) -> Response | NoResponse:
        """Make one attempt.

        Raises:
            StaleConnectionError: nothing was written, because the connection was `reused`.
        """
        head = _Head()
        try:
            response = await self._exchange(session, request, head)
        except (aiohttp.ClientError, OSError, UnicodeError, WrongCodingError) as error:
            if reused and isinstance(error, StaleConnectionError):
                raise
            if head.response is not None:
                return self._headless(head.response, error)
            return await self._scheme_mistake(error) or lost_response(error, self._url, self._settings.timeout)
        self._responded = True
        return response

    async def _exchange(self, session: aiohttp.ClientSession, request: Request, head: _Head) -> Response:
        async with (
            AwakeTimeout(self._settings.timeout),
            session.request(
                request.method,
                _parsed(self._url + request.url),
                data=request.body,
                headers=self._auth_headers,
                allow_redirects=False,
                proxy=self._proxy,
            ) as response,
        ):
            head.response = response
            body = await _read(response.content)
            if coding := response.headers.get("Content-Encoding"):
                body = decoded(body, coding, LONGEST_RESPONSE + 1)
            return Response(response.status, response.headers, body)

    async def _scheme_mistake(self, error: Exception) -> NoResponse | None:
        if self._responded or self._proxy is not None:
            return None
        return await scheme_mistake(_parsed_or_none(self._url), error)

    def _headless(self, response: aiohttp.ClientResponse, error: Exception) -> Response | NoResponse:
        """What a response says whose head was read and whose body was not."""
        self._responded = True
        if not 200 <= response.status < 300 and response.status not in BODY_COUNTS:
            return Response(response.status, response.headers)
        return lost_body(error, response.status, self._settings.timeout)


class _Head:
    """The response whose head has arrived, if one has."""

    response: aiohttp.ClientResponse | None = None


@lru_cache(maxsize=4)  # every message goes to the same address, and parsing it costs a tenth of a request
def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError as error:
        raise aiohttp.InvalidURL(url) from error


def _header_limits() -> dict[str, Any]:
    """The limits of headers, as far as this version of aiohttp has them: none limits their number before 3.14."""
    limits = {"max_line_size": LONGEST_HEADER, "max_field_size": LONGEST_HEADER, "max_headers": MOST_HEADERS}
    known = inspect.signature(aiohttp.ClientSession).parameters
    return {name: limit for name, limit in limits.items() if name in known}


def _parsed_or_none(url: str) -> URL | None:
    try:
        return _parsed(url)
    except (aiohttp.InvalidURL, UnicodeError):
        return None


async def _read(content: aiohttp.StreamReader) -> bytes:
    if content.is_eof():  # it arrived as a whole, as short responses do
        return content.read_nowait(LONGEST_RESPONSE)
    parts: list[bytes] = []
    length = 0
    async for part in content.iter_any():
        parts.append(part)
        length += len(part)
        if length > LONGEST_RESPONSE:
            break
    return b"".join(parts)
