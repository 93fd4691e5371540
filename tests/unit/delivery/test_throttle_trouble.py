from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.delivery.stop import StopReason
from campaign.delivery.throttle import LOWEST

from .turns import Queue, open_queue


async def test_a_pause_holds_everything_back() -> None:
    queue = await open_queue()
    queue.throttle.pause(20)
    queue.throttle.pause(5)
    await queue.ask("a")
    await queue.ask("question", route="read-back")
    await queue.clock.advance(19)
    assert queue.names == []
    await queue.clock.advance(2)
    assert queue.names == ["a", "question"]


async def test_a_slowed_rate_is_half_and_comes_back_with_good_answers() -> None:
    queue = await open_queue(rate=100)
    queue.throttle.slow_down()
    assert queue.throttle.pace == pytest.approx(50)
    for _ in range(10):
        await queue.ask("next")
        await queue.clock.advance(1)
        queue.answer()
    assert queue.throttle.pace == pytest.approx(100)


async def test_answers_that_are_not_good_bring_no_rate_back() -> None:
    queue = await open_queue(rate=100)
    queue.throttle.slow_down()
    await queue.ask("next")
    queue.answer(good=False)
    assert queue.throttle.pace == pytest.approx(50)


async def test_answers_to_one_pause_slow_down_once() -> None:
    queue = await open_queue(rate=100)
    for _ in range(8):
        queue.throttle.slow_down()
        queue.throttle.pause(5)
    assert queue.throttle.pace == pytest.approx(50)
    await queue.clock.advance(6)
    queue.throttle.slow_down()
    assert queue.throttle.pace == pytest.approx(25)


async def test_there_is_a_slowest_rate() -> None:
    queue = await open_queue(rate=100)
    for _ in range(100):
        queue.throttle.slow_down()
    assert queue.throttle.pace == pytest.approx(100 * LOWEST)


async def test_after_lost_contact_one_request_at_a_time_leaves() -> None:
    queue = await open_queue()
    queue.throttle.lost_contact()
    await queue.ask(*"abcd")
    await queue.clock.advance(60)
    assert queue.names == ["a"]
    queue.throttle.done(queue.turns.pop())
    await queue.clock.advance(60)
    assert queue.names == ["a", "b"]
    queue.answer()
    await queue.clock.advance(1)
    assert queue.names == ["a", "b", "c", "d"]


async def test_an_answer_from_between_us_and_the_server_ends_no_waiting_alone() -> None:
    queue = await open_queue()
    queue.throttle.lost_contact()
    await queue.ask(*"abc")
    queue.answer(good=False)
    await queue.clock.advance(60)
    assert queue.names == ["a", "b"]


@pytest.mark.parametrize("reason", ["pace", "pause", "budget", "alone"])
async def test_the_wish_to_stop_ends_every_wait(reason: str) -> None:
    queue = await open_queue(rate=0.01 if reason == "pace" else 1000, budget=(0, 60.0) if reason == "budget" else None)
    if reason == "pause":
        queue.throttle.pause(1000)
    elif reason == "alone":
        queue.throttle.lost_contact()
        await queue.ask("alone")
    await queue.ask(*"abc")
    before = list(queue.names)
    queue.stop.ask(StopReason("enough"))
    await queue.clock.advance(0)
    assert all(task.done() for task in queue.waiting)
    assert queue.names == before


async def test_a_cancelled_wait_gives_its_place_to_the_next() -> None:
    queue = await open_queue(rate=1)
    await queue.ask("a", "b", "c")
    queue.waiting[2].cancel()  # "b", after "first" and "a"
    await queue.clock.advance(5)
    assert queue.names == ["a", "c"]


ANSWERS = st.sampled_from(["good", "budget", "late", "lost", "proxy"])


SECONDS = st.sampled_from([0.0, 0.05, 1.0, 30.0, 100.0])


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([None, 5.0, 1000.0]),
    events=st.lists(st.tuples(SECONDS, ANSWERS, st.integers(0, 100)), max_size=30),
)
def test_whatever_comes_back_everybody_has_a_turn_in_the_end(
    rate: float | None, events: list[tuple[float, str, int]]
) -> None:
    async def play() -> None:
        queue = Queue(rate)
        await queue.ask(*map(str, range(12)), route="send")
        await queue.ask(*map(str, range(4)), route="read-back")
        for seconds, answer, number in events:
            await queue.clock.advance(seconds)
            if queue.turns:
                _answer_somehow(queue, answer, number)
        for _ in range(16):
            while queue.turns:
                queue.answer()
            await queue.clock.advance(200)
        assert len(queue.given) == 16

    asyncio.run(play())


def _answer_somehow(queue: Queue, answer: str, number: int) -> None:
    place = number % len(queue.turns)
    match answer:
        case "good":
            queue.answer(turn=place)
        case "budget":
            queue.answer(queue.budget(number % 10), turn=place)
        case "late":
            queue.answer(queue.budget(3, seconds=-20), turn=place)
        case "proxy":
            queue.answer(turn=place, good=False)
        case _:
            queue.throttle.done(queue.turns.pop(place))
            queue.throttle.lost_contact()
