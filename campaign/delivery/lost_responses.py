"""aiohttp's errors in plain words: what each says about a request, and whether the request may have been received."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from campaign.channels.base import NoResponse
from campaign.delivery.connections import (
    LONGEST_HEADER,
    MOST_HEADERS,
    BrokenTunnelError,
    HeldBackError,
    StaleConnectionError,
)
from campaign.delivery.content_coding import WrongCodingError
from campaign.delivery.tls import (
    PLAIN_PORT,
    TLS_PORT,
    certificate_mistake,
    handshake_mistake,
    speaks_http,
    speaks_tls,
)

if TYPE_CHECKING:
    from yarl import URL

UNREACHABLE = "the server cannot be reached"


def lost_body(error: Exception, status: int, timeout: float) -> NoResponse:
    """What became of a response whose head was read and whose body was not."""
    if isinstance(error, WrongCodingError):
        return NoResponse(f"the answer (HTTP {status}) cannot be read: it has {error}", request_left=True)
    if isinstance(error, TimeoutError):
        return NoResponse(f"the answer (HTTP {status}) did not end within {timeout:g} s", request_left=True)
    return NoResponse(f"the answer (HTTP {status}) broke off before its end", request_left=True)


def lost_response(error: Exception, url: str, timeout: float) -> NoResponse:
    """What became of a request whose response has no readable head."""
    if isinstance(error, HeldBackError):
        return NoResponse("held back, because the journal was out of reach for too long", request_left=False)
    never_left = _never_left(error, url)
    if never_left is not None:
        return never_left
    if isinstance(error, TimeoutError):
        return NoResponse(f"no answer within {timeout:g} s", request_left=True)
    if isinstance(error, HttpProcessingError):
        return NoResponse(_unreadable(error), request_left=True, permanent=True)
    return NoResponse(f"the connection broke before the answer ({type(error).__name__})", request_left=True)


def _never_left(error: Exception, url: str) -> NoResponse | None:
    """What an error says that came before the request's first byte; None for any other."""
    permanent = False
    match error:
        case aiohttp.ClientConnectorCertificateError():
            what, permanent = certificate_mistake(error.certificate_error), True
        case aiohttp.ClientConnectorSSLError() if (mistake := handshake_mistake(error.os_error)) is not None:
            what, permanent = mistake, True
        case aiohttp.ClientHttpProxyError():  # the answer to CONNECT
            what, permanent = f"the proxy refuses the connection (HTTP {error.status})", 400 <= error.status < 500
        case BrokenTunnelError():
            what = f"the proxy broke off the connection ({error})"
        case aiohttp.ClientProxyConnectionError():
            what = f"the proxy cannot be reached ({error})"
        case aiohttp.ClientConnectorError():  # DNS, refused, TLS
            what = f"{UNREACHABLE} ({error})"
        case aiohttp.InvalidURL() | UnicodeError():  # no valid host name, noticed only when it is looked up
            what = f"{UNREACHABLE} (no such host: {url})"
        case aiohttp.ConnectionTimeoutError():
            what = f"{UNREACHABLE} (no connection in time)"
        case StaleConnectionError():
            what = "the server answers before it is asked"
        case _:
            return None
    return NoResponse(what, request_left=False, permanent=permanent)


def _unreadable(error: HttpProcessingError) -> str:
    """What is wrong with a response's head."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, LineTooLong) or "Too many headers" in str(cause):
            limits = f"{LONGEST_HEADER // 1024} KB in a header, or {MOST_HEADERS} headers"
            return f"the answer cannot be read: it has more than {limits}"
        cause = cause.__cause__
    return "the answer cannot be read: it is not HTTP"


async def scheme_mistake(url: URL | None, error: Exception) -> NoResponse | None:
    """A mistake between http and https that explains an error of the first request; None where it is another one.

    The error alone does not tell: most servers close the connection, and some wait for more. So the port is asked.
    """
    said: str | None = None
    host, port = (url.host or "", url.port or 0) if url is not None else ("", 0)
    if url is None or not _may_be_scheme(error):
        return None
    if url.scheme == "https" and isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        said = PLAIN_PORT if not await speaks_tls(host, port) and await speaks_http(host, port) else None
    elif url.scheme == "http" and not isinstance(error, aiohttp.ClientConnectorError | TimeoutError):
        said = TLS_PORT if await speaks_tls(host, port) else None
    return None if said is None else NoResponse(said, request_left=False, permanent=True)


def _may_be_scheme(error: Exception) -> bool:
    """Whether a server was there and did not say itself what is wrong."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorDNSError):
        return False
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return False
    return not isinstance(error, aiohttp.InvalidURL | UnicodeError | StaleConnectionError | HeldBackError)
