"""Mistakes about TLS, which no later attempt repairs: what they look like, and what to do about them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl

PROBE_TIMEOUT = 2.0
"""Seconds for finding out what a port speaks."""

NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE"})
"""OpenSSL's reasons where the other side's first bytes are not TLS."""

NO_COMMON_VERSION = frozenset(
    {
        "UNSUPPORTED_PROTOCOL",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "NO_PROTOCOLS_AVAILABLE",
        "DH_KEY_TOO_SMALL",
    }
)

OTHER_NAME = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH (OpenSSL, x509_vfy.h)."""

OUTDATED = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""

PLAIN_PORT = "the server does not speak TLS at this address; write http:// into [server] url, or its TLS port"
TLS_PORT = "the server speaks TLS at this address; write https:// into [server] url"


def certificate_mistake(error: BaseException) -> str:
    """What is wrong with a certificate, and the way out.

    Args:
        error: of a failed verification.
    """
    code = getattr(error, "verify_code", 0)
    why = str(getattr(error, "verify_message", "") or error)
    if code in OTHER_NAME:
        return f"the server's certificate is for another name ({why}); write that name into [server] url"
    if code in OUTDATED:
        return f"the server's certificate is not valid now ({why}); have it renewed, and check this machine's clock"
    remedy = "set SSL_CERT_FILE to a PEM file with the certificate of the authority that issued it"
    return f"the server's certificate is not trusted ({why}{_what_is_wrong_with_the_file()}); {remedy}"


def _what_is_wrong_with_the_file() -> str:
    """What SSL_CERT_FILE has to do with it: OpenSSL reads the file by itself, and does not say where it cannot."""
    named = os.environ.get(ssl.get_default_verify_paths().openssl_cafile_env)
    if not named:
        return ""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(named)
    except ssl.SSLError:
        return f"; SSL_CERT_FILE names {named}, in which there is no certificate in PEM form"
    except OSError as error:
        return f"; SSL_CERT_FILE names {named}, which cannot be read: {error.strerror}"
    return f"; the certificates in {named}, which SSL_CERT_FILE names, are of other authorities"


def handshake_mistake(error: BaseException) -> str | None:
    """What a failed handshake says about the address, with the way out; None where another attempt may succeed."""
    reason = getattr(error, "reason", None) or ""
    if reason in NO_TLS:
        return PLAIN_PORT
    return (
        f"the server has no TLS version in common with this machine ({reason})" if reason in NO_COMMON_VERSION else None
    )


async def speaks_tls(host: str, port: int) -> bool:
    """Whether a port answers a TLS handshake. Nothing is sent after it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only to find out what it speaks
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        async with asyncio.timeout(PROBE_TIMEOUT):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            writer.transport.abort()
            return True
    return False


async def speaks_http(host: str, port: int) -> bool:
    """Whether a port answers plain HTTP. The request asks for nothing and holds no key."""
    with contextlib.suppress(OSError, asyncio.TimeoutError):
        async with asyncio.timeout(PROBE_TIMEOUT):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return (await reader.read(5)) == b"HTTP/"
            finally:
                writer.transport.abort()
    return False
