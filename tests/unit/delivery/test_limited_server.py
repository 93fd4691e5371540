"""Whole deliveries to a server with a rate limit: no 429, and little more time than the limit requires."""

from __future__ import annotations

import asyncio
import random
from typing import NamedTuple

import pytest

from campaign.delivery.worker_pool import WorkerPool
from campaign.journal import State
from campaign.settings import DeliverySettings

from .fake_clock import FakeClock
from .fakes import FakeAttemptLog, context_for
from .window_server import Conditions, LimitedServer

ROWS = 500


class Figures(NamedTuple):
    refused: int
    seconds: float
    requests: int


async def delivered(
    conditions: Conditions, seed: int, settings: DeliverySettings, rows: int = ROWS, others: float | None = None
) -> Figures:
    """Deliver. `others`: seconds between requests of another client behind the same address."""
    phase = random.Random(seed).random()
    clock = FakeClock(1_800_000_000 + phase)
    server, log = LimitedServer(clock, conditions, seed), FakeAttemptLog("livechat", rows)
    pool = WorkerPool(context_for("livechat", settings, clock, transport=server, log=log))
    began = clock.now()
    if others is not None:
        disturbing = asyncio.ensure_future(_hit_every(clock, server, others))
    await clock.run(pool.deliver())
    if others is not None:
        disturbing.cancel()
    assert log.in_state(State.SENT) == list(range(1, rows + 1))
    return Figures(server.refused, clock.now() - began, len(server.arrived_at))


async def _hit_every(clock: FakeClock, server: LimitedServer, seconds: float) -> None:
    while True:
        await clock.sleep(seconds)
        server.hit()


def least(conditions: Conditions, rows: int = ROWS) -> float:
    return (-(-rows // conditions.limit) - 1) * conditions.seconds


@pytest.mark.parametrize("skew", [-90.0, 0.0, 90.0], ids=["90 s slow", "right", "90 s fast"])
@pytest.mark.parametrize("concurrency", [1, 8, 32])
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_request_is_throttled_and_no_time_is_lost(skew: float, concurrency: int, seed: int) -> None:
    conditions = Conditions(skew=skew)
    figures = await delivered(conditions, seed, DeliverySettings(concurrency=concurrency))
    assert (figures.refused, figures.requests) == (0, ROWS)
    assert figures.seconds <= 1.05 * least(conditions)


@pytest.mark.parametrize("rate", [10.0, 200.0])
async def test_a_rate_above_the_quota_changes_nothing(rate: float) -> None:
    figures = await delivered(Conditions(), 5, DeliverySettings(rate=rate))
    assert figures.refused == 0
    assert figures.seconds <= 1.05 * least(Conditions())


@pytest.mark.parametrize("skew", [-90.0, 90.0], ids=["90 s slow", "90 s fast"])
async def test_rocket_chats_default_limit_is_obeyed(skew: float) -> None:
    conditions = Conditions(limit=10, seconds=60, skew=skew)
    figures = await delivered(conditions, 1, DeliverySettings(), rows=100)
    assert figures.refused == 0
    assert figures.seconds <= 1.01 * least(conditions, 100)


@pytest.mark.parametrize("drift", [-0.00005, 0.00005], ids=["loses", "gains"])
async def test_a_drifting_server_clock_is_followed(drift: float) -> None:
    conditions = Conditions(limit=10, seconds=60, drift=drift)
    figures = await delivered(conditions, 2, DeliverySettings(), rows=300)
    assert figures.refused == 0
    assert figures.seconds <= 1.01 * least(conditions, 300)


async def test_a_large_quota_is_used_early_in_its_window() -> None:
    figures = await delivered(Conditions(limit=300, seconds=60), 3, DeliverySettings(concurrency=32), rows=300)
    assert figures.refused == 0
    assert figures.seconds < 10


async def test_a_proxy_whose_clock_is_ahead_costs_a_few_refusals_and_no_row() -> None:
    conditions = Conditions(date_ahead=0.3)
    figures = await delivered(conditions, 4, DeliverySettings())
    assert 0 < figures.refused <= 10
    assert figures.seconds <= 1.3 * least(conditions)


async def test_a_server_without_dates_is_assumed_to_share_our_clock() -> None:
    figures = await delivered(Conditions(date_ahead=None), 6, DeliverySettings())
    assert figures.refused == 0
    assert figures.seconds <= 1.05 * least(Conditions())


async def test_a_server_without_dates_and_with_another_clock_gets_every_message() -> None:
    figures = await delivered(Conditions(date_ahead=None, skew=-90), 7, DeliverySettings(), rows=50)
    assert figures.requests == 50 + figures.refused


async def test_other_clients_behind_our_address_cost_little() -> None:
    figures = await delivered(Conditions(), 8, DeliverySettings(concurrency=8), rows=200, others=0.7)
    assert figures.refused <= figures.seconds / 2
    assert figures.seconds <= 1.6 * least(Conditions(), 200)


@pytest.mark.parametrize(
    ("give_up_after", "sent", "said"),
    [
        pytest.param(4.0, 10, "longer than give_up_after = 4 s", id="a few seconds"),
        pytest.param(600.0, 10, "longer than give_up_after = 10 min", id="the default"),
        pytest.param(90_000.0, 12, None, id="more than a day"),
    ],
)
async def test_a_window_that_ends_in_a_day_stops_the_run_unless_that_is_borne(
    give_up_after: float, sent: int, said: str | None
) -> None:
    clock = FakeClock(1_800_000_000)
    server, log = LimitedServer(clock, Conditions(seconds=82_800), 1), FakeAttemptLog("livechat", 12)
    context = context_for("livechat", DeliverySettings(give_up_after=give_up_after), clock, transport=server, log=log)
    await clock.run(WorkerPool(context).deliver())
    assert len(log.in_state(State.SENT)) == sent
    assert len(log.in_state(State.PENDING)) == 12 - sent
    assert (said is None) == (context.shutdown.reason is None)
    if context.shutdown.reason is not None and said is not None:
        assert context.shutdown.reason.text.startswith("the server's limit is used up for the next ")
        assert said in context.shutdown.reason.text


async def test_an_ordinary_window_is_waited_for_however_short_give_up_after_is() -> None:
    figures = await delivered(Conditions(seconds=60), 1, DeliverySettings(give_up_after=4), rows=15)
    assert figures.seconds > 40
