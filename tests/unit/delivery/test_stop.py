from __future__ import annotations

import asyncio

import pytest

from campaign.delivery.clock import SystemClock
from campaign.delivery.stop import Stop, StopReason

from .fake_clock import FakeClock


def test_nobody_has_asked_at_first() -> None:
    stop = Stop()
    assert not stop
    assert stop.reason is None


def test_the_first_reason_counts() -> None:
    stop = Stop()
    stop.ask(StopReason("interrupted", interrupted=True))
    stop.ask(StopReason("server trouble"))
    assert stop
    assert stop.reason == StopReason("interrupted", interrupted=True)


async def test_a_sleep_lasts_as_long_as_asked() -> None:
    clock = FakeClock()
    await clock.run(Stop().sleep(clock, 30.0))
    assert clock.now() == pytest.approx(1030, abs=0.001)


async def test_the_wish_to_stop_ends_a_sleep() -> None:
    clock, stop = FakeClock(), Stop()
    sleeping = asyncio.ensure_future(stop.sleep(clock, 30.0))
    await clock.advance(10)
    assert not sleeping.done()
    stop.ask(StopReason("enough"))
    await clock.advance(0)
    assert sleeping.done()


async def test_a_cancelled_sleep_leaves_no_task_behind() -> None:
    clock, stop = FakeClock(), Stop()
    sleeping = asyncio.ensure_future(stop.sleep(clock, 30.0))
    await clock.advance(1)
    sleeping.cancel()
    await clock.advance(1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_whoever_waits_for_the_wish_hears_of_it() -> None:
    stop = Stop()
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    stop.ask(StopReason("enough"))
    await waiting


async def test_the_machines_clock_goes_forward() -> None:
    clock = SystemClock()
    before, epoch = clock.now(), clock.epoch()
    await clock.sleep(0.001)
    assert clock.now() >= before + 0.0005
    assert clock.epoch() > 1_700_000_000
    assert clock.epoch() - epoch < 60
