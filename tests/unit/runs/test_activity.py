"""What is recorded of a delivery under way: its rate, how long it will take, and what it waits for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from campaign.delivery import Progress
from campaign.errors import JournalError, Problem
from campaign.journal import Activity, State
from campaign.journal.memory import MemoryJournal
from campaign.runs import activity as activity_module
from campaign.runs.activity import SIGN_OF_LIFE, ActivityMeter, Seen, activity_record, look_at
from campaign.runs.rounds import SETTLING
from campaign.schedule import ANY_TIME, Schedule, parse_window
from tests.unit.journal.planning import message, plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.delivery.ports import DeliveryLog

NOON = 1_800_000_000.0


def measured(looks: Sequence[Seen], rows: int = 100) -> list[Activity]:
    """The activities of looks that are one second apart."""
    meter = ActivityMeter(rows, 0.0)
    return [meter.measure(seen, float(second), NOON + second) for second, seen in enumerate(looks, start=1)]


def test_rate_and_time_left_are_those_of_the_last_two_minutes() -> None:
    meter = ActivityMeter(10_000, 0.0)
    early = [meter.measure(Seen(done=10 * second), float(second), NOON) for second in range(1, 121)][-1]
    assert (early.rate, early.eta_seconds) == (10.0, (10_000 - 1200) / 10)
    late = [meter.measure(Seen(done=1200 + 2 * second), 120.0 + second, NOON) for second in range(1, 241)][-1]
    assert late.rate == pytest.approx(2.0)
    assert late.eta_seconds == pytest.approx((10_000 - 1680) / 2)


def test_within_a_servers_window_nothing_looks_faster_than_what_lasts() -> None:
    (found,) = measured([Seen(done=10, quota=10 / 60)])
    assert found.rate == pytest.approx(1 / 6)
    assert found.eta_seconds == pytest.approx(90 * 6)


def test_no_rate_is_known_before_a_moment_has_passed_and_no_end_without_a_rate() -> None:
    meter = ActivityMeter(5, 0.0)
    assert meter.measure(Seen(done=2), 0.1, NOON)[:2] == (None, None)
    assert ActivityMeter(5, 0.0).measure(Seen(), 1.0, NOON)[:2] == (0.0, None)
    assert ActivityMeter(5, 0.0).measure(Seen(done=5), 1.0, NOON)[:2] == (5.0, 0.0)


@pytest.mark.parametrize(
    ("looks", "waits"),
    [
        pytest.param([Seen(done=5)], (None, None), id="rows flow"),
        pytest.param([Seen(done=5, wait=0.4)], (None, None), id="a wait that nobody notices"),
        pytest.param([Seen(done=5, wait=9.0)], ("limit", NOON + 10), id="a limit"),
        pytest.param([Seen(5, 1.5), Seen(5, 0.5)], ("limit", NOON + 2.5), id="the last moment of a limit"),
        pytest.param([Seen(5, 1.5), Seen(6, 0.5)], (None, None), id="a limit that is over"),
        pytest.param([Seen(5, 8.0, "HTTP 503")], ("server", NOON + 9), id="back-off"),
        pytest.param([Seen(5), Seen(5, 0.0, "timed out")], ("server", None), id="a probe of a server in trouble"),
        pytest.param([Seen(5), Seen(9, 0.0, "timed out")], (None, None), id="trouble of one row"),
        pytest.param([Seen(5, 9.0, waiting_for="window", until=NOON + 3600)], ("window", NOON + 3600), id="a window"),
        pytest.param([Seen(5, waiting_for="gate")], ("gate", None), id="a gate"),
    ],
)
def test_what_a_delivery_waits_for(looks: Sequence[Seen], waits: tuple[str | None, float | None]) -> None:
    assert measured(looks)[-1][2:4] == waits


@pytest.mark.parametrize(
    ("seen", "known"),
    [
        pytest.param(Seen(5, 8.0, "HTTP 503"), False, id="the server"),
        pytest.param(Seen(5, waiting_for="window"), True, id="a window"),
        pytest.param(Seen(5, waiting_for="gate"), False, id="a gate"),
        pytest.param(Seen(5, 8.0), True, id="a limit"),
    ],
)
def test_nobody_knows_how_long_a_wait_for_others_takes(seen: Seen, *, known: bool) -> None:
    assert (measured([seen])[-1].eta_seconds is not None) is known


def test_a_wait_for_the_window_is_no_part_of_the_rate_and_part_of_the_time_left() -> None:
    meter = ActivityMeter(100, 0.0, Schedule(window=parse_window("07:59-08:01"), time_zone="UTC"))
    for second in range(1, 31):
        meter.measure(Seen(done=second), float(second), NOON + second)
    assert meter.measure(Seen(done=30), 30.0, NOON + 30).eta_seconds == 86_340 + 40 - 30
    for second in range(1, 3601):
        seen = Seen(30, waiting_for="window", until=NOON + 86_340, waited=float(second))
        waiting = meter.measure(seen, 30.0 + second, NOON + 60 + second)
    assert (waiting.rate, waiting.waited) == (1.0, 3600.0)
    assert waiting.eta_seconds == 86_340 - 3660 + 70
    after = [meter.measure(Seen(30 + done, waited=3600.0), 3630.0 + done, NOON) for done in range(1, 11)][-1]
    assert after.rate == pytest.approx(1.0)


def test_what_has_not_changed_is_recorded_again_only_as_a_sign_of_life() -> None:
    meter = ActivityMeter(100, 0.0)

    def is_news(seen: Seen, second: float) -> bool:
        return meter.is_news(meter.measure(seen, second, NOON + second))

    waiting = Seen(5, 60.0)
    assert is_news(waiting, 1.0)
    assert not is_news(waiting._replace(wait=59.0), 2.0)
    assert is_news(waiting._replace(wait=58.0, stopping="interrupted"), 3.0)
    assert is_news(waiting._replace(done=6, wait=57.0), 4.0)
    assert not is_news(waiting._replace(done=6, wait=56.0), 5.0)
    assert is_news(waiting._replace(done=6, wait=1.0), SIGN_OF_LIFE + 1)


class Limiter:
    in_flight = 1
    waiting_for = 12.0
    current_rate = 10.0


class Idle:
    """A delivery that does nothing."""

    def __init__(self) -> None:
        self.progress = Progress(sent=3, failed=1)
        self.rate_limiter: Limiter | None = None
        self.log: DeliveryLog | None = None
        self.stop_reason = ""
        self.quota: tuple[int, float] | None = None
        self.schedule = ANY_TIME
        self.waited = 0.0


def idle() -> Any:  # noqa: ANN401 - no more of it is needed
    """A delivery, as far as it is looked at."""
    return Idle()


def test_a_look_sees_what_the_delivery_says_of_itself() -> None:
    delivery = idle()
    assert look_at(delivery) == Seen(done=4)
    delivery.rate_limiter, delivery.quota, delivery.stop_reason = Limiter(), (10, 60.0), "interrupted"
    delivery.progress.trouble = "HTTP 503"
    assert look_at(delivery) == Seen(4, 12.0, "HTTP 503", 10 / 60, stopping="interrupted")
    delivery.progress.activity = SETTLING
    assert look_at(delivery).waiting_for == "server"
    delivery.progress.waiting_for, delivery.progress.waiting_until = "window", NOON
    assert look_at(delivery)[4:6] == ("window", NOON)


@pytest.fixture
def journal() -> MemoryJournal:
    journal = MemoryJournal()
    plan(journal, [message(2), message(3)])
    return journal


async def until(journal: MemoryJournal, done: object) -> None:
    async with asyncio.timeout(10):
        while not (found := journal.activity()) or found.stopping != done:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.002)


async def test_a_delivery_is_recorded_until_it_ends_with_and_without_a_log_of_attempts(
    journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_module, "INTERVAL", 0.005)
    session, delivery = journal.begin_session(1), idle()
    async with activity_record(journal, session, delivery, 2):
        delivery.stop_reason = "first"
        await until(journal, "first")
        async with journal.attempt_log(1, session=session) as delivery.log:
            delivery.stop_reason = "second"
            await until(journal, "second")
            assert (await delivery.log.waiting(0, 9))[0].row == 2
    journal.end_session(session, None)
    assert journal.tally(1).count(State.PENDING) == 2


async def test_a_delivery_of_less_than_a_second_is_not_recorded(journal: MemoryJournal) -> None:
    session = journal.begin_session(1)
    async with activity_record(journal, session, idle(), 2):
        await asyncio.sleep(0.01)
    assert journal.activity() is None


async def test_a_wait_is_on_record_at_the_end(journal: MemoryJournal) -> None:
    session, delivery = journal.begin_session(1), idle()
    async with activity_record(journal, session, delivery, 2):
        delivery.waited = 7.0
    found = journal.activity()
    assert found is not None
    assert found.waited == 7.0


async def test_a_journal_that_is_locked_for_a_moment_ends_no_delivery(
    journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_module, "INTERVAL", 0.005)
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def locked(*_: object) -> None:
        loop.call_soon_threadsafe(failed.set)
        raise JournalError(Problem("a.journal.db", "is locked"))

    monkeypatch.setattr(journal, "record_activity", locked)
    async with activity_record(journal, journal.begin_session(1), idle(), 2):
        await asyncio.wait_for(failed.wait(), 10)
