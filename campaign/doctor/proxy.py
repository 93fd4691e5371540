"""The proxy that requests to a server take, and whether something answers at its address."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from campaign.doctor.checks import fine, problem

if TYPE_CHECKING:
    from campaign.delivery.proxies import ProxySettings
    from campaign.doctor.checks import Check

PATIENCE = 5.0
"""Seconds to wait for a connection to a proxy."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy for one server.

    Attributes:
        place: host and port; "" where no proxy is used. User and password of its address are left out.
        is_set: whether the environment names a proxy, used or not.
        error: why it cannot be connected to; "" where it can.
    """

    place: str = ""
    is_set: bool = False
    error: str = ""


def read_proxy(proxies: ProxySettings, server: str) -> Proxy:
    """Connect to the proxy that requests to a server take, and close the connection."""
    is_set = bool(proxies.http or proxies.https)
    address = proxies.for_url(server)
    if address is None:
        return Proxy(is_set=is_set)
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        socket.create_connection((host, port), PATIENCE).close()
    except (OSError, UnicodeError) as error:
        return Proxy(place, is_set, getattr(error, "strerror", None) or str(error))
    return Proxy(place, is_set)


def check_proxy(proxy: Proxy, server: str) -> Check:
    """What is known of the proxy means for requests to a server."""
    name = "proxy"
    if not proxy.place:
        unused = "one is set, and not used for this server" if proxy.is_set else "none is set"
        return fine(name, unused)
    if proxy.error:
        remedy = "correct HTTPS_PROXY or HTTP_PROXY, or name the server's host in NO_PROXY to go without it"
        return problem(name, f"{proxy.place} cannot be reached ({proxy.error})", remedy)
    return fine(name, f"requests to {server} go through {proxy.place}, which takes connections")
