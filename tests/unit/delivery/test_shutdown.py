from __future__ import annotations

import asyncio

import pytest

from campaign.delivery.ports import SystemClock
from campaign.delivery.shutdown import Shutdown, StopReason

from .fake_clock import FakeClock


def test_no_shutdown_is_requested_at_first() -> None:
    shutdown = Shutdown()
    assert not shutdown
    assert shutdown.reason is None


def test_the_first_reason_counts() -> None:
    shutdown = Shutdown()
    shutdown.request(StopReason("interrupted", interrupted=True))
    shutdown.request(StopReason("server trouble"))
    assert shutdown
    assert shutdown.reason == StopReason("interrupted", interrupted=True)


async def test_a_sleep_lasts_as_long_as_requested() -> None:
    clock = FakeClock()
    await clock.run(Shutdown().sleep(clock, 30.0))
    assert clock.now() == pytest.approx(1030, abs=0.001)


async def test_a_shutdown_ends_a_sleep() -> None:
    clock, shutdown = FakeClock(), Shutdown()
    sleeping = asyncio.ensure_future(shutdown.sleep(clock, 30.0))
    await clock.advance(10)
    assert not sleeping.done()
    shutdown.request(StopReason("enough"))
    await clock.advance(0)
    assert sleeping.done()


async def test_a_cancelled_sleep_leaves_no_task_behind() -> None:
    clock, shutdown = FakeClock(), Shutdown()
    sleeping = asyncio.ensure_future(shutdown.sleep(clock, 30.0))
    await clock.advance(1)
    sleeping.cancel()
    await clock.advance(1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_shutdown_ends_a_wait_for_something_else() -> None:
    shutdown, never = Shutdown(), asyncio.Event()
    waiting = asyncio.ensure_future(shutdown.wait_for(never.wait()))
    await asyncio.sleep(0)
    assert not waiting.done()
    shutdown.request(StopReason("enough"))
    await waiting


async def test_the_system_clock_goes_forward() -> None:
    clock = SystemClock()
    before, epoch = clock.now(), clock.epoch()
    await clock.sleep(0.001)
    assert clock.now() >= before + 0.0005
    assert clock.epoch() > 1_700_000_000
    assert clock.epoch() - epoch < 60
