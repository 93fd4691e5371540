"""The content codings of a body. aiohttp would do it too, but reports a wrong one as a broken connection."""

from __future__ import annotations

import zlib

ACCEPTED = "gzip, deflate"
"""What requests say that they accept."""


class WrongCodingError(ValueError):
    """A body is not what its Content-Encoding says, or that is not one of `ACCEPTED`."""


def decoded(body: bytes, coding: str, most: int) -> bytes:
    """The body without its content codings (RFC 9110, section 8.4).

    Args:
        body: as it arrived.
        coding: the header Content-Encoding; "" where there is none.
        most: bytes to decode at most; the rest is cut off.

    Raises:
        WrongCodingError: it cannot be decoded.
    """
    names = [name.strip().lower() for name in coding.split(",")]
    for name in reversed(names):
        if name in ("gzip", "x-gzip"):
            body = _inflated(body, 16 + zlib.MAX_WBITS, name, most)
        elif name == "deflate":  # with a zlib header, or as some servers send it, without
            raw = not body or body[0] & 0x0F != 8 or int.from_bytes(body[:2], "big") % 31 != 0
            body = _inflated(body, -zlib.MAX_WBITS if raw else zlib.MAX_WBITS, name, most)
        elif name not in ("", "identity"):
            raise WrongCodingError(f"the Content-Encoding {name[:20]!r}, which was not asked for")
    return body


def _inflated(body: bytes, bits: int, name: str, most: int) -> bytes:
    if not body:
        return body
    decompressor = zlib.decompressobj(bits)
    try:
        found = decompressor.decompress(body, most)
    except zlib.error as error:
        raise WrongCodingError(f"the Content-Encoding {name!r}, which its body is not") from error
    if not decompressor.eof and len(found) < most:
        raise WrongCodingError(f"the Content-Encoding {name!r}, and its body is cut off")
    return found
