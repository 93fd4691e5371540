from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from campaign.channels.base import Response
from campaign.cluster.limits import CappedLimiter, Traffic
from campaign.delivery import LocalRateLimiter, Shutdown, StopReason
from campaign.delivery.ports import SystemClock


@pytest.fixture
def shutdown() -> Shutdown:
    return Shutdown()


def capped(
    shutdown: Shutdown, places: int, traffic: Traffic | None = None, pauses: list[tuple[float, bool]] | None = None
) -> CappedLimiter:
    def paused(seconds: float, all_workers: bool) -> None:  # noqa: FBT001 - the limiter's callback
        if pauses is not None:
            pauses.append((seconds, all_workers))

    inner = LocalRateLimiter(1000.0, SystemClock(), shutdown)
    return CappedLimiter(inner, traffic or all_runs(), asyncio.Semaphore(places), paused)


def all_runs(clock: Callable[[], float] = time.monotonic) -> Traffic:
    return Traffic(asyncio.Semaphore(1000), lambda _event: None, clock)


async def test_no_more_requests_are_under_way_than_there_are_places(shutdown: Shutdown) -> None:
    limiter = capped(shutdown, 2)
    alone = await limiter.acquire("send")
    assert alone is not None
    limiter.release(alone, Response(200), healthy=True)  # until then the server's limit is not known
    first, second = await limiter.acquire("send"), await limiter.acquire("send")
    third = asyncio.create_task(limiter.acquire("send"))
    await asyncio.sleep(0.01)
    assert not third.done()
    assert limiter.in_flight == 2
    assert first is not None
    assert second is not None
    limiter.release(first, healthy=True)
    assert await third is not None
    assert (limiter.current_rate, limiter.waiting_for) == (1000.0, 0.0)


async def test_a_place_is_free_again_where_no_permit_was_given(shutdown: Shutdown) -> None:
    limiter = capped(shutdown, 1)
    limiter.pause(60)
    waits = asyncio.create_task(limiter.acquire("send"))
    await asyncio.sleep(0)
    waits.cancel()
    await asyncio.wait([waits])
    shutdown.request(StopReason("enough"))
    assert await limiter.acquire("send") is None
    assert await limiter.acquire("send") is None


async def test_trouble_is_passed_on(shutdown: Shutdown) -> None:
    limiter = capped(shutdown, 1)
    assert await limiter.acquire("send") is not None
    limiter.slow_down()
    limiter.lost_contact()
    assert limiter.current_rate == 500.0


async def test_requests_are_counted_with_their_waits_and_answers(shutdown: Shutdown) -> None:
    times = iter([10.0, 12.5, 20.0, 20.5])
    traffic = all_runs(lambda: next(times))
    limiter = capped(shutdown, 2, traffic)
    permit = await limiter.acquire("send")
    assert permit is not None
    assert (traffic.under_way, traffic.permits, traffic.waited) == (1, 1, 2.5)
    limiter.release(permit, Response(204), healthy=True)
    permit = await limiter.acquire("send")
    assert permit is not None
    before = traffic.copy()
    limiter.release(permit)
    assert (before.under_way, before.answers, before.waited) == (1, {"2xx": 1}, 3.0)
    assert (traffic.under_way, traffic.answers) == (0, {"2xx": 1, "none": 1})


async def test_a_pause_that_many_requests_meet_is_one(shutdown: Shutdown) -> None:
    now, pauses = 0.0, list[tuple[float, bool]]()
    limiter = capped(shutdown, 2, all_runs(lambda: now), pauses)
    for seconds in (1.0, 3.0, 2.0):
        limiter.pause(seconds)
    now = 3.0
    limiter.pause(4.0, own=True)
    assert pauses == [(1.0, True), (4.0, False)]
