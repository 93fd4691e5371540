"""Which proxy a request takes. The settings are data: only the command line reads them from the environment."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """The proxies of a machine, in the terms of the usual environment variables.

    Attributes:
        http: the proxy's URL for http servers (HTTP_PROXY, else ALL_PROXY); None: no proxy. It may hold a password.
        https: the proxy's URL for https servers (HTTPS_PROXY, else ALL_PROXY).
        bypass: hosts, domains, networks, or "*" that are reached without a proxy (NO_PROXY).
    """

    http: str | None = field(default=None, repr=False)
    https: str | None = field(default=None, repr=False)
    bypass: tuple[str, ...] = ()

    def for_url(self, url: str) -> str | None:
        """The URL of the proxy for a server; None: none."""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        host = (parts.hostname or "").rstrip(".").lower()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return None if proxy is None or any(_covers(each, host, port) for each in self.bypass) else proxy


NO_PROXIES = ProxySettings()


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY covers a host: as curl reads it, with networks, and a port as in Python."""
    entry = entry.strip().lower()
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except (ValueError, TypeError):
        pass
    name, _, number = entry.rpartition(":")
    if name and number.isdigit() and ":" not in name.strip("[]").replace("::", ""):
        if int(number) != port:
            return False
        entry = name
    domain = entry.strip("[]").removeprefix("*").strip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))
