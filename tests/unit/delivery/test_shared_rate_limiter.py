"""The rate limiters of several workers over one budget, by a fake clock."""

from __future__ import annotations

import asyncio
import bisect
import itertools
from email.utils import formatdate

import pytest

from campaign.channels.base import Quota, Response
from campaign.delivery import SharedRateLimiter, Shutdown, StopReason
from campaign.delivery.budget import PROBE_LEASE, SLICE, Report, Slice, StatedWindow
from campaign.delivery.lent_times import GRACE, LONGEST_GRACE, LentTimes
from campaign.delivery.ports import Permit
from campaign.delivery.shared_rate_limiter import PATIENCE
from campaign.delivery.shared_route import latest, merged
from campaign.errors import JournalError, JournalWriteError, Problem
from campaign.settings import DEFAULT_RATE

from .fake_budget import FakeBudget, SharedRows
from .fake_clock import FakeClock

LOST = JournalWriteError(Problem("the database", "cannot be reached"))


class Server:
    """Responds after a while; a limit counts each route's requests in fixed windows, as Rocket.Chat does."""

    def __init__(self, clock: FakeClock, limit: tuple[int, float] | None = None, *, takes: float = 0.01) -> None:
        self.clock = clock
        self.limit = limit
        self.takes = takes
        self.arrived: list[float] = []
        self.refused = 0
        self._hits, self._ends = 0, 0.0

    async def respond(self) -> tuple[Response, Quota | None]:
        now = self.clock.epoch()
        self.arrived.append(self.clock.now())
        quota = None
        if self.limit is not None:
            most, seconds = self.limit
            if now >= self._ends:
                self._hits, self._ends = 0, now + seconds
            self._hits += 1
            self.refused += self._hits > most
            quota = Quota(most, max(0, most - self._hits), self._ends)
        await self.clock.sleep(self.takes)
        return Response(200, {"date": formatdate(int(self.clock.epoch()), usegmt=True)}), quota

    def most_within(self, seconds: float) -> int:
        """The most requests that arrived within so many seconds."""
        times = sorted(self.arrived)
        return max(bisect.bisect_left(times, start + seconds) - place for place, start in enumerate(times))


class Workers:
    """Workers with rows of their own, over one budget and one server."""

    def __init__(
        self, count: int = 3, rate: float | None = 50.0, limit: tuple[int, float] | None = None, *, takes: float = 0.01
    ) -> None:
        self.clock = FakeClock()
        self.rows = SharedRows(self.clock)
        self.server = Server(self.clock, limit, takes=takes)
        self.shutdown = Shutdown()
        self.budgets = [FakeBudget(self.rows) for _ in range(count)]
        self.limiters = [
            SharedRateLimiter(each, rate, self.clock, self.shutdown, give_up_after=600.0) for each in self.budgets
        ]
        self.tasks: list[asyncio.Task[None]] = []

    def send(self, limiter: SharedRateLimiter, messages: int, at_once: int = 8) -> None:
        """Send messages, some of them at once."""
        left = iter(range(messages))
        self.tasks += [asyncio.ensure_future(self._send(limiter, left)) for _ in range(at_once)]

    async def _send(self, limiter: SharedRateLimiter, left: object) -> None:
        for _ in left:  # type: ignore[attr-defined] # an iterator that tasks share
            permit = await limiter.acquire("send")
            if permit is None:
                return
            response, quota = await self.server.respond()
            limiter.release(permit, response, quota, healthy=True)

    async def finish(self) -> None:
        """Let time pass until all is sent, and close."""
        await self.clock.run(self._finish())

    async def _finish(self) -> None:
        await asyncio.gather(*self.tasks)
        for limiter in self.limiters:
            async with limiter:
                pass


async def test_three_workers_keep_one_rate_evenly() -> None:
    workers = Workers(rate=50)
    for limiter in workers.limiters:
        workers.send(limiter, 100)
    await workers.finish()
    took = workers.server.arrived[-1] - workers.server.arrived[0]
    assert took == pytest.approx(299 / 50, rel=0.05)
    assert workers.server.most_within(1.0) <= 51
    assert workers.server.most_within(0.1) <= 7
    assert all(budget.closed for budget in workers.budgets)


