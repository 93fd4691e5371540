from __future__ import annotations

import asyncio
import signal

import pytest

from campaign.delivery.interrupt import SIGNALS, interruptible
from campaign.delivery.stop import Stop, StopReason


async def a_moment() -> None:
    """Long enough for what a signal has asked the event loop to do."""
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize("number", SIGNALS, ids=[number.name for number in SIGNALS])
async def test_the_first_interrupt_is_a_wish_to_stop(number: signal.Signals) -> None:
    stop = Stop()
    with interruptible(stop):
        signal.raise_signal(number)
        await a_moment()
    assert stop.reason == StopReason("interrupted", interrupted=True)


async def test_the_second_interrupt_cancels() -> None:
    async def work(stop: Stop) -> None:
        with interruptible(stop):
            signal.raise_signal(signal.SIGINT)
            await a_moment()
            assert stop
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await asyncio.create_task(work(Stop()))


async def test_two_interrupts_at_once_are_two() -> None:
    async def work(stop: Stop) -> None:
        with interruptible(stop):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            await asyncio.sleep(60)

    stop = Stop()
    with pytest.raises(asyncio.CancelledError, match=r"^$"):
        await asyncio.create_task(work(stop))
    assert stop.reason == StopReason("interrupted", interrupted=True)


async def test_the_first_interrupt_of_a_run_that_is_stopping_lets_requests_end() -> None:
    stop = Stop()
    stop.ask(StopReason("server trouble"))
    with interruptible(stop):
        signal.raise_signal(signal.SIGINT)
        await a_moment()
    assert stop.reason == StopReason("server trouble")


async def test_afterwards_signals_mean_what_they_meant_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with interruptible(Stop()):
        during = [signal.getsignal(number) for number in SIGNALS]
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert during != before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    async def in_a_thread() -> bool:
        before = [signal.getsignal(number) for number in SIGNALS]
        with interruptible(Stop()):
            return [signal.getsignal(number) for number in SIGNALS] == before

    assert asyncio.run(asyncio.to_thread(asyncio.run, in_a_thread()))
