"""The server's address, checked before the first send: credentials must not travel unencrypted."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from campaign.errors import CampaignFileError, Problem

if TYPE_CHECKING:
    from campaign.channels.base import Channel

WHERE = "server.url"


def base_url(channel: Channel, given: str | None, *, where: str = WHERE) -> str:
    """The server's base URL, without a slash at the end.

    Args:
        channel: the channel.
        given: the address of the campaign file or of `--server`; None: the channel's documented default.
        where: where the address comes from, for the error.

    Raises:
        CampaignFileError: there is no address, it is not an http(s) address, or credentials would travel
            unencrypted.
    """
    if given is None and channel.default_url is None:
        hint = 'add [server] url = "https://chat.example.com" or pass --server URL'
        raise CampaignFileError(Problem(WHERE, f"{channel.name} needs the address of your server", hint))
    url = (given or channel.default_url or "").strip().rstrip("/").removesuffix(channel.endpoint)
    url = server_address(url, where=where)
    parts = urlsplit(url)
    if channel.credentials and parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        labels = " and ".join(credential.label for credential in channel.credentials)
        what = f"“{url}” is not encrypted, and the {labels} must not travel in the clear"
        raise CampaignFileError(Problem(where, what, "use https://"))
    return url


def server_address(given: str, *, where: str = WHERE) -> str:
    """A server's base URL, without a slash at the end.

    Args:
        given: the address.
        where: where it comes from, for the error.

    Raises:
        CampaignFileError: it is not an http(s) address, or holds more than a host and a path.
    """
    url = given.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")  # no part of a host name is empty, or longer than 63 characters
    except ValueError as error:
        raise _bad(where, url, "it is no web address") from error
    if parts.scheme not in ("http", "https") or not host or " " in url or not url.isprintable():
        raise _bad(where, url, "it is no web address")
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise _bad(where, url, "it holds more than a host and a path")
    return url


def url_of_run(channel: Channel, given: str | None, recorded: str, where: str) -> str:
    """The address to send a run to. A journal is a file like any other: it does not decide where a key may go.

    Args:
        channel: the channel.
        given: another address of the same server; None: the one on record.
        recorded: the address on record; "" for a rehearsal.
        where: where it is on record, for the error.

    Raises:
        CampaignFileError: it is not an address that credentials may be sent to.
    """
    if given or not recorded:
        return base_url(channel, given) if given else ""
    return base_url(channel, recorded, where=where)


def _bad(where: str, url: str, why: str) -> CampaignFileError:
    without_credentials = re.sub(r"//.*@", "//…@", url)
    return CampaignFileError(Problem(where, f"“{without_credentials}”: {why}", "write it as https://chat.example.com"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