async def test_a_worker_asks_for_a_slice_at_a_time_and_nothing_while_it_sends_nothing() -> None:
    workers = Workers(1, rate=100)
    workers.send(workers.limiters[0], 400, at_once=32)
    await workers.finish()
    assert len(workers.rows.asked) <= 4.0 / SLICE * 1.3 + 5
    before = len(workers.rows.asked)
    await workers.clock.advance(3600)
    assert len(workers.rows.asked) == before


async def test_after_the_first_slice_no_request_waits_for_an_answer() -> None:
    workers = Workers(1, rate=50)
    workers.rows.round_trip = 0.05
    workers.send(workers.limiters[0], 200)
    await workers.finish()
    steps = [later - earlier for earlier, later in itertools.pairwise(workers.server.arrived[9:])]
    assert max(steps) < 0.03


async def test_one_worker_finds_out_what_a_new_window_allows() -> None:
    workers = Workers(rate=None, limit=(10, 2.0))
    for limiter in workers.limiters:
        workers.send(limiter, 20)
    await workers.finish()
    assert workers.server.refused == 0
    assert len(workers.server.arrived) == 60
    assert workers.server.arrived[-1] - workers.server.arrived[0] <= 1.1 * 10.0
    assert workers.limiters[0].stated_quota is None or workers.limiters[0].stated_quota[0] == 10


async def test_a_worker_that_dies_with_the_probe_is_replaced() -> None:
    workers = Workers(2, rate=None, limit=(10, 2.0))
    dead, alive = workers.limiters
    task = asyncio.ensure_future(dead.acquire("send"))
    await workers.clock.advance(0.1)
    assert task.result() is not None
    workers.send(alive, 5)
    began = workers.clock.now()
    await workers.finish()
    assert len(workers.server.arrived) == 5
    assert workers.server.arrived[0] - began == pytest.approx(PROBE_LEASE, abs=0.5)


async def test_times_that_were_lent_and_not_used_lapse() -> None:
    workers = Workers(2, rate=50)
    first, second = workers.limiters
    workers.send(first, 30)
    await workers.clock.advance(0.3)
    for task in workers.tasks:
        task.cancel()  # it dies
    workers.tasks.clear()
    workers.send(second, 100)
    await workers.finish()
    assert workers.server.most_within(0.1) <= 7
    assert workers.server.arrived[-1] - workers.server.arrived[-90] == pytest.approx(89 / 50, rel=0.05)


async def test_a_pause_of_one_worker_pauses_all() -> None:
    workers = Workers(rate=50)
    for limiter in workers.limiters:
        workers.send(limiter, 40)
    await workers.clock.advance(1.0)
    workers.limiters[0].pause(5.0)
    paused_at = workers.clock.now()
    await workers.finish()
    between = [time - paused_at for time in workers.server.arrived if paused_at + 2 * SLICE < time < paused_at + 5.0]
    late = [time for time in workers.server.arrived if paused_at < time <= paused_at + 2 * SLICE]
    assert not between
    assert len(late) <= 2 * 50 * SLICE
    assert len(workers.server.arrived) == 120


async def test_a_pause_of_ones_own_leaves_the_others_alone() -> None:
    workers = Workers(2, rate=50)
    for limiter in workers.limiters:
        workers.send(limiter, 20)
    await workers.clock.advance(0.1)
    workers.limiters[0].pause(60.0, own=True)
    await workers.clock.advance(5)
    assert 20 <= len(workers.server.arrived) < 40
    assert workers.limiters[0].waiting_for > 50
    await workers.finish()
    assert len(workers.server.arrived) == 40


async def test_one_workers_throttled_response_halves_the_rate_of_all_and_healthy_ones_restore_it() -> None:
    workers = Workers(2, rate=50)
    for limiter in workers.limiters:
        workers.send(limiter, 10)
    await workers.finish()
    for _ in range(3):
        workers.limiters[0].slow_down()
        workers.limiters[0].pause(1.0)
    await workers.clock.advance(2.0)
    assert workers.rows.factor == 0.5
    workers.tasks.clear()
    workers.send(workers.limiters[1], 60)
    await workers.finish()
    assert workers.limiters[1].current_rate == pytest.approx(50)
    assert workers.rows.factor == 1.0


