"""How long sending takes, as far as is known beforehand."""

from __future__ import annotations

import pytest

from campaign.journal import StatedQuota
from campaign.runs.confirmation import pace_of

USUAL = (10, 60.0)


@pytest.mark.parametrize(
    ("rate", "stated", "usual", "seconds", "words"),
    [
        pytest.param(None, None, None, 2.5, "10 a second, unless the server states a limit", id="nothing is known"),
        pytest.param(5.0, None, None, 5.0, "5 a second", id="a rate"),
        pytest.param(None, None, USUAL, 120.0, "10 a minute, until the server tells its own limit", id="usual"),
        pytest.param(None, (60, 60.0), USUAL, 0.0, "60 a minute, as the server said last", id="stated"),
        pytest.param(None, (5, 10.0), None, 40.0, "5 in 10 s, as the server said last", id="stated, in seconds"),
        pytest.param(0.1, None, USUAL, 250.0, "0.1 a second", id="a rate below the limit"),
        pytest.param(100.0, None, USUAL, 120.0, "10 a minute, until the server tells its own limit", id="above it"),
    ],
)
def test_the_pace_is_the_slower_of_the_rate_and_the_servers_limit(
    rate: float | None,
    stated: tuple[int, float] | None,
    usual: tuple[int, float] | None,
    seconds: float,
    words: str,
) -> None:
    quota = StatedQuota(*stated, at=0.0) if stated else None
    assert pace_of(25, rate, quota, usual) == (seconds, words)


@pytest.mark.parametrize(
    ("rate", "seconds", "words"),
    [
        pytest.param(None, 60.0, "3 machines: 30 a minute, as the server said last", id="as the server allows"),
        pytest.param(0.25, 240.0, "0.25 a second", id="a rate below that"),
    ],
)
def test_what_several_addresses_may_send_is_the_limit_of_each_together(
    rate: float | None, seconds: float, words: str
) -> None:
    assert pace_of(60, rate, StatedQuota(10, 60.0, at=0.0), USUAL, machines=3) == (seconds, words)
