"""HTTP: the only place that sends anything, and the only one that knows aiohttp's errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from campaign.channels.base import NoResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from campaign.channels.base import Request

LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes read of an answer: a livechat answer repeats the message; whatever is longer is no answer of either API."""

IDLE = 4.0
"""Seconds after which an idle connection is dropped: before node's 5 s, so that no request meets a closing one."""

LONGEST_CONNECT = 10.0

BLANKED = "[the API key]"


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests go.

    Attributes:
        url: the base URL, without a slash at the end.
        headers: what goes with every request; holds the API key, so it is never shown.
        timeout: seconds for one whole answer.
        connections: how many at the most.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 30.0
    connections: int = 8


class Transport:
    """Sends requests; every way for that to go wrong becomes a `NoResponse`. Use with `async with`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._keys = tuple(server.headers.values())

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._server.connections + 1, keepalive_timeout=IDLE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json", "User-Agent": "campaign", **self._server.headers},
            timeout=aiohttp.ClientTimeout(
                total=self._server.timeout, connect=min(LONGEST_CONNECT, self._server.timeout / 2)
            ),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(self, request: Request) -> Response | NoResponse:
        """Send one request and read the whole answer. Redirects are not followed: the key would go along."""
        try:
            url = _parsed(self._server.url + request.url)
            async with self._session.request(request.method, url, data=request.body, allow_redirects=False) as response:
                body = await _read(response.content)
                return Response(response.status, self._headers(response.headers), self._without_key(body))
        except aiohttp.ClientConnectorError as error:  # DNS, refused, TLS: before the first byte of the request
            return NoResponse(f"the server cannot be reached ({error})", request_left=False)
        except (aiohttp.InvalidURL, UnicodeError):  # a host that is no host name: found out while looking it up
            return NoResponse(f"the server cannot be reached (no such host: {self._server.url})", request_left=False)
        except aiohttp.ConnectionTimeoutError:
            return NoResponse("the server cannot be reached (no connection in time)", request_left=False)
        except TimeoutError:
            return NoResponse(f"no answer within {self._server.timeout:g} s", request_left=True)
        except (aiohttp.ClientError, OSError) as error:
            return NoResponse(f"the connection broke before the answer ({type(error).__name__})", request_left=True)

    def _without_key(self, said: bytes) -> bytes:
        """What a server said, should it repeat our key: reasons are kept and shown, and the key must not be."""
        for key in self._keys:
            said = said.replace(key.encode(), BLANKED.encode())
        return said

    def _headers(self, said: Mapping[str, str]) -> Mapping[str, str]:
        if not any(key in value for key in self._keys for value in said.values()):
            return said
        return {name.lower(): self._header(value) for name, value in said.items()}

    def _header(self, value: str) -> str:
        for key in self._keys:
            value = value.replace(key, BLANKED)
        return value


@lru_cache(maxsize=4)  # every message goes to the same address, and to parse it costs a tenth of a request
def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError as error:
        raise aiohttp.InvalidURL(url) from error


async def _read(content: aiohttp.StreamReader) -> bytes:
    if content.is_eof():  # it has come as a whole, as short answers do
        return content.read_nowait(LONGEST_ANSWER)
    parts: list[bytes] = []
    length = 0
    async for part in content.iter_any():
        parts.append(part)
        length += len(part)
        if length > LONGEST_ANSWER:
            break
    return b"".join(parts)
