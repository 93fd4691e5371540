"""The machine's proxies, from the usual environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from campaign.delivery.proxies import ProxySettings
from campaign.errors import Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_proxies(environment: Mapping[str, str]) -> ProxySettings:
    """HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in capitals or not; the latter win, as with curl.

    Raises:
        UsageError: one names no http or https proxy.
    """
    return ProxySettings(
        http=_proxy(environment, "HTTP_PROXY") or _proxy(environment, "ALL_PROXY"),
        https=_proxy(environment, "HTTPS_PROXY") or _proxy(environment, "ALL_PROXY"),
        bypass=tuple(each.strip() for each in _value(environment, "NO_PROXY").split(",") if each.strip()),
    )


def _value(environment: Mapping[str, str], name: str) -> str:
    return (environment.get(name.lower()) or environment.get(name) or "").strip()


def _proxy(environment: Mapping[str, str], name: str) -> str | None:
    value = _value(environment, name)
    if not value:
        return None
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        valid = False
    if not valid or " " in url:
        remedy = "write it as http://proxy.example.com:3128, or unset it"
        raise UsageError(Problem(name, "names no http or https proxy", remedy))
    return url
