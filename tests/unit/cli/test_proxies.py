"""The machine's proxies, from environment variables."""

from __future__ import annotations

import pytest

from campaign.cli.proxies import find_proxies
from campaign.delivery.proxies import ProxySettings
from campaign.errors import UsageError

P, Q = "http://p.example:3128", "http://q.example:3128"


@pytest.mark.parametrize(
    ("environment", "proxies"),
    [
        pytest.param({}, ProxySettings(), id="none"),
        pytest.param({"HTTPS_PROXY": P}, ProxySettings(https=P), id="https"),
        pytest.param({"HTTP_PROXY": P}, ProxySettings(http=P), id="http"),
        pytest.param({"ALL_PROXY": P}, ProxySettings(http=P, https=P), id="all"),
        pytest.param({"ALL_PROXY": P, "https_proxy": Q}, ProxySettings(http=P, https=Q), id="the nearer one"),
        pytest.param({"HTTP_PROXY": P, "http_proxy": Q}, ProxySettings(http=Q), id="small letters"),
        pytest.param({"HTTP_PROXY": "p.example:3128"}, ProxySettings(http=P), id="without a scheme"),
        pytest.param({"HTTP_PROXY": "  "}, ProxySettings(), id="blank"),
        pytest.param({"NO_PROXY": "a, .b.example,,c"}, ProxySettings(bypass=("a", ".b.example", "c")), id="exceptions"),
    ],
)
def test_proxies_are_read(environment: dict[str, str], proxies: ProxySettings) -> None:
    assert find_proxies(environment) == proxies


@pytest.mark.parametrize("value", ["socks5://p:1080", "http://", "http://p:99999", "http://a b", "ftp://p"])
def test_a_proxy_of_another_kind_is_refused_without_its_password(value: str) -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY: names no http or https proxy"):
        find_proxies({"HTTPS_PROXY": value})
