from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.base import (
    Fatal,
    Indeterminate,
    NotFound,
    ReadBack,
    Refused,
    Sent,
    Throttled,
    Unreachable,
    Verdict,
)
from campaign.delivery.retry import (
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    DoubtPolicy,
    Step,
    after_read_back,
    after_send,
    backoff,
    wait_after,
)

ASKS = DoubtPolicy(can_read_back=True)
CANNOT_ASK = DoubtPolicy(can_read_back=False)
RESENDS = DoubtPolicy(can_read_back=False, resend=True)
REFUSAL = Refused("room-closed", "the conversation is closed")


@pytest.mark.parametrize("policy", [ASKS, CANNOT_ASK, RESENDS], ids=["asks", "cannot ask", "resends"])
@pytest.mark.parametrize(
    ("verdict", "step"),
    [
        (Sent("id"), Step.SENT),
        (REFUSAL, Step.FAILED),
        (Throttled("over the limit"), Step.AGAIN),
        (Unreachable("refused"), Step.AGAIN),
        (Fatal("401"), Step.HALT),
    ],
    ids=["sent", "refused", "not taken", "unreachable", "halt"],
)
def test_a_clear_answer_needs_no_policy(verdict: Verdict, step: Step, policy: DoubtPolicy) -> None:
    assert after_send(verdict, policy) is step


@pytest.mark.parametrize(
    ("policy", "step"),
    [
        (ASKS, Step.ASK),
        (CANNOT_ASK, Step.IN_DOUBT),
        (RESENDS, Step.AGAIN),
        (DoubtPolicy(can_read_back=True, resend=True), Step.ASK),
    ],
    ids=["asks", "cannot ask", "resends", "asks rather than resends"],
)
def test_an_unclear_answer_is_a_matter_of_policy(policy: DoubtPolicy, step: Step) -> None:
    assert after_send(Indeterminate("reset"), policy) is step


@pytest.mark.parametrize(
    ("found", "question", "step"),
    [
        (Sent("id"), Indeterminate("reset"), Step.SENT),
        (Sent("id"), Indeterminate("refused", REFUSAL), Step.SENT),
        (NotFound(), Indeterminate("reset"), Step.AGAIN),
        (NotFound(), Indeterminate("refused", REFUSAL), Step.FAILED),
        (Fatal("401"), Indeterminate("reset"), Step.HALT),
        (Throttled("429"), Indeterminate("reset"), Step.ASK),
        (Unreachable("refused"), Indeterminate("reset"), Step.ASK),
        (Indeterminate("500"), Indeterminate("reset"), Step.ASK),
    ],
    ids=[
        "there",
        "there though refused",
        "not there",
        "not there and refused",
        "halt",
        "over the limit",
        "unreachable",
        "unclear",
    ],
)
def test_what_a_read_back_finds_decides(found: ReadBack, question: Indeterminate, step: Step) -> None:
    assert after_read_back(found, question) is step


@pytest.mark.parametrize(
    ("verdict", "seconds"),
    [
        (Throttled("429", 17.0), 17.0),
        (Throttled("429", None), FIRST_BACKOFF),
        (Throttled("429", 0.0), FIRST_BACKOFF),
        (Unreachable("refused"), FIRST_BACKOFF),
        (Indeterminate("reset"), FIRST_BACKOFF),
    ],
    ids=["told", "not told", "told nothing", "unreachable", "unclear"],
)
def test_the_wait_is_the_servers_where_it_tells_one(
    verdict: Throttled | Unreachable | Indeterminate, seconds: float
) -> None:
    assert wait_after(verdict, 1, lambda: 1.0) == seconds


def test_back_off_doubles_up_to_a_limit() -> None:
    waits = [backoff(failures, lambda: 1.0) for failures in range(1, 10)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_back_off_is_never_nothing_and_never_endless(failures: int, chance: float) -> None:
    assert FIRST_BACKOFF * 0.1 <= backoff(failures, lambda: chance) <= LONGEST_BACKOFF


def test_back_off_is_spread_by_chance() -> None:
    assert backoff(4, lambda: 0.5) == backoff(4, lambda: 1.0) / 2
