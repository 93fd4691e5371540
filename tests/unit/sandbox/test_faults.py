from __future__ import annotations

import json
from collections import Counter

import pytest

from campaign.channels.sandbox_api import Destination
from campaign.errors import UsageError
from campaign.sandbox import Fault, FaultPlan
from campaign.sandbox.faults import FaultSource

HERE = Destination("t1", "r1")


def draws(plan: FaultPlan, count: int) -> list[Fault | None]:
    source = FaultSource(plan)
    return [source.draw(HERE, read_back=False) for _ in range(count)]


def test_no_plan_is_no_fault() -> None:
    assert draws(FaultPlan(), 3) == [None] * 3


def test_the_same_seed_gives_the_same_faults() -> None:
    plan = FaultPlan({Fault.RESET_AFTER: 0.3, Fault.BAD_GATEWAY_BEFORE: 0.3}, seed=7)
    assert draws(plan, 50) == draws(plan, 50)


def test_another_seed_gives_other_faults() -> None:
    rates = {Fault.RESET_AFTER: 0.5}
    assert draws(FaultPlan(rates, seed=1), 50) != draws(FaultPlan(rates, seed=2), 50)


def test_faults_come_as_often_as_their_rates_say() -> None:
    counts = Counter(draws(FaultPlan({Fault.RESET_AFTER: 0.1, Fault.STALL_BEFORE: 0.3}), 10_000))
    assert counts[Fault.RESET_AFTER] == pytest.approx(1000, rel=0.1)
    assert counts[Fault.STALL_BEFORE] == pytest.approx(3000, rel=0.1)


def test_the_script_comes_before_the_rates() -> None:
    plan = FaultPlan({Fault.STALL_AFTER: 1.0}, script=(Fault.RESET_BEFORE, None))
    assert draws(plan, 3) == [Fault.RESET_BEFORE, None, Fault.STALL_AFTER]


def test_other_destinations_are_spared_and_do_not_use_up_the_script() -> None:
    source = FaultSource(FaultPlan(script=(Fault.RESET_BEFORE,), destinations=frozenset({"r2"})))
    assert source.draw(HERE, read_back=False) is None
    assert source.draw(Destination("t1", "r2"), read_back=False) is Fault.RESET_BEFORE


@pytest.mark.parametrize("on_read_back", [pytest.param(True, id="on"), pytest.param(False, id="off")])
def test_read_backs_are_spared_unless_the_plan_includes_them(*, on_read_back: bool) -> None:
    source = FaultSource(FaultPlan({Fault.RESET_BEFORE: 1.0}, on_read_back=on_read_back))
    assert (source.draw(HERE, read_back=True) is Fault.RESET_BEFORE) == on_read_back


def test_a_plan_is_read_from_json() -> None:
    document = {
        "rates": {"reset-after": 0.25, "401-before": 0.5},
        "seed": 3,
        "script": ["stall-before", None],
        "destinations": ["r1"],
        "on_read_back": True,
        "stall_seconds": 0.5,
        "retry_after": 2,
    }
    assert FaultPlan.from_json(json.dumps(document)) == FaultPlan(
        rates={Fault.RESET_AFTER: 0.25, Fault.UNAUTHORIZED_BEFORE: 0.5},
        seed=3,
        script=(Fault.STALL_BEFORE, None),
        destinations=frozenset({"r1"}),
        on_read_back=True,
        stall_seconds=0.5,
        retry_after=2,
    )


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param("[]", "faults: Input should be an object", id="no object"),
        pytest.param("{", "faults: Invalid JSON", id="no JSON"),
        pytest.param('{"rate": 1}', r"faults\.rate: Unexpected keyword", id="unknown key"),
        pytest.param('{"script": ["boom"]}', r"faults\.script\.0: Input should be 'reset-before'", id="unknown fault"),
        pytest.param('{"rates": {"reset-after": -0.1}}', "not probabilities", id="negative rate"),
        pytest.param('{"rates": {"reset-after": 0.6, "html-after": 0.6}}', "not probabilities", id="rates above 1"),
    ],
)
def test_a_document_that_is_no_plan_is_refused(document: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        FaultPlan.from_json(document)


def test_ten_rates_of_a_tenth_are_allowed() -> None:
    assert len(FaultPlan(dict.fromkeys(list(Fault)[:10], 0.1)).rates) == 10
