from __future__ import annotations

import pytest

from campaign.channels.sandbox_api import FixedWindow, RateLimit

NOW = 1_700_000_000_000


def window(count: int = 2, seconds: float = 60) -> FixedWindow:
    return FixedWindow(RateLimit(count, seconds))


def test_a_window_begins_with_its_first_request() -> None:
    verdict = window().hit(NOW)
    assert verdict.allowed
    assert (verdict.limit, verdict.remaining, verdict.reset_ms) == (2, 1, NOW + 60_000)


def test_the_request_after_the_last_allowed_one_is_refused() -> None:
    limiter = window()
    verdicts = [limiter.hit(NOW + at) for at in (0, 10, 20)]
    assert [(verdict.allowed, verdict.remaining) for verdict in verdicts] == [(True, 1), (True, 0), (False, 0)]


def test_a_refused_request_does_not_move_the_end_of_the_window() -> None:
    limiter = window(count=1)
    assert {limiter.hit(NOW + at).reset_ms for at in (0, 1000, 59_999)} == {NOW + 60_000}


def test_a_request_at_the_very_reset_time_begins_a_new_window() -> None:
    limiter = window(count=1)
    limiter.hit(NOW)
    verdict = limiter.hit(NOW + 60_000)
    assert verdict.allowed
    assert verdict.reset_ms == NOW + 120_000


def test_a_window_begins_late_when_no_request_comes() -> None:
    limiter = window(count=1)
    limiter.hit(NOW)
    assert limiter.hit(NOW + 75_000).reset_ms == NOW + 135_000


@pytest.mark.parametrize(
    ("at_ms", "seconds"),
    [
        pytest.param(1, 60, id="59.999 s are 60"),
        pytest.param(1000, 59, id="59 s are 59"),
        pytest.param(59_999, 1, id="1 ms is 1 s"),
    ],
)
def test_the_wait_is_rounded_up_to_whole_seconds(at_ms: int, seconds: int) -> None:
    limiter = window(count=1)
    limiter.hit(NOW)
    assert limiter.hit(NOW + at_ms).wait_seconds == seconds
