"""A timeout that leaves out the time for which the process was suspended."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from campaign.delivery import awake_timeout
from campaign.delivery.awake_timeout import AwakeTimeout, AwakeTimeouts


@pytest.fixture(autouse=True)
def short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake_timeout, "TICK", 0.05)


def within(seconds: float) -> AwakeTimeout:
    return AwakeTimeout(AwakeTimeouts(seconds, asyncio.get_running_loop()))


async def test_time_awake_counts() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError), within(0.2):
        await asyncio.sleep(10)
    assert 0.15 < time.monotonic() - began < 2


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
    with within(0.2):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)


async def test_what_has_come_while_the_process_was_suspended_is_read_first() -> None:
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[str] = loop.create_future()
    with within(0.2):
        time.sleep(0.6)  # noqa: ASYNC251 - as if suspended: no turn of the event loop
        loop.call_later(0, arrived.set_result, "answer")
        assert await arrived == "answer"


async def test_after_a_suspension_an_answer_that_does_not_come_still_times_out() -> None:
    async def wait() -> None:
        with within(0.2):
            time.sleep(0.6)  # noqa: ASYNC251
            await asyncio.sleep(10)

    with pytest.raises(TimeoutError):
        await wait()


async def test_a_cancellation_from_outside_is_no_timeout() -> None:
    async def wait() -> None:
        with within(5):
            await asyncio.sleep(10)

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_each_of_many_blocks_has_its_own_time() -> None:
    timeouts = AwakeTimeouts(0.3, asyncio.get_running_loop())
    ended: list[str] = []

    async def wait(name: str, before: float, seconds: float) -> None:
        await asyncio.sleep(before)
        try:
            with AwakeTimeout(timeouts):
                await asyncio.sleep(seconds)
            ended.append(f"{name} in time")
        except TimeoutError:
            ended.append(f"{name} too late")

    await asyncio.gather(wait("first", 0, 5), wait("second", 0.1, 0.05), wait("third", 0.2, 5), wait("last", 1, 5))
    assert ended == ["second in time", "first too late", "third too late", "last too late"]


async def test_a_block_that_catches_its_cancellation_leaves_the_task_uncancelled() -> None:
    async def wait() -> int:
        with within(0.05), suppress(asyncio.CancelledError):
            await asyncio.sleep(5)
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert await asyncio.ensure_future(wait()) == 0
