"""HTTP: the only module that sends anything, and the only one that knows aiohttp's errors."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from campaign.channels.base import NoResponse, Response
from campaign.delivery.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from campaign.channels.base import Request
    from campaign.settings import DeliverySettings

LONGEST_RESPONSE = 4 * 1024 * 1024
"""Bytes read of a response: a livechat response repeats the message; neither API gives longer ones."""

IDLE = 4.0
"""Seconds after which an idle connection is dropped: less than node's 5 s, so that no request meets a closing one."""

LONGEST_CONNECT = 10.0


class HttpTransport:
    """Sends requests over HTTP; every way for that to fail becomes a `NoResponse`. Use with `async with`.

    Attributes:
        redaction: blanks the credentials in what is read from the responses, which a server may repeat.
    """

    def __init__(self, url: str, settings: DeliverySettings, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        """Make a transport.

        Args:
            url: the server's base URL, without a slash at the end.
            settings: the time-out and the number of connections.
            headers: sent with every request; they hold the credentials.
        """
        self._url = url
        self._settings = settings
        self._auth_headers = headers
        self.redaction = Redaction(headers.values())

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.concurrency + 1, keepalive_timeout=IDLE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Content-Type": "application/json", "User-Agent": "campaign", **self._auth_headers},
            timeout=aiohttp.ClientTimeout(
                total=self._settings.timeout, connect=min(LONGEST_CONNECT, self._settings.timeout / 2)
            ),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(self, request: Request) -> Response | NoResponse:
        """Send one request and read the whole response. Redirects are not followed: the key would go along."""
        try:
            url = _parsed(self._url + request.url)
            async with self._session.request(request.method, url, data=request.body, allow_redirects=False) as response:
                body = await _read(response.content)
                return Response(response.status, response.headers, body)
        except aiohttp.ClientConnectorError as error:  # DNS, refused, TLS: before the first byte of the request
            return NoResponse(f"the server cannot be reached ({error})", request_left=False)
        except (aiohttp.InvalidURL, UnicodeError):  # no valid host name, noticed only when it is looked up
            return NoResponse(f"the server cannot be reached (no such host: {self._url})", request_left=False)
        except aiohttp.ConnectionTimeoutError:
            return NoResponse("the server cannot be reached (no connection in time)", request_left=False)
        except TimeoutError:
            return NoResponse(f"no answer within {self._settings.timeout:g} s", request_left=True)
        except (aiohttp.ClientError, OSError) as error:
            return NoResponse(f"the connection broke before the answer ({type(error).__name__})", request_left=True)


@lru_cache(maxsize=4)  # every message goes to the same address, and parsing it costs a tenth of a request
def _parsed(url: str) -> URL:
    try:
        return URL(url)
    except ValueError as error:
        raise aiohttp.InvalidURL(url) from error


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
