from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.delivery.rate_limiter import LOWEST
from campaign.delivery.shutdown import StopReason

from .permits import Line, open_line


async def test_a_pause_delays_every_permit() -> None:
    line = await open_line()
    line.limiter.pause(20)
    line.limiter.pause(5)
    await line.ask("a")
    await line.ask("question", route="read-back")
    await line.clock.advance(19)
    assert line.names == []
    await line.clock.advance(2)
    assert line.names == ["a", "question"]


async def test_slowing_down_halves_the_rate_and_successes_restore_it() -> None:
    line = await open_line(rate=100)
    line.limiter.slow_down()
    assert line.limiter.current_rate == pytest.approx(50)
    for _ in range(10):
        await line.ask("next")
        await line.clock.advance(1)
        line.respond()
    assert line.limiter.current_rate == pytest.approx(100)


async def test_unsuccessful_responses_do_not_restore_the_rate() -> None:
    line = await open_line(rate=100)
    line.limiter.slow_down()
    await line.ask("next")
    line.respond(healthy=False)
    assert line.limiter.current_rate == pytest.approx(50)


async def test_throttled_responses_during_one_pause_slow_down_once() -> None:
    line = await open_line(rate=100)
    for _ in range(8):
        line.limiter.slow_down()
        line.limiter.pause(5)
    assert line.limiter.current_rate == pytest.approx(50)
    await line.clock.advance(6)
    line.limiter.slow_down()
    assert line.limiter.current_rate == pytest.approx(25)


async def test_the_rate_has_a_minimum() -> None:
    line = await open_line(rate=100)
    for _ in range(100):
        line.limiter.slow_down()
    assert line.limiter.current_rate == pytest.approx(100 * LOWEST)


async def test_after_lost_contact_requests_leave_one_at_a_time() -> None:
    line = await open_line()
    line.limiter.lost_contact()
    await line.ask(*"abcd")
    await line.clock.advance(60)
    assert line.names == ["a"]
    line.limiter.release(line.permits.pop())
    await line.clock.advance(60)
    assert line.names == ["a", "b"]
    line.respond()
    await line.clock.advance(1)
    assert line.names == ["a", "b", "c", "d"]


async def test_a_proxy_response_does_not_restore_contact() -> None:
    line = await open_line()
    line.limiter.lost_contact()
    await line.ask(*"abc")
    line.respond(healthy=False)
    await line.clock.advance(60)
    assert line.names == ["a", "b"]


@pytest.mark.parametrize("reason", ["pace", "pause", "budget", "alone"])
async def test_a_shutdown_ends_every_wait(reason: str) -> None:
    line = await open_line(rate=0.01 if reason == "pace" else 1000, quota=(0, 60.0) if reason == "budget" else None)
    if reason == "pause":
        line.limiter.pause(1000)
    elif reason == "alone":
        line.limiter.lost_contact()
        await line.ask("alone")
    await line.ask(*"abc")
    before = list(line.names)
    line.shutdown.request(StopReason("enough"))
    await line.clock.advance(0)
    assert all(task.done() for task in line.waiting)
    assert line.names == before


async def test_a_cancelled_wait_passes_its_permit_on() -> None:
    line = await open_line(rate=1)
    await line.ask("a", "b", "c")
    line.waiting[2].cancel()  # "b", after "first" and "a"
    await line.clock.advance(5)
    assert line.names == ["a", "c"]


ANSWERS = st.sampled_from(["good", "budget", "late", "lost", "proxy"])


SECONDS = st.sampled_from([0.0, 0.05, 1.0, 30.0, 100.0])


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([None, 5.0, 1000.0]),
    events=st.lists(st.tuples(SECONDS, ANSWERS, st.integers(0, 100)), max_size=30),
)
def test_every_request_gets_a_permit_eventually(rate: float | None, events: list[tuple[float, str, int]]) -> None:
    async def play() -> None:
        line = Line(rate)
        await line.ask(*map(str, range(12)), route="send")
        await line.ask(*map(str, range(4)), route="read-back")
        for seconds, answer, number in events:
            await line.clock.advance(seconds)
            if line.permits:
                _answer_somehow(line, answer, number)
        for _ in range(16):
            while line.permits:
                line.respond()
            await line.clock.advance(200)
        assert len(line.given) == 16

    asyncio.run(play())


def _answer_somehow(line: Line, answer: str, number: int) -> None:
    place = number % len(line.permits)
    match answer:
        case "good":
            line.respond(permit=place)
        case "budget":
            line.respond(line.quota(number % 10), permit=place)
        case "late":
            line.respond(line.quota(3, seconds=-20), permit=place)
        case "proxy":
            line.respond(permit=place, healthy=False)
        case _:
            line.limiter.release(line.permits.pop(place))
            line.limiter.lost_contact()
