"""Attempts are reserved at the pace of sending, and only on channels with a read-back."""

from __future__ import annotations

import pytest

from campaign.delivery.reservations import FEWEST, MOST, rows_to_reserve
from campaign.delivery.worker_pool import WorkerPool
from campaign.journal import State
from campaign.settings import DeliverySettings

from .fake_clock import FakeClock
from .fakes import ChatServer, FakeAttemptLog, context_for

FAST, SLOW = 2000.0, 10.0


@pytest.mark.parametrize(
    ("begun", "seconds", "before", "rows"),
    [
        pytest.param(100, 0.1, 0, FEWEST, id="few to begin with"),
        pytest.param(100, 0.1, 30, 60, id="at most twice as many as before"),
        pytest.param(100, 0.1, 90, 100, id="those of the next tenth of a second"),
        pytest.param(100, 0.5, 90, 20, id="fewer when it slows down"),
        pytest.param(16, 1.0, 90, 0, id="none if the disk is fast enough"),
        pytest.param(16, 0.0, 0, FEWEST, id="a burst at the start"),
        pytest.param(100, 0.0, 200, MOST, id="the maximum"),
        pytest.param(16, 60.0, MOST, 0, id="after a pause"),
    ],
)
def test_the_number_of_reservations_follows_the_pace(begun: int, seconds: float, before: int, rows: int) -> None:
    assert rows_to_reserve(begun, seconds, before=before) == rows


async def delivered(log: FakeAttemptLog, channel: str, rate: float, limit: int | None = None) -> ChatServer:
    clock = FakeClock()
    server = ChatServer(clock)
    settings = DeliverySettings(rate=rate, limit=limit)
    await clock.run(WorkerPool(context_for(channel, settings, clock, transport=server, log=log)).deliver())
    return server


async def test_at_a_fast_pace_rows_are_reserved() -> None:
    log = FakeAttemptLog("livechat", 1000)
    await delivered(log, "livechat", FAST)
    assert log.in_state(State.SENT) == list(range(1, 1001))
    assert len(log.reserved) > 900


async def test_at_a_slow_pace_nothing_is_reserved() -> None:
    log = FakeAttemptLog("livechat", 100)
    await delivered(log, "livechat", SLOW)
    assert log.reserved == set()


async def test_nothing_is_reserved_without_a_read_back() -> None:
    log = FakeAttemptLog("kitechat", 1000)
    await delivered(log, "kitechat", FAST)
    assert log.in_state(State.SENT) == list(range(1, 1001))
    assert log.reserved == set()


async def test_rows_behind_others_of_their_destination_are_reserved_too() -> None:
    log = FakeAttemptLog("livechat", 1000, destinations=8)
    await delivered(log, "livechat", FAST)
    assert log.in_state(State.SENT) == list(range(1, 1001))
    assert len(log.reserved) > 900


async def test_a_row_with_an_earlier_attempt_is_not_reserved() -> None:
    log = FakeAttemptLog("livechat", 400)
    for seq in range(100, 200):
        log.cut_off(seq)
    await delivered(log, "livechat", FAST)
    assert log.in_state(State.SENT) == list(range(1, 401))
    assert log.reserved
    assert log.reserved.isdisjoint(range(100, 200))


async def test_nothing_is_reserved_beyond_the_limit() -> None:
    log = FakeAttemptLog("livechat", 1000)
    await delivered(log, "livechat", FAST, limit=150)
    assert log.in_state(State.SENT) == list(range(1, 151))
    assert log.reserved
    assert max(log.reserved) <= 150
