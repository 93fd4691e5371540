"""A delivery and its schedule, on a fake clock: what leaves when, and what is done before."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from campaign.delivery import StopReason
from campaign.errors import Problem, RecipientsError
from campaign.journal import State
from campaign.runs import holds
from campaign.runs.rounds import Wanted
from campaign.schedule import Schedule, parse_days, parse_window
from tests.unit.delivery.fake_clock import FakeClock

from .list_server import Campaign, Fate, ListServer, Message, settings

if TYPE_CHECKING:
    from campaign.settings import DeliverySettings

SENT, IN_DOUBT, PENDING, FAILED = State.SENT, State.IN_DOUBT, State.PENDING, State.FAILED
TAKEN, NOT_TAKEN = Fate(answered=False), Fate(taken=False, answered=False)

EIGHT = 1_800_000_000.0
"""Friday 2027-01-15, 8:00 UTC."""
HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture(autouse=True)
def naps_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each nap of a fake week takes real time."""
    monkeypatch.setattr(holds, "NAP", HOUR)


def within(window: str, days: str = "mon-sun", on_doubt: str = "ask", **others: object) -> DeliverySettings:
    schedule = Schedule(window=parse_window(window), days=parse_days(days), time_zone="UTC")
    return replace(settings(on_doubt, **others), schedule=schedule)


def campaign_of(server: ListServer, count: int, given: DeliverySettings) -> Campaign:
    return Campaign(server, [Message(f"c{number}", f"message {number}") for number in range(count)], given)


@pytest.fixture
def server() -> ListServer:
    return ListServer(FakeClock(EIGHT))


def sent_at(server: ListServer) -> list[float]:
    return [stored.at - EIGHT for stored in server.stored]


async def test_a_run_waits_for_its_window_and_then_sends(server: ListServer) -> None:
    campaign = campaign_of(server, 5, within("09:00-17:00"))
    assert await campaign.deliver() is None
    assert campaign.states == [SENT] * 5
    assert min(sent_at(server)) >= HOUR
    assert campaign.holds.waited == pytest.approx(HOUR, abs=1)


