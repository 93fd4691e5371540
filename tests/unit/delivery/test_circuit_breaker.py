from __future__ import annotations

import pytest

from campaign.channels.base import Indeterminate
from campaign.delivery.policy import CircuitBreaker
from campaign.delivery.shutdown import StopReason


def breaker(give_up_after: float = 600.0, stop_after_refusals: int = 3) -> CircuitBreaker:
    return CircuitBreaker(give_up_after, stop_after_refusals)


def trouble(circuit: CircuitBreaker, left_at: float, now: float) -> StopReason | None:
    circuit.record_failure(left_at, now)
    return circuit.check_trouble(now, 1.0, "reset")


def in_doubt(circuit: CircuitBreaker, left_at: float, now: float, stop_after: int | None = None) -> StopReason | None:
    circuit.record_failure(left_at, now)
    return circuit.check_in_doubt(now, 0.0, Indeterminate("reset", stop_after=stop_after))


def test_the_breaker_opens_after_give_up_after() -> None:
    circuit = breaker(give_up_after=60)
    assert trouble(circuit, 100.0, 100.0) is None
    assert trouble(circuit, 158.0, 158.0) is None
    reason = trouble(circuit, 159.0, 159.0)
    assert reason is not None
    assert (reason.text, reason.interrupted) == ("reset: nothing but trouble for 60 s", False)


def test_minutes_of_trouble_are_reported_in_minutes() -> None:
    circuit = breaker()
    trouble(circuit, 0.0, 0.0)
    reason = trouble(circuit, 600.0, 600.0)
    assert reason is not None
    assert reason.text == "reset: nothing but trouble for 10 min"


def test_idle_time_before_the_first_trouble_does_not_count() -> None:
    circuit = breaker(give_up_after=60)
    circuit.record_success()
    assert trouble(circuit, 10_000.0, 10_000.0) is None


def test_a_sent_message_ends_the_trouble() -> None:
    circuit = breaker(give_up_after=60)
    trouble(circuit, 0.0, 0.0)
    circuit.record_success()
    assert circuit.failures == 0
    assert trouble(circuit, 60.0, 60.0) is None


def test_a_refusal_ends_the_trouble_too() -> None:
    circuit = breaker(give_up_after=60)
    trouble(circuit, 0.0, 0.0)
    circuit.record_refusal("room-closed", "closed")
    assert circuit.failures == 0
    assert trouble(circuit, 60.0, 60.0) is None


def test_a_wait_longer_than_our_patience_is_not_begun() -> None:
    reason = breaker().check_trouble(0.0, 3600.0, "over the server's limit", asked=3600.0)
    assert reason is not None
    assert reason.text == (
        "over the server's limit: the server asks to wait 60 min, longer than give_up_after = 10 min"
    )


def test_a_back_off_of_our_own_is_not_called_the_servers_wish() -> None:
    reason = breaker(give_up_after=2).check_trouble(0.0, 2.8266, "connection refused")
    assert reason is not None
    assert reason.text == "connection refused: nothing but trouble for 2 s"


def test_a_wait_that_the_server_asks_for_is_said_in_round_figures() -> None:
    reason = breaker(give_up_after=2).check_trouble(0.0, 2.8266, "over the server's limit", asked=2.8266)
    assert reason is not None
    assert reason.text == "over the server's limit: the server asks to wait 2.8 s, longer than give_up_after = 2 s"


def test_failures_in_a_row_are_counted() -> None:
    circuit = breaker()
    for _ in range(3):
        trouble(circuit, 0.0, 0.0)
    in_doubt(circuit, 0.0, 0.0)
    assert circuit.failures == 4


def test_requests_in_flight_together_fail_as_one() -> None:
    circuit = breaker(stop_after_refusals=0)
    for left_at in (10.0, 10.1, 10.2):
        trouble(circuit, left_at, 11.0 + left_at / 100)
        in_doubt(circuit, left_at, 11.0 + left_at / 100)
    assert circuit.failures == 1
    trouble(circuit, 11.5, 12.0)
    assert circuit.failures == 2


def test_consecutive_refusals_of_one_kind_open_the_breaker() -> None:
    circuit = breaker()
    assert circuit.record_refusal("room-closed", "closed") is None
    assert circuit.record_refusal("room-closed", "closed") is None
    reason = circuit.record_refusal("room-closed", "closed")
    assert reason is not None
    assert (
        reason.text == "3 rows in a row were refused for the same reason (closed): is the list or the template wrong?"
    )


@pytest.mark.parametrize("between", ["sent", "another kind"])
def test_refusals_that_are_not_consecutive_do_not_open_the_breaker(between: str) -> None:
    circuit = breaker()
    for _ in range(10):
        assert circuit.record_refusal("room-closed", "closed") is None
        if between == "sent":
            circuit.record_success()
        else:
            assert circuit.record_refusal("invalid-token", "unknown visitor") is None


def test_trouble_between_refusals_does_not_reset_their_count() -> None:
    circuit = breaker()
    circuit.record_refusal("room-closed", "closed")
    trouble(circuit, 0.0, 0.0)
    circuit.record_refusal("room-closed", "closed")
    assert circuit.record_refusal("room-closed", "closed") is not None


def test_stop_after_refusals_0_never_opens_the_breaker() -> None:
    circuit = breaker(stop_after_refusals=0)
    assert [circuit.record_refusal("room-closed", "closed") for _ in range(100)] == [None] * 100


def test_consecutive_rows_in_doubt_open_the_breaker() -> None:
    circuit = breaker()
    assert in_doubt(circuit, 0.0, 0.0) is None
    assert in_doubt(circuit, 0.0, 0.0) is None
    reason = in_doubt(circuit, 0.0, 0.0)
    assert reason is not None
    assert reason.text == "3 rows in a row were left in doubt (reset): the server is in trouble"


def test_rows_left_in_doubt_together_count_as_one() -> None:
    circuit = breaker()
    for row in range(50):
        assert in_doubt(circuit, 0.0, 1.0 + row / 100) is None
    assert in_doubt(circuit, 2.0, 3.0) is None
    assert in_doubt(circuit, 4.0, 5.0) is not None


@pytest.mark.parametrize("most", [1, 3])
def test_answers_that_every_row_would_get_stop_after_a_few(most: int) -> None:
    circuit = breaker(stop_after_refusals=20)
    assert [in_doubt(circuit, now, now, stop_after=most) for now in range(1, most)] == [None] * (most - 1)
    reason = in_doubt(circuit, 10.0, 10.0, stop_after=most)
    assert reason is not None
    assert reason.text == "reset"


def test_doubt_for_too_long_stops() -> None:
    circuit = breaker(give_up_after=60, stop_after_refusals=0)
    assert in_doubt(circuit, 0.0, 0.0) is None
    reason = in_doubt(circuit, 61.0, 61.0)
    assert reason is not None
    assert reason.text == "reset: nothing but trouble for 60 s"
