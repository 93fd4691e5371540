"""Several workers behind one address, over PostgreSQL and a sandbox: what the server sees."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import time
from collections.abc import AsyncIterator

import pytest

from campaign.channels.sandbox_api import RateLimit
from campaign.delivery.budget import AHEAD, SLICE
from campaign.sandbox import Sandbox, SandboxSettings
from tests import postgres as postgres_server
from tests.cluster.sendings import Arrivals, new_campaign, sandbox, workers
from tests.cluster.workers import Worker, worker

LIMIT = RateLimit(10, 1.0)

BUSY = 2
"""Requests that a busy machine may delay on their way to the server; `python -m tests.cluster.limits` allows none."""


@contextlib.asynccontextmanager
async def three_workers(journal: str, server: str, rate: float | None) -> AsyncIterator[list[Worker]]:
    campaign = new_campaign(journal)
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(worker(journal, campaign, server, rate)) for _ in range(3)]


@pytest.mark.slow
async def test_three_workers_behind_one_address_are_never_over_its_limit(postgres: str) -> None:
    async with Sandbox(SandboxSettings(limit=LIMIT)) as server, three_workers(postgres, server.url, None) as made:
        await asyncio.gather(*(each.send(5) for each in made))
        seen = Arrivals.of(server.ledger.entries)
    assert (len(seen.times), seen.refused) == (15, 0)


@pytest.mark.slow
@pytest.mark.parametrize("egresses", [("office", "office"), ("one", "two")])
async def test_an_address_that_workers_name_otherwise_is_found_once(postgres: str, egresses: tuple[str, ...]) -> None:
    campaign, said = new_campaign(postgres), list[str]()
    async with Sandbox(SandboxSettings(limit=LIMIT)) as server, contextlib.AsyncExitStack() as stack:
        made = []
        for egress in egresses:
            each = await stack.enter_async_context(worker(postgres, campaign, server.url, None, egress=egress))
            each.limiter.on_other_senders = functools.partial(said.append, egress)
            made.append(each)
        for _ in range(1 if len(set(egresses)) == 1 else 5):  # how soon depends on whose requests come first
            await asyncio.gather(*(each.send(35) for each in made))
            if said:
                break
    assert bool(said) == (len(set(egresses)) > 1)
    assert len(said) == len(set(said))


@pytest.mark.slow
async def test_three_workers_share_one_rate_and_one_pause(postgres: str) -> None:
    async with Sandbox() as server, three_workers(postgres, server.url, 100.0) as made:
        sending = asyncio.gather(*(each.send(30) for each in made))
        await asyncio.sleep(0.6)
        paused_at = time.time()
        made[0].limiter.pause(0.8)
        await sending
        seen = Arrivals.of(server.ledger.entries)
        await asyncio.sleep(SLICE)
        exchanges = [each.budget.exchanges for each in made]
        await asyncio.sleep(SLICE)
        assert [each.budget.exchanges for each in made] == exchanges, "a worker without requests asks for nothing"
    assert len(seen.times) == 90
    assert seen.most_within(1.0) <= 104
    paused = [at for at in seen.times if paused_at + SLICE + AHEAD + 0.1 < at < paused_at + 0.8]
    assert paused == []


@pytest.mark.slow
def test_three_processes_behind_one_address_are_never_over_its_limit_and_waste_little_of_it(postgres: str) -> None:
    campaign = new_campaign(postgres)
    with sandbox("--limit", "10/2") as server:
        with workers(postgres, campaign, server, [17, 17, 16]) as made:
            made.go()
            made.results()
        seen = Arrivals.at(server)
    assert (len(seen.times), seen.refused) == (50, 0)
    assert seen.seconds <= 1.1 * 8.0 + BUSY


@pytest.mark.slow
def test_three_processes_keep_one_rate_evenly_and_ask_once_a_slice(postgres: str) -> None:
    campaign = new_campaign(postgres)
    with sandbox() as server:
        with workers(postgres, campaign, server, [100, 100, 100], rate="50") as made:
            made.go()
            results = made.results()
        seen = Arrivals.at(server)
    assert 0.9 * 299 / 50 <= seen.seconds <= 1.1 * 299 / 50 + BUSY
    assert seen.most_within(1.0) <= 52 + BUSY
    assert seen.most_within(0.1) <= 7 + BUSY
    assert all(result["exchanges"] / result["seconds"] < 2 / SLICE for result in results)


@pytest.mark.slow
def test_a_process_that_is_killed_loses_only_the_times_that_it_was_lent(postgres: str) -> None:
    campaign = new_campaign(postgres)
    with sandbox() as server:
        with workers(postgres, campaign, server, [1000, 100, 100], rate="50") as made:
            made.go()
            time.sleep(1.5)
            made.running[0].kill()
            killed_at = time.time()
            made.results()
        seen = Arrivals.at(server)
    after = [at for at in seen.times if at > killed_at + 2 * SLICE]
    assert 25 < len(after) / (after[-1] - after[0]) < 60
    assert seen.most_within(1.0) <= 52 + BUSY


@pytest.mark.slow
async def test_while_the_database_is_gone_nothing_leaves_and_afterwards_no_more_than_the_rate() -> None:
    with postgres_server.own_server() as (address, restart):
        async with Sandbox() as server, three_workers(address, server.url, 50.0) as made:
            sending = asyncio.gather(*(each.send(60) for each in made))
            await asyncio.sleep(1.0)
            thread = threading.Thread(target=restart)
            thread.start()
            await sending
            thread.join()
            seen = Arrivals.of(server.ledger.entries)
    assert len(seen.times) == 180
    assert seen.most_within(1.0) <= 52 + BUSY