async def test_the_first_request_of_a_worker_and_those_after_lost_contact_go_alone() -> None:
    workers = Workers(1, rate=50, takes=1.0)
    (limiter,) = workers.limiters
    workers.send(limiter, 6)
    await workers.clock.advance(0.9)
    assert len(workers.server.arrived) == 1
    await workers.clock.advance(0.8)
    assert len(workers.server.arrived) == 6
    await workers.finish()
    limiter.lost_contact()
    workers.tasks.clear()
    workers.send(limiter, 3)
    await workers.clock.advance(0.9)
    assert len(workers.server.arrived) == 7
    await workers.finish()
    assert len(workers.server.arrived) == 9


async def test_a_probe_without_a_response_is_followed_by_another() -> None:
    workers = Workers(2, rate=50)
    first, second = workers.limiters
    permit = await workers.clock.run(first.acquire("send"))
    assert permit is not None
    assert first.in_flight == 1
    first.release(permit)
    workers.send(second, 3)
    await workers.clock.advance(1.0)
    assert len(workers.server.arrived) == 3


async def test_permits_are_granted_in_the_order_of_requests_until_their_time_is_over() -> None:
    workers = Workers(1, rate=2)
    (limiter,) = workers.limiters
    workers.send(limiter, 1)
    await workers.finish()
    granted: list[str] = []

    async def wait(name: str, until: float) -> None:
        if await limiter.acquire("send", until=until) is not None:
            granted.append(name)

    late = workers.clock.now() + 0.7
    tasks = [asyncio.ensure_future(wait(name, 1e9 if name != "c" else late)) for name in "abcd"]
    await workers.clock.advance(10)
    assert all(task.done() for task in tasks)
    assert granted == ["a", "b", "d"]


@pytest.mark.parametrize("reason", ["times", "window", "probe", "answer", "pause"])
async def test_a_shutdown_ends_every_wait(reason: str) -> None:
    workers = Workers(2, rate=0.1 if reason == "times" else 50, limit=(1, 60.0) if reason == "window" else None)
    limiter, other = workers.limiters
    workers.send(other if reason == "probe" else limiter, 1 if reason != "probe" else 0)
    if reason == "probe":
        assert await workers.clock.run(other.acquire("send")) is not None
    await workers.clock.advance(1)
    if reason == "pause":
        limiter.pause(1000)
    if reason == "answer":
        workers.rows.round_trip = 1000.0
    waiting = [asyncio.ensure_future(limiter.acquire("send")) for _ in range(3)]
    await workers.clock.advance(0)
    workers.shutdown.request(StopReason("enough"))
    await workers.clock.advance(0)
    assert [task.result() for task in waiting] == [None] * 3


async def test_a_window_that_ends_too_late_stops_the_run() -> None:
    workers = Workers(1, limit=(1, 2 * 3600.0))
    workers.send(workers.limiters[0], 2)
    await workers.finish()
    assert workers.shutdown.reason is not None
    assert "the server's limit is used up for the next 2 h" in workers.shutdown.reason.text
    assert workers.limiters[0].stated_quota == pytest.approx((1, 7200), rel=0.01)


async def test_a_budget_that_comes_back_is_asked_again_with_the_same_report() -> None:
    workers = Workers(1, rate=50)
    (limiter,) = workers.limiters
    workers.send(limiter, 5)
    await workers.finish()
    workers.rows.trouble = LOST
    limiter.slow_down()
    workers.tasks.clear()
    workers.send(limiter, 5)
    await workers.clock.advance(10)
    assert not workers.shutdown
    workers.rows.trouble = None
    await workers.finish()
    assert len(workers.server.arrived) == 10
    assert sum(ask.report.slow_down for _, ask in workers.rows.asked) > 1


@pytest.mark.parametrize(
    ("trouble", "within"), [(LOST, PATIENCE + 1), (JournalError(Problem("x", "is no table")), 1)], ids=["lost", "wrong"]
)
async def test_a_budget_that_does_not_come_back_stops_the_run(trouble: JournalError, within: float) -> None:
    workers = Workers(1)
    workers.rows.trouble = trouble
    workers.send(workers.limiters[0], 5)
    await workers.clock.advance(within)
    assert workers.shutdown.reason is not None
    assert workers.shutdown.reason.text == str(trouble)
    await workers.finish()
    assert workers.server.arrived == []


async def test_a_fault_of_the_budget_is_raised_where_a_request_waits() -> None:
    workers = Workers(1)
    workers.rows.trouble = ZeroDivisionError("oops")  # type: ignore[assignment] # a fault
    with pytest.raises(ZeroDivisionError, match="oops"):
        await workers.clock.run(workers.limiters[0].acquire("send"))


