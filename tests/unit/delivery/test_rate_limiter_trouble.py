from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.delivery.shutdown import StopReason
from campaign.settings import LOWEST_FACTOR

from .permits import PermitQueue, open_queue


async def test_a_pause_delays_every_permit() -> None:
    queue = await open_queue()
    queue.limiter.pause(20)
    queue.limiter.pause(5)
    await queue.acquire("a")
    await queue.acquire("read-back", route="read-back")
    await queue.clock.advance(19)
    assert queue.names == []
    await queue.clock.advance(2)
    assert queue.names == ["a", "read-back"]


async def test_slowing_down_halves_the_rate_and_successes_restore_it() -> None:
    queue = await open_queue(rate=100)
    queue.limiter.slow_down()
    assert queue.limiter.current_rate == pytest.approx(50)
    for _ in range(10):
        await queue.acquire("next")
        await queue.clock.advance(1)
        queue.respond()
    assert queue.limiter.current_rate == pytest.approx(100)


async def test_unsuccessful_responses_do_not_restore_the_rate() -> None:
    queue = await open_queue(rate=100)
    queue.limiter.slow_down()
    await queue.acquire("next")
    queue.respond(healthy=False)
    assert queue.limiter.current_rate == pytest.approx(50)


async def test_throttled_responses_during_one_pause_slow_down_once() -> None:
    queue = await open_queue(rate=100)
    for _ in range(8):
        queue.limiter.slow_down()
        queue.limiter.pause(5)
    assert queue.limiter.current_rate == pytest.approx(50)
    await queue.clock.advance(6)
    queue.limiter.slow_down()
    assert queue.limiter.current_rate == pytest.approx(25)


async def test_the_rate_has_a_minimum() -> None:
    queue = await open_queue(rate=100)
    for _ in range(100):
        queue.limiter.slow_down()
    assert queue.limiter.current_rate == pytest.approx(100 * LOWEST_FACTOR)


async def test_after_lost_contact_requests_leave_one_at_a_time() -> None:
    queue = await open_queue()
    queue.limiter.lost_contact()
    await queue.acquire(*"abcd")
    await queue.clock.advance(60)
    assert queue.names == ["a"]
    queue.limiter.release(queue.permits.pop())
    await queue.clock.advance(60)
    assert queue.names == ["a", "b"]
    queue.respond()
    await queue.clock.advance(1)
    assert queue.names == ["a", "b", "c", "d"]


async def test_a_proxy_response_does_not_restore_contact() -> None:
    queue = await open_queue()
    queue.limiter.lost_contact()
    await queue.acquire(*"abc")
    queue.respond(healthy=False)
    await queue.clock.advance(60)
    assert queue.names == ["a", "b"]


@pytest.mark.parametrize("reason", ["pace", "pause", "quota", "alone"])
async def test_a_shutdown_ends_every_wait(reason: str) -> None:
    queue = await open_queue(rate=0.01 if reason == "pace" else 1000, quota=(0, 60.0) if reason == "quota" else None)
    if reason == "pause":
        queue.limiter.pause(1000)
    elif reason == "alone":
        queue.limiter.lost_contact()
        await queue.acquire("alone")
    await queue.acquire(*"abc")
    before = list(queue.names)
    queue.shutdown.request(StopReason("enough"))
    await queue.clock.advance(0)
    assert all(task.done() for task in queue.waiting)
    assert queue.names == before


async def test_a_cancelled_wait_passes_its_permit_on() -> None:
    queue = await open_queue(rate=1)
    await queue.acquire("a", "b", "c")
    queue.waiting[2].cancel()  # "b", after "first" and "a"
    await queue.clock.advance(5)
    assert queue.names == ["a", "c"]


RESPONSES = st.sampled_from(["good", "quota", "late", "lost", "proxy"])


SECONDS = st.sampled_from([0.0, 0.05, 1.0, 30.0, 100.0])


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([None, 5.0, 1000.0]),
    events=st.lists(st.tuples(SECONDS, RESPONSES, st.integers(0, 100)), max_size=30),
)
def test_every_request_gets_a_permit_eventually(rate: float | None, events: list[tuple[float, str, int]]) -> None:
    async def deliver() -> None:
        queue = PermitQueue(rate)
        await queue.acquire(*map(str, range(12)), route="send")
        await queue.acquire(*map(str, range(4)), route="read-back")
        for seconds, response, number in events:
            await queue.clock.advance(seconds)
            if queue.permits:
                _respond(queue, response, number)
        for _ in range(16):
            while queue.permits:
                queue.respond()
            await queue.clock.advance(200)
        assert len(queue.granted) == 16

    asyncio.run(deliver())


def _respond(queue: PermitQueue, response: str, number: int) -> None:
    place = number % len(queue.permits)
    match response:
        case "good":
            queue.respond(permit=place)
        case "quota":
            queue.respond(queue.quota(number % 10), permit=place)
        case "late":
            queue.respond(queue.quota(3, seconds=-20), permit=place)
        case "proxy":
            queue.respond(permit=place, healthy=False)
        case _:
            queue.limiter.release(queue.permits.pop(place))
            queue.limiter.lost_contact()
