from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.delivery.rate_limiter import BURST, Pacer


def test_a_pacer_spaces_requests_evenly() -> None:
    pacer, now = Pacer(4.0), 100.0
    for _ in range(8):
        assert pacer.wait(now) == 0
        pacer.take(now)
        assert pacer.wait(now) == pytest.approx(0.25)
        now += 0.25


@given(
    rate=st.floats(0.2, 5000),
    gaps=st.lists(st.one_of(st.just(0.0), st.floats(0, 2)), min_size=2, max_size=200),
)
def test_no_interval_contains_more_than_its_rate_and_a_tenth_of_a_second(rate: float, gaps: list[float]) -> None:
    pacer, now = Pacer(rate), 0.0
    left: list[float] = []
    for gap in gaps:
        now += gap
        now += pacer.wait(now)
        pacer.take(now)
        left.append(now)
    burst = max(1.0, rate * BURST)
    for first, start in enumerate(left):
        for last in range(first, len(left)):
            assert last - first + 1 <= burst + rate * (left[last] - start) + 1e-6