async def test_a_time_that_came_too_late_to_be_used_is_not_used() -> None:
    workers = Workers(1, rate=10)
    (limiter,) = workers.limiters
    workers.send(limiter, 1)
    await workers.finish()
    permits: list[Permit] = []
    for idle in (0.0, 0.06, 0.06, 0.3, 0.0, 0.0):
        await workers.clock.advance(idle)
        permit = await workers.clock.run(limiter.acquire("send"))
        assert permit is not None
        permits.append(permit)
    gaps = [later.granted_at - earlier.granted_at for earlier, later in itertools.pairwise(permits)]
    assert min(gaps) >= 0.1 - GRACE - 0.001


def test_without_any_request_a_limiter_shows_nothing() -> None:
    limiter = Workers(1).limiters[0]
    assert (limiter.current_rate, limiter.waiting_for, limiter.stated_quota, limiter.in_flight) == (0.0, 0.0, None, 0)


WINDOW = StatedWindow(10, 5, 1000.0, 60.0, DEFAULT_RATE)


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (None, WINDOW, WINDOW),
        (WINDOW, WINDOW._replace(left=7, ends_at=59.0), WINDOW._replace(ends_at=59.0)),
        (WINDOW, WINDOW._replace(reset_at=1060.0, left=9), WINDOW._replace(reset_at=1060.0, left=9)),
        (WINDOW, WINDOW._replace(reset_at=940.0, left=1), WINDOW),
    ],
    ids=["first", "same", "next", "late response of the one before"],
)
def test_of_two_responses_the_one_that_allows_less_counts(
    earlier: StatedWindow | None, later: StatedWindow, expected: StatedWindow
) -> None:
    assert latest(earlier, later) == expected


def test_reports_are_merged() -> None:
    earlier = Report(paused_until=5.0, restored=0.05, window=WINDOW)
    later = Report(slow_down=True, restored=0.1, probe_failed=True)
    both = merged(earlier, later)
    assert both == Report(5.0, slow_down=True, restored=both.restored, window=WINDOW, probe_failed=True)
    assert both.restored == pytest.approx(0.15)
    assert both.is_urgent
    assert not Report(restored=0.1, window=WINDOW).is_urgent
    assert merged(later, Report(window=WINDOW)).window == WINDOW


@pytest.mark.parametrize(
    ("pace", "after", "left"),
    [(10, 0.02, 10), (10, 0.05, 9), (50, 0.05, 8), (50, 0.1, 6), (10_000, 0.1, 10), (10_000, 1.0, 0)],
    ids=["timer", "slow", "two lapse", "four lapse", "fast: no burst", "too late"],
)
def test_times_lapse_that_would_make_a_burst(pace: float, after: float, left: int) -> None:
    times = LentTimes()
    times.add(Slice(10, 100.0, 1 / pace))
    first = times.first(100.0 + after)
    assert len(times) == left
    assert (first is None) == (left == 0)


def test_times_of_several_slices_are_used_in_their_order() -> None:
    times = LentTimes()
    assert (times.first(0.0), times.last) == (None, None)
    times.add(Slice(2, 100.0, 0.1))
    times.add(Slice(0, 100.2, 0.1))
    times.add(Slice(1, 100.3, 0.5))
    assert times.last == pytest.approx(100.3)
    used = []
    while (first := times.first(100.0)) is not None:
        used.append(first)
        times.pop()
    assert used == pytest.approx([100.0, 100.1, 100.3])
    times.add(Slice(5, 200.0, 0.1))
    assert times.first(200.4 + LONGEST_GRACE + 0.01) is None


def test_times_of_a_servers_window_are_kept_for_longer() -> None:
    times = LentTimes()
    times.add(Slice(10, 100.0, 0.02, limited=True))
    assert times.first(100.2) == 100.0
    assert times.first(100.1 + LONGEST_GRACE) == pytest.approx(100.1)


async def test_a_worker_that_is_slower_than_a_fast_rate_asks_no_more_often() -> None:
    workers = Workers(2, rate=100_000, takes=0.01)
    for limiter in workers.limiters:
        workers.send(limiter, 1600, at_once=16)
    await workers.finish()
    took = workers.server.arrived[-1] - workers.server.arrived[0]
    assert took == pytest.approx(1600 * 0.01 / 16, rel=0.1)
    assert len(workers.rows.asked) < 2 * 2 * took / SLICE + 40


