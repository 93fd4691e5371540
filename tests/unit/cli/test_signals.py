from __future__ import annotations

import asyncio
import signal

import pytest

from campaign.cli.signals import SIGNALS, interruptible


class Delivery:
    """Records the calls of `stop` and `cancel`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def stop(self, reason: str) -> None:
        self.asked.append(f"stop: {reason}")

    def cancel(self) -> None:
        self.asked.append("cancel")


@pytest.mark.parametrize("number", SIGNALS, ids=[number.name for number in SIGNALS])
def test_the_first_interrupt_stops(number: signal.Signals) -> None:
    delivery = Delivery()
    with interruptible(delivery.stop, delivery.cancel):
        signal.raise_signal(number)
    assert delivery.asked == ["stop: interrupted"]


def test_the_second_interrupt_cancels() -> None:
    delivery = Delivery()
    with interruptible(delivery.stop, delivery.cancel):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert delivery.asked[:2] == ["stop: interrupted", "cancel"]


def test_the_earlier_signal_handlers_are_restored() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    delivery = Delivery()
    with interruptible(delivery.stop, delivery.cancel):
        during = [signal.getsignal(number) for number in SIGNALS]
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert during != before


def test_outside_the_main_thread_no_handler_is_installed() -> None:
    async def in_a_thread() -> bool:
        before = [signal.getsignal(number) for number in SIGNALS]
        delivery = Delivery()
        with interruptible(delivery.stop, delivery.cancel):
            return [signal.getsignal(number) for number in SIGNALS] == before

    assert asyncio.run(asyncio.to_thread(asyncio.run, in_a_thread()))
