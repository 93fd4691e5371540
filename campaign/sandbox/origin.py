"""Which requests a sandbox answers: those of this machine's own programs and of its own page.

A page of any web site can send requests to loopback from the browser that shows it. Two rules keep it from
reading the ledger or changing it. The host that is asked for is a loopback name; a name that an attacker points at
127.0.0.1 is not ("DNS rebinding"). And a request that changes something does not come from another origin, which
browsers state in `Origin` (RFC 6454) and `Sec-Fetch-Site` (W3C, "Fetch Metadata Request Headers").
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from campaign.channels.sandbox_api import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"same-origin", "none"})
"""`none`: the user typed the address."""


HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(:[0-9]{0,5})?")


def refusal(method: str, headers: Mapping[str, str], own_host: str) -> Reply | None:
    """The reply to a request that is not for this sandbox or comes from another site; None if it is welcome.

    Args:
        method: its method.
        headers: its headers; names are looked up in any case.
        own_host: the host that the sandbox listens on.
    """
    host = headers.get("Host")
    if host is not None and not _is_own(_host_name(host), own_host):
        return json_reply(421, {"error": "the sandbox answers on loopback alone: ask for it as 127.0.0.1 or localhost"})
    if method in SAFE_METHODS:
        return None
    site, origin = headers.get("Sec-Fetch-Site", "none"), headers.get("Origin")
    if site not in OWN_SITES or (origin is not None and origin.lower() != f"http://{host}".lower()):
        return json_reply(403, {"error": "the sandbox takes nothing from pages of other origins"})
    return None


def _host_name(host: str) -> str | None:
    """The name in a Host header; None where it is not a name and a port at most (RFC 9110, section 7.2)."""
    if not HOST.fullmatch(host):
        return None
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_own(name: str | None, own_host: str) -> bool:
    if not name:
        return False
    if name in ("localhost", own_host.lower()):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