@pytest.mark.parametrize("trouble", [None, LOST], ids=["told", "out of reach"])
async def test_a_worker_that_ends_gives_an_unused_probe_back(trouble: JournalError | None) -> None:
    workers = Workers(2)
    first, second = workers.limiters
    task = asyncio.ensure_future(first.acquire("send"))
    await workers.clock.advance(0)
    task.cancel()
    await workers.clock.advance(0.002)
    workers.rows.trouble = trouble
    await workers.clock.run(first.__aexit__())
    workers.rows.trouble = None
    began = workers.clock.now()
    assert await workers.clock.run(second.acquire("send")) is not None
    assert (workers.clock.now() - began < 0.1) == (trouble is None)
    assert workers.budgets[0].closed


async def test_a_probe_whose_time_lapses_is_left_to_another_worker() -> None:
    workers = Workers(2)
    first, second = workers.limiters
    task = asyncio.ensure_future(first.acquire("send"))
    await workers.clock.advance(0)
    task.cancel()
    await workers.clock.advance(LONGEST_GRACE)
    workers.send(first, 1)
    await workers.clock.advance(0.1)
    assert len(workers.server.arrived) == 1
    assert await workers.clock.run(second.acquire("send")) is not None


async def test_a_window_that_outlasts_its_stated_end_is_given_longer() -> None:
    workers = Workers(1, limit=(2, 2.0))
    (limiter,) = workers.limiters
    permit = await workers.clock.run(limiter.acquire("send"))
    assert permit is not None
    response, quota = await workers.clock.run(workers.server.respond())
    assert quota is not None
    limiter.release(permit, response, Quota(2, 0, quota.reset_at), healthy=True)
    again = await workers.clock.run(limiter.acquire("send"))
    assert again is not None
    line = limiter._routes["send"]
    before = line._margin
    limiter.release(again, response, Quota(2, 0, quota.reset_at), healthy=True)
    assert line._margin == 2 * before


def share_places(workers: Workers, count: int) -> asyncio.Semaphore:
    """Let limiters be those of several runs of one worker."""
    places = asyncio.Semaphore(count)
    for limiter in workers.limiters:
        limiter._places = places
    return places


async def test_a_run_that_waits_keeps_no_other_one_from_sending() -> None:
    workers = Workers(2)
    share_places(workers, 2)
    waits, goes_on = workers.limiters
    waits.pause(600, own=True)
    workers.send(waits, 8)
    await workers.clock.advance(1)
    workers.send(goes_on, 50)
    await workers.clock.advance(3)
    assert len(workers.server.arrived) == 50
    await workers.finish()
    assert len(workers.server.arrived) == 58
    assert workers.clock.now() > 600


@pytest.mark.parametrize("takes", [0.1, 1.0], ids=["soon", "after a time has lapsed"])
async def test_no_more_requests_of_all_runs_are_under_way_than_there_are_places(takes: float) -> None:
    workers = Workers(2, takes=takes)
    places, under_way = share_places(workers, 2), list[int]()

    async def send(limiter: SharedRateLimiter) -> None:
        for _ in range(2):
            permit = await limiter.acquire("send")
            assert permit is not None
            under_way.append(sum(each.in_flight for each in workers.limiters))
            response, quota = await workers.server.respond()
            limiter.release(permit, response, quota, healthy=True)

    workers.tasks += [asyncio.ensure_future(send(limiter)) for limiter in workers.limiters for _ in range(4)]
    await workers.finish()
    assert (len(under_way), max(under_way), places._value) == (16, 2, 2)


async def test_a_request_that_gets_no_place_in_time_has_no_permit_and_keeps_none() -> None:
    workers = Workers(2)
    places = share_places(workers, 1)
    one, other = workers.limiters
    permit = await workers.clock.run(one.acquire("send"))
    late = asyncio.ensure_future(other.acquire("send", until=0.5))
    ended = asyncio.ensure_future(other.acquire("look-up"))
    await workers.clock.advance(1)
    ended.cancel()
    await asyncio.wait([ended])
    assert permit is not None
    one.release(permit, healthy=True)
    await workers.clock.advance(1)
    assert await late is None
    assert places._value == 1
    await workers.finish()
