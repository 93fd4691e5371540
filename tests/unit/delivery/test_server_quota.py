from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.base import Quota
from campaign.delivery.server_quota import LONGEST_MARGIN, LONGEST_WINDOW, MARGIN, ServerClock, ServerQuota

SERVER = 5000.0
"""The server's time when ours is 0."""


def exact_clock(ahead: float = SERVER) -> ServerClock:
    """A server's clock known to a microsecond: one response just after a full second, one just before the next."""
    clock = ServerClock()
    for date, moment in ((0.0, 1e-7), (0.0, 1 - 1e-7)):
        clock.learn(ahead + date, moment, moment)
    return clock


def known_window(remaining: int, reset_at: float = SERVER + 60, limit: int = 10) -> ServerQuota:
    window = ServerQuota(exact_clock())
    respond_alone(window, Quota(limit, remaining, reset_at), 1.0)
    return window


def respond_alone(window: ServerQuota, quota: Quota | None, now: float) -> bool:
    request = object()
    window.take(request)
    return window.learn(quota, now, alone=window.release(request))


def test_the_servers_clock_is_unknown_before_its_first_date() -> None:
    assert ServerClock().uncertainty == math.inf


def test_a_date_gives_the_servers_clock_to_a_second_plus_latency() -> None:
    clock = ServerClock()
    clock.learn(SERVER, sent=0.0, received=0.25)
    assert clock.uncertainty == pytest.approx(1.25, abs=0.001)


def test_dates_at_different_fractions_of_a_second_narrow_the_estimate() -> None:
    clock = ServerClock()
    for moment in (0.05, 0.35, 0.65, 0.95):
        clock.learn(SERVER, sent=moment, received=moment)
    assert clock.uncertainty == pytest.approx(0.1, abs=0.001)
    assert clock.reached(SERVER + 10) == pytest.approx(10.05, abs=0.002)


@given(
    ahead=st.floats(-1e5, 1e9),
    drift=st.floats(-5e-5, 5e-5),
    moments=st.lists(st.tuples(st.floats(0, 600), st.floats(0, 0.5), st.floats(0, 0.5)), min_size=1, max_size=30),
    wait=st.floats(0, 3600),
)
def test_a_server_time_is_never_assumed_too_early(
    ahead: float, drift: float, moments: list[tuple[float, float, float]], wait: float
) -> None:
    clock, now = ServerClock(), 0.0
    for gap, there, back in moments:
        now += gap
        date = math.floor(ahead + (1 + drift) * (now + there))
        clock.learn(date, now, now + there + back)
        now += there + back
    target = ahead + (1 + drift) * now + wait
    reached = clock.reached(target)
    assert ahead + (1 + drift) * reached >= target - 1e-4


def test_a_clock_that_was_set_is_estimated_again() -> None:
    clock = exact_clock()
    clock.learn(SERVER + 3600, sent=2.0, received=2.0)
    assert clock.uncertainty == pytest.approx(1.0)
    assert clock.reached(SERVER + 3600 + 10) == pytest.approx(12.0, abs=0.01)


def test_an_old_estimate_of_a_clock_becomes_less_precise() -> None:
    clock = exact_clock()
    clock.learn(SERVER + 1000, sent=1000.5, received=1000.5)
    assert 0.1 < clock.uncertainty < 0.5


def test_the_first_request_is_sent_alone() -> None:
    window = ServerQuota(ServerClock())
    assert window.wait(0.0) == 0.0
    window.take("first")
    assert window.wait(0.0) is None


def test_the_first_response_grants_the_remaining_quota() -> None:
    window = known_window(remaining=2)
    for _ in range(2):
        assert window.wait(1.0) == 0.0
        window.take(object())
    assert window.wait(1.0) == pytest.approx(59 + MARGIN, abs=0.02)


def test_after_a_window_one_request_probes_the_quota() -> None:
    window = known_window(remaining=5)
    assert window.wait(60.1) == 0.0
    window.take("probe")
    assert window.wait(60.1) is None


