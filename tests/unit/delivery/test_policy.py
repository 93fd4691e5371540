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
from campaign.delivery.policy import (
    FIRST_BACKOFF,
    LONGEST_BACKOFF,
    NextStep,
    after_read_back,
    after_send,
    backoff,
    wait_after,
)

READ_BACK = {"can_read_back": True}
NO_READ_BACK = {"can_read_back": False}
RESEND = {"can_read_back": False, "resend": True}
REFUSAL = Refused("room-closed", "the conversation is closed")


@pytest.mark.parametrize("policy", [READ_BACK, NO_READ_BACK, RESEND], ids=["read-back", "no read-back", "resend"])
@pytest.mark.parametrize(
    ("verdict", "step"),
    [
        (Sent("id"), NextStep.SENT),
        (REFUSAL, NextStep.FAILED),
        (Throttled("over the limit"), NextStep.RETRY),
        (Unreachable("refused"), NextStep.RETRY),
        (Fatal("401"), NextStep.STOP_RUN),
    ],
    ids=["sent", "refused", "throttled", "unreachable", "fatal"],
)
def test_a_definite_result_decides_the_step(verdict: Verdict, step: NextStep, policy: dict[str, bool]) -> None:
    assert after_send(verdict, **policy) is step


@pytest.mark.parametrize(
    ("policy", "step"),
    [
        (READ_BACK, NextStep.READ_BACK),
        (NO_READ_BACK, NextStep.IN_DOUBT),
        (RESEND, NextStep.RETRY),
        ({"can_read_back": True, "resend": True}, NextStep.READ_BACK),
    ],
    ids=["read-back", "no read-back", "resend", "read-back rather than resend"],
)
def test_an_indeterminate_result_is_decided_by_policy(policy: dict[str, bool], step: NextStep) -> None:
    assert after_send(Indeterminate("reset"), **policy) is step


@pytest.mark.parametrize(
    ("found", "sent", "step"),
    [
        (Sent("id"), Indeterminate("reset"), NextStep.SENT),
        (Sent("id"), Indeterminate("refused", REFUSAL), NextStep.SENT),
        (NotFound(), Indeterminate("reset"), NextStep.RETRY),
        (NotFound(), Indeterminate("refused", REFUSAL), NextStep.FAILED),
        (Fatal("401"), Indeterminate("reset"), NextStep.STOP_RUN),
        (Throttled("429"), Indeterminate("reset"), NextStep.READ_BACK),
        (Unreachable("refused"), Indeterminate("reset"), NextStep.READ_BACK),
        (Indeterminate("500"), Indeterminate("reset"), NextStep.READ_BACK),
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
def test_a_read_back_decides_the_step(found: ReadBack, sent: Indeterminate, step: NextStep) -> None:
    assert after_read_back(found, sent) is step


@pytest.mark.parametrize(
    ("verdict", "seconds"),
    [
        (Throttled("429", 17.0), 17.0),
        (Throttled("429", None), FIRST_BACKOFF),
        (Throttled("429", 0.0), FIRST_BACKOFF),
        (Unreachable("refused"), FIRST_BACKOFF),
        (Indeterminate("reset"), FIRST_BACKOFF),
    ],
    ids=["stated", "not stated", "stated as zero", "unreachable", "indeterminate"],
)
def test_the_server_can_set_the_wait(verdict: Throttled | Unreachable | Indeterminate, seconds: float) -> None:
    assert wait_after(verdict, 1, lambda: 1.0) == seconds


def test_back_off_doubles_up_to_a_limit() -> None:
    waits = [backoff(failures, lambda: 1.0) for failures in range(1, 10)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_back_off_is_never_zero_and_never_infinite(failures: int, chance: float) -> None:
    assert FIRST_BACKOFF * 0.1 <= backoff(failures, lambda: chance) <= LONGEST_BACKOFF


def test_back_off_is_jittered() -> None:
    assert backoff(4, lambda: 0.5) == backoff(4, lambda: 1.0) / 2
