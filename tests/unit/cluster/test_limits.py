from __future__ import annotations

import asyncio

import pytest

from campaign.channels.base import Response
from campaign.cluster.limits import CappedLimiter
from campaign.delivery import LocalRateLimiter, Shutdown, StopReason
from campaign.delivery.ports import SystemClock


@pytest.fixture
def shutdown() -> Shutdown:
    return Shutdown()


def capped(shutdown: Shutdown, places: int) -> CappedLimiter:
    return CappedLimiter(LocalRateLimiter(1000.0, SystemClock(), shutdown), asyncio.Semaphore(places))


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