def test_requests_in_flight_count_in_the_new_window() -> None:
    window = known_window(remaining=5)
    window.take("slow")
    assert respond_alone(window, None, 1.0) is False
    window.wait(60.1)
    respond_alone(window, Quota(10, 9, SERVER + 120), 60.2)
    left = 0
    while window.wait(60.2) == 0.0:
        window.take(object())
        left += 1
    assert left == 8


def test_an_older_response_of_the_same_window_does_not_restore_quota() -> None:
    window = known_window(remaining=3)
    for name in ("a", "b", "c"):
        window.take(name)
    for name, remaining in (("c", 0), ("a", 2), ("b", 1)):
        window.learn(Quota(10, remaining, SERVER + 60), 1.0, alone=window.release(name))
    assert window.wait(1.0) == pytest.approx(59, abs=0.1)


def test_other_clients_of_the_quota_are_counted() -> None:
    window = known_window(remaining=9)
    window.take("mine")
    window.learn(Quota(10, 0, SERVER + 60), 1.0, alone=window.release("mine"))
    assert window.wait(1.0) != 0.0


def test_a_late_response_of_an_earlier_window_is_ignored() -> None:
    window = known_window(remaining=9)
    window.take("late")
    window.wait(60.1)
    respond_alone(window, Quota(10, 9, SERVER + 120), 60.2)
    window.learn(Quota(10, 0, SERVER + 60), 60.3, alone=window.release("late"))
    assert window.wait(60.3) == 0.0
    assert window.ends() == pytest.approx(120, abs=0.1)


def test_a_late_response_is_ignored_while_a_probe_is_in_flight() -> None:
    window = known_window(remaining=9)
    for name in ("early", "late"):
        window.take(name)
    window.learn(Quota(10, 7, SERVER + 60), 1.0, alone=window.release("late"))
    window.forget()
    window.take("probe")
    window.learn(Quota(10, 8, SERVER + 60), 1.1, alone=window.release("early"))
    assert window.wait(1.1) is None


def test_a_response_of_the_next_window_opens_it() -> None:
    window = known_window(remaining=1)
    window.take("crossing")
    assert window.learn(Quota(10, 9, SERVER + 120), 59.9, alone=window.release("crossing"))
    assert window.wait(59.9) == 0.0


def test_a_server_without_a_limit_needs_no_wait() -> None:
    window = ServerQuota(ServerClock())
    respond_alone(window, None, 0.0)
    for _ in range(1000):
        assert window.wait(0.0) == 0.0
        window.take(object())


def test_a_limit_that_is_no_longer_stated_still_applies() -> None:
    window = known_window(remaining=5)
    window.wait(60.1)
    respond_alone(window, None, 60.2)
    window.take("next")
    assert window.wait(60.3) is None


def test_a_request_without_a_response_is_followed_by_a_probe() -> None:
    window = ServerQuota(ServerClock())
    window.take("lost")
    assert window.release("lost")
    assert window.wait(0.0) == 0.0
    window.take("next")
    assert window.wait(0.0) is None


def test_after_lost_contact_the_quota_is_probed_again() -> None:
    window = known_window(remaining=5)
    window.forget()
    window.take("probe")
    assert window.wait(2.0) is None
    window.learn(Quota(10, 9, SERVER + 60), 2.0, alone=window.release("probe"))
    taken = 0
    while window.wait(2.0) == 0.0:
        window.take(object())
        taken += 1
    assert taken == 9


@pytest.mark.parametrize(
    "reset_at",
    [math.inf, math.nan, SERVER + LONGEST_WINDOW + 10, SERVER * 1000],
    ids=["endless", "no number", "days", "another unit"],
)
def test_an_implausible_window_is_ignored(reset_at: float) -> None:
    window = known_window(remaining=0, reset_at=reset_at * 1000)
    assert window.limit is None
    assert window.wait(1.0) == 0.0


def test_a_window_longer_than_expected_widens_the_margin() -> None:
    window, waits = known_window(remaining=9), []
    for _ in range(12):
        end = window.ends()
        assert window.wait(end) == 0.0
        respond_alone(window, Quota(10, 0, SERVER + 60), end)
        waits.append(window.ends() - end)
    assert waits[0] == pytest.approx(MARGIN, abs=0.001)
    assert window.ends() == pytest.approx(60 + LONGEST_MARGIN, abs=0.02)
