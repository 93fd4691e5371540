from __future__ import annotations

import pytest

from campaign.delivery.throttle import DEFAULT_RATE

from .turns import Queue, open_queue


async def test_requests_leave_at_the_rate() -> None:
    queue = await open_queue(rate=20)
    await queue.ask(*map(str, range(41)))
    await queue.clock.advance(3)
    assert queue.times[-1] - queue.times[0] == pytest.approx(2.0, abs=0.1)


async def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    queue = await open_queue(rate=5)
    names = [str(number) for number in range(20)]
    await queue.ask(*names)
    await queue.clock.advance(10)
    assert queue.names == names


async def test_the_first_request_goes_alone_until_it_is_answered() -> None:
    queue = Queue()
    await queue.ask("first", "second", "third")
    await queue.clock.advance(60)
    assert queue.names == ["first"]
    queue.answer()
    await queue.clock.advance(0.1)
    assert queue.names == ["first", "second", "third"]


async def test_a_first_request_that_is_lost_is_followed_by_one_more_alone() -> None:
    queue = Queue()
    await queue.ask("first", "second", "third")
    queue.throttle.done(queue.turns.pop())
    await queue.clock.advance(60)
    assert queue.names == ["first", "second"]


async def test_the_servers_budget_is_kept_to() -> None:
    queue = await open_queue(budget=(3, 60.0))
    await queue.ask(*"abcdef")
    await queue.clock.advance(30)
    assert queue.names == ["a", "b", "c"]
    assert queue.throttle.waiting_for == pytest.approx(30, abs=2)


async def test_a_new_window_begins_with_one_request_alone() -> None:
    queue = await open_queue(budget=(0, 60.0))
    await queue.ask(*"abc")
    await queue.clock.advance(62)
    assert queue.names == ["a"]
    queue.answer(queue.budget(9))
    await queue.clock.advance(1)
    assert queue.names == ["a", "b", "c"]


async def test_each_route_has_a_budget_of_its_own() -> None:
    queue = await open_queue(budget=(0, 60.0))
    await queue.ask("message")
    await queue.ask("question", route="read-back")
    assert queue.names == ["question"]


async def test_a_question_waits_for_the_answer_to_the_first_question_only() -> None:
    queue = Queue()
    await queue.ask("question", "next question", route="read-back")
    await queue.ask("message", "next message")
    await queue.clock.advance(1)
    assert queue.names == ["question", "message"]
    queue.answer(turn=0)
    await queue.clock.advance(1)
    assert queue.names == ["question", "message", "next question"]
    queue.answer(turn=0)
    await queue.clock.advance(1)
    assert queue.names[3:] == ["next message"]


async def test_a_small_budget_for_questions_does_not_slow_messages_down() -> None:
    queue = Queue(rate=None)
    await queue.ask("message")
    queue.answer(queue.budget(599, limit=600))
    await queue.clock.advance(1)
    pace = queue.throttle.pace
    await queue.ask("question", route="read-back")
    queue.answer(queue.budget(9, limit=10))
    assert queue.throttle.pace == pace


async def test_without_any_word_from_the_server_ten_a_second_leave() -> None:
    queue = await open_queue(rate=None)
    await queue.ask(*map(str, range(31)))
    await queue.clock.advance(10)
    assert queue.times[-1] - queue.times[0] == pytest.approx(30 / DEFAULT_RATE, rel=0.01)


async def test_a_server_that_tells_no_time_is_taken_to_have_ours() -> None:
    queue = Queue()
    await queue.ask("first", "second")
    queue.answer(queue.budget(0, seconds=30), dated=False)
    await queue.clock.advance(29)
    assert queue.names == ["first"]
    await queue.clock.advance(2.1)
    assert queue.names == ["first", "second"]


async def test_a_budget_is_spread_over_a_second_while_the_servers_time_is_unsure() -> None:
    queue = Queue(rate=None)
    await queue.ask("first")
    queue.answer(queue.budget(99, seconds=2, limit=100))
    assert queue.throttle.pace == pytest.approx(100, rel=0.01)
