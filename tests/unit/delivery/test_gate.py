"""What becomes of a run once the outcomes of its first rows are known."""

from __future__ import annotations

from fractions import Fraction

import pytest

from campaign.delivery.gate import outcome_of, percent
from campaign.journal import FirstRows, State
from campaign.settings import GateSettings

SENT, FAILED, IN_DOUBT, PENDING = State.SENT, State.FAILED, State.IN_DOUBT, State.PENDING


@pytest.mark.parametrize(
    ("states", "max_failed", "kept"),
    [
        pytest.param({SENT: 20}, 0.0, True, id="all sent"),
        pytest.param({SENT: 19, FAILED: 1}, 0.05, True, id="just the share"),
        pytest.param({SENT: 18, FAILED: 1, IN_DOUBT: 1}, 0.05, False, id="rows in doubt count"),
        pytest.param({SENT: 19, FAILED: 1}, 0.0, False, id="none may fail"),
        pytest.param({FAILED: 3}, 1.0, True, id="all may fail"),
        pytest.param({}, 0.0, True, id="no rows"),
    ],
)
def test_a_run_goes_on_where_few_enough_failed(states: dict[State, int], max_failed: float, *, kept: bool) -> None:
    assert outcome_of(GateSettings(20, max_failed), FirstRows(20, states), 0).kept == kept


@pytest.mark.parametrize("rows", [3, 7, 20, 29, 100, 1000])
def test_the_share_is_exact(rows: int) -> None:
    for allowed in range(101):
        gate = GateSettings(rows, float(f"{allowed}") / 100)
        for failed in range(rows + 1):
            outcome = outcome_of(gate, FirstRows(rows, {SENT: rows - failed, FAILED: failed}), 0)
            assert outcome.kept == (Fraction(failed, rows) <= Fraction(allowed, 100))


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({SENT: 20}, "of the first 20 rows, 20 were sent"),
        ({SENT: 1, FAILED: 19}, "of the first 20 rows, 1 was sent and 19 failed"),
        ({SENT: 17, FAILED: 2, IN_DOUBT: 1}, "of the first 20 rows, 17 were sent, 2 failed and 1 is in doubt"),
        ({IN_DOUBT: 20}, "of the first 20 rows, 0 were sent and 20 are in doubt"),
    ],
)
def test_what_happened_is_said_in_a_sentence(states: dict[State, int], said: str) -> None:
    assert str(outcome_of(GateSettings(20, 0.05), FirstRows(20, states), 0)) == said


def test_a_refusal_says_why_and_how_to_go_on() -> None:
    refused = outcome_of(GateSettings(20, 0.05), FirstRows(20, {SENT: 17, FAILED: 3}), 480)
    assert refused.refusal == (
        "of the first 20 rows, 17 were sent and 3 failed, and [gate] max_failed is 5%. To go on all the same, resume "
        "on a terminal and say yes, or raise max_failed: is the list or the template wrong?"
    )
    kept = outcome_of(GateSettings(20, 0.05), FirstRows(20, {SENT: 20}), 480)
    assert kept.refusal == "not let through the gate (of the first 20 rows, 20 were sent)"


def test_rows_behind_the_gate_are_those_that_wait_and_are_not_before_it() -> None:
    outcome = outcome_of(GateSettings(20, 0.05), FirstRows(20, {SENT: 15, PENDING: 3, State.SENDING: 2}), 480)
    assert (outcome.waiting, outcome.behind, outcome.rows) == (5, 475, 20)


def test_a_share_is_said_as_it_is_written() -> None:
    assert [percent(each) for each in (0.0, 0.05, 0.07, 0.125, 1.0)] == ["0%", "5%", "7%", "12.5%", "100%"]