async def test_what_does_not_fit_into_a_window_goes_out_in_the_next_ones(server: ListServer) -> None:
    campaign = campaign_of(server, 100, within("08:00-08:01", "fri,mon", rate=0.7, concurrency=2))
    assert await campaign.deliver() is None
    assert campaign.states == [SENT] * 100
    assert set(server.taken.values()) == {1}
    days = [int(at // DAY) for at in sent_at(server)]
    assert set(days) == {0, 3, 7}
    assert all(at % DAY < 60 for at in sent_at(server))


async def test_nothing_is_sent_before_a_moment(server: ListServer) -> None:
    moment = datetime.fromtimestamp(EIGHT + 2 * DAY, UTC)
    campaign = campaign_of(server, 3, replace(settings(), schedule=Schedule(not_before=moment)))
    await campaign.deliver()
    assert min(sent_at(server)) >= 2 * DAY


async def test_a_stop_ends_the_wait_at_once(server: ListServer) -> None:
    campaign = campaign_of(server, 3, within("09:00-17:00"))
    began = server.clock.now()
    delivering = asyncio.ensure_future(campaign.rounds.deliver(Wanted()))
    await server.clock.advance(60)
    assert _shown(campaign) == ("window", EIGHT + HOUR, "waiting until Fri 2027-01-15 09:00 (UTC)")
    assert campaign.holds.waited == pytest.approx(60, abs=1)
    campaign.shutdown.request(StopReason("interrupted", interrupted=True))
    assert await delivering == StopReason("interrupted", interrupted=True)
    assert campaign.states == [PENDING] * 3
    assert _shown(campaign) == ("", None, "")
    assert server.clock.now() - began == pytest.approx(60, abs=1)


def _shown(campaign: Campaign) -> tuple[str, float | None, str]:
    progress = campaign.progress
    return progress.waiting_for, progress.waiting_until, progress.activity


async def test_a_clock_that_is_set_during_the_wait_counts(server: ListServer) -> None:
    campaign = campaign_of(server, 1, within("09:00-17:00"))
    delivering = asyncio.ensure_future(campaign.rounds.deliver(Wanted()))
    await server.clock.advance(60)
    server.clock._epoch += HOUR
    await server.clock.advance(HOUR)
    assert await delivering is None
    assert campaign.states == [SENT]


async def test_a_window_that_is_about_to_close_is_left_out(server: ListServer) -> None:
    campaign = campaign_of(server, 3, within("07:00-08:00:10"))
    await server.clock.advance(9.9)
    assert await campaign.deliver() is None
    assert min(server.begun) >= EIGHT + DAY - HOUR


async def test_a_night_is_no_trouble_of_the_server(server: ListServer) -> None:
    """The last request before the window closes fails, and so does the first one after it opens."""
    lost = [NOT_TAKEN, NOT_TAKEN]
    server.fates = [*lost, Fate()]
    campaign = campaign_of(server, 3, within("08:00-08:00:30", rate=0.05, concurrency=1, give_up_after=3600))
    assert await campaign.deliver() is None
    assert campaign.states.count(SENT) == 1


@pytest.mark.parametrize("closes", ["08:01", "08:30"])
async def test_look_ups_need_no_window_and_what_they_send_again_does(server: ListServer, closes: str) -> None:
    server.fates = [NOT_TAKEN]
    campaign = campaign_of(server, 2, within(f"08:00-{closes}", on_doubt="look", concurrency=1))
    await campaign.deliver()
    assert campaign.states == [SENT, SENT]
    assert server.pages >= 2
    again = DAY if closes == "08:01" else 0.0
    assert again <= sent_at(server)[-1] < again + 1800


async def test_what_has_to_be_done_before_sending_is_done_in_each_window(server: ListServer) -> None:
    campaign = campaign_of(server, 60, within("08:00-08:01", rate=0.4, concurrency=1))
    done: list[tuple[float, int]] = []

    async def prepare() -> None:
        done.append(((server.clock.epoch() - EIGHT) // DAY, len(server.stored)))

    campaign.holds.before_sending = (prepare,)
    await campaign.clock.run(campaign.rounds.deliver(Wanted()))
    assert [day for day, _ in done] == [0, 1, 2]
    assert done[0][1] == 0
    assert campaign.states == [SENT] * 60


async def test_what_was_done_before_sending_holds_for_rows_that_were_read_before(server: ListServer) -> None:
    campaign = campaign_of(server, 40, within("08:00-08:01", rate=0.4, concurrency=8))

    async def prepare() -> None:
        if server.stored:
            campaign.journal.leave_unsent(1, "opted out")

    campaign.holds.before_sending = (prepare,)
    await campaign.clock.run(campaign.rounds.deliver(Wanted()))
    sent = campaign.states.count(SENT)
    assert 0 < sent < 40
    assert campaign.states.count(State.SKIPPED) == 40 - sent
    assert len(server.stored) == sent


async def test_an_error_in_what_has_to_be_done_sends_nothing(server: ListServer) -> None:
    campaign = campaign_of(server, 3, within("08:00-09:00"))

    async def prepare() -> None:
        raise RecipientsError(Problem("no.csv", "cannot be read"))

    campaign.holds.before_sending = (prepare,)
    with pytest.raises(RecipientsError, match="cannot be read"):
        await campaign.clock.run(campaign.rounds.deliver(Wanted()))
    assert not server.stored


async def test_rows_that_are_retried_on_request_are_retried_once_over_several_windows(server: ListServer) -> None:
    server.fates = [NOT_TAKEN] * 90
    campaign = campaign_of(server, 40, settings(concurrency=1, rate=100, give_up_after=1e9))
    await campaign.deliver()
    assert campaign.states == [IN_DOUBT] * 40
    campaign.settings = within("08:00-08:01", rate=0.4, concurrency=1, give_up_after=1e9)
    await campaign.deliver(Wanted(retry=(IN_DOUBT,)))
    assert [row.attempts for row in campaign.journal.results(1)] == [2] * 40


async def test_a_limit_counts_over_several_windows(server: ListServer) -> None:
    campaign = campaign_of(server, 90, within("08:00-08:01", rate=0.4, concurrency=2, limit=60))
    assert await campaign.deliver() is None
    assert campaign.states.count(SENT) == 60
    assert {int(at // DAY) for at in sent_at(server)} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(30))
async def test_whatever_happens_every_message_leaves_within_a_window(seed: int) -> None:
    dice = random.Random(seed)
    server = ListServer(
        FakeClock(EIGHT + dice.uniform(-DAY, DAY)),
        [dice.choice([Fate(), Fate(), TAKEN, NOT_TAKEN]) for _ in range(200)],
        takes=dice.choice([0.01, 0.3, 5.0]),
    )
    opens = dice.randrange(86_400)
    window = parse_window(f"{_clock(opens)}-{_clock((opens + dice.choice([20, 60, 600, 40_000])) % 86_400)}")
    schedule = Schedule(window=window, days=frozenset(dice.sample(range(7), dice.randrange(1, 8))), time_zone="UTC")
    given = settings(
        dice.choice(["ask", "look"]),
        rate=dice.choice([0.3, 5, 1000]),
        concurrency=dice.choice([1, 8]),
        give_up_after=1e9,
    )
    rows = [Message(f"c{dice.randrange(20)}", f"text {number}") for number in range(40)]
    campaign = Campaign(server, rows, replace(given, schedule=schedule))
    for _ in range(dice.randrange(3)):
        await campaign.deliver_and_be_killed(dice.choice([1.0, 100.0, 2 * DAY]) * dice.random())
        await server.clock.advance(dice.choice([0.0, 100.0, DAY]))
    assert await campaign.deliver() is None
    assert PENDING not in campaign.states
    assert set(server.taken.values()) == {1}
    assert all(map(schedule.is_open, server.begun))


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


async def test_a_window_that_closes_while_the_lists_are_read_is_left_out(server: ListServer) -> None:
    campaign = campaign_of(server, 3, within("08:00-08:01"))
    looked: list[float] = []

    async def read() -> None:
        looked.append(server.clock.epoch())
        if len(looked) == 1:
            await server.clock.sleep(90)

    campaign.holds.before_sending = (read,)
    await campaign.clock.run(campaign.rounds.deliver(Wanted()))
    assert [at - EIGHT for at in looked] == pytest.approx([0, DAY], abs=1)
    assert all(DAY <= at < DAY + 60 for at in sent_at(server))
