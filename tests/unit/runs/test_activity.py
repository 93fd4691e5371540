"""What a delivery says that it is doing."""

from __future__ import annotations

import time

import pytest

from campaign.delivery import LocalRateLimiter, Progress, Shutdown
from campaign.delivery.ports import SystemClock, Wait
from campaign.runs.activity import Meter
from campaign.schedule import ANY_TIME, Schedule, parse_window

NOON = 1_800_000_000.0
"""Friday 2027-01-15, 8:00 UTC."""


class Moments:
    """Both clocks of the machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        monkeypatch.setattr(time, "time", lambda: NOON + self.seconds)
        monkeypatch.setattr(time, "monotonic", lambda: 100.0 + self.seconds)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    return Moments(monkeypatch)


def test_the_rate_is_that_of_the_rows_done_and_tells_the_time_left(moments: Moments) -> None:
    progress = Progress()
    meter = Meter(3, ANY_TIME, 100, progress)
    assert meter.activity().eta_seconds is None
    moments.seconds, progress.sent, progress.failed = 10.0, 15, 5
    activity = meter.activity()
    assert (activity.run, activity.at, activity.rate, activity.eta_seconds) == (3, NOON + 10, 2.0, 40.0)
    assert (activity.waiting_for, activity.until, activity.waited) == (None, None, 0.0)


def test_the_time_left_includes_the_windows_to_come(moments: Moments) -> None:
    progress = Progress()
    meter = Meter(1, Schedule(window=parse_window("8:00-8:01"), time_zone="UTC"), 100, progress)
    moments.seconds, progress.sent = 10.0, 20
    assert meter.activity().eta_seconds == 40.0
    assert meter.late_end() is None
    progress.sent = 10
    assert meter.activity().eta_seconds == 86_400 - 10 + 40.0
    assert meter.late_end() == "Sat 2027-01-16 08:00:40"


@pytest.mark.parametrize(
    ("wait", "trouble", "pause", "said"),
    [
        pytest.param(None, "", 0.5, (None, None), id="a moment is no wait"),
        pytest.param(None, "", 30.0, ("limit", NOON + 30), id="the server's limit"),
        pytest.param(None, "HTTP 503", 30.0, ("server", NOON + 30), id="a server in trouble"),
        pytest.param(Wait("window", NOON + 9), "HTTP 503", 30.0, ("window", NOON + 9), id="its window"),
        pytest.param(Wait("gate"), "", 0.0, ("gate", None), id="its gate"),
    ],
)
def test_it_says_what_it_waits_for(
    moments: Moments, wait: Wait | None, trouble: str, pause: float, said: tuple[str | None, float | None]
) -> None:
    assert moments.seconds == 0.0
    progress = Progress(trouble=trouble, wait=wait)
    meter = Meter(1, ANY_TIME, 100, progress)
    limiter = LocalRateLimiter(1.0, SystemClock(), Shutdown())
    limiter._waits_until = 100.0 + pause
    meter.limiter = limiter
    activity = meter.activity()
    assert (activity.waiting_for, activity.until) == said
