from __future__ import annotations

import asyncio
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.channels.base import Answer, Budget
from campaign.delivery.stop import Stop, StopReason
from campaign.delivery.throttle import BURST, DEFAULT_RATE, LOWEST, Pacer, Throttle, Turn

from .fake_clock import FakeClock


class Queue:
    """Asks a throttle for turns and notes when they came."""

    def __init__(self, rate: float | None = 1000.0) -> None:
        self.clock = FakeClock()
        self.stop = Stop()
        self.throttle = Throttle(rate, self.clock, self.stop)
        self.given: list[tuple[str, float]] = []
        self.turns: list[Turn] = []
        self.waiting: list[asyncio.Task[None]] = []

    async def ask(self, *names: str, route: str = "send") -> None:
        """Ask, and let whoever may go at once go."""
        for name in names:
            self.waiting.append(asyncio.ensure_future(self._wait(name, route)))
        await self.clock.advance(0)

    async def _wait(self, name: str, route: str) -> None:
        turn = await self.throttle.turn(route)
        if turn is not None:
            self.turns.append(turn)
            self.given.append((name, self.clock.now()))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.given]

    @property
    def times(self) -> list[float]:
        return [time for _, time in self.given]

    def answer(self, budget: Budget | None = None, *, turn: int = -1, good: bool = True, dated: bool = True) -> None:
        """The answer to a turn comes, from a server whose clock is ours."""
        headers = {"date": formatdate(int(self.clock.epoch()), usegmt=True)} if dated else {}
        self.throttle.done(self.turns.pop(turn), Answer(200, headers), budget, good=good)

    def budget(self, remaining: int, seconds: float = 60.0, limit: int = 10) -> Budget:
        return Budget(limit, remaining, self.clock.epoch() + seconds)


async def open_queue(rate: float | None = 1000.0, budget: tuple[int, float] | None = None) -> Queue:
    """A queue whose first request has been answered."""
    queue = Queue(rate)
    await queue.ask("first")
    queue.answer(queue.budget(*budget) if budget else None)
    await queue.clock.advance(1)
    queue.given.clear()
    return queue


def test_a_pacer_spaces_requests_evenly() -> None:
    pacer, now = Pacer(4.0), 100.0
    for _ in range(8):
        assert pacer.wait(now) == 0
        pacer.take(now)
        assert pacer.wait(now) == pytest.approx(0.25)
        now += 0.25


@given(
    rate=st.floats(0.2, 5000),
    gaps=st.lists(st.one_of(st.just(0.0), st.floats(0, 2)), min_size=2, max_size=200),
)
def test_no_span_of_time_holds_more_than_the_rate_and_a_tenth_of_a_second(rate: float, gaps: list[float]) -> None:
    pacer, now = Pacer(rate), 0.0
    left: list[float] = []
    for gap in gaps:
        now += gap
        now += pacer.wait(now)
        pacer.take(now)
        left.append(now)
    burst = max(1.0, rate * BURST)
    for first, start in enumerate(left):
        for last in range(first, len(left)):
            assert last - first + 1 <= burst + rate * (left[last] - start) + 1e-6


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


async def test_without_any_word_from_the_server_ten_a_second_leave() -> None:
    queue = await open_queue(rate=None)
    await queue.ask(*map(str, range(31)))
    await queue.clock.advance(10)
    assert queue.times[-1] - queue.times[0] == pytest.approx(30 / DEFAULT_RATE, rel=0.01)


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
