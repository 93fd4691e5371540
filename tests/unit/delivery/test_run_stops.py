"""Reasons that stop a run before its last row, and the states in which its rows remain."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from campaign.channels.base import Response
from campaign.delivery.shutdown import StopReason
from campaign.delivery.worker_pool import WorkerPool
from campaign.errors import JournalWriteError
from campaign.journal import State
from campaign.settings import DeliverySettings

from .fakes import NO_CONNECTION, RESET, Fault, fake_delivery, named, refused

if TYPE_CHECKING:
    from campaign.channels.base import NoResponse, Request
    from campaign.journal import WaitingRow

    from .fakes import FakeDelivery

ENOUGH = StopReason("enough", interrupted=True)
CLOSED = Fault(refused("room-closed"))
ONE_AT_A_TIME = DeliverySettings(rate=1000, concurrency=1)


async def started(it: FakeDelivery, seconds: float) -> asyncio.Task[None]:
    """Start a delivery and let `seconds` pass."""
    task = asyncio.ensure_future(WorkerPool(it.context).deliver())
    await it.clock.advance(seconds)
    return task


def for_every_row(fault: Fault, count: int, times: int = 1000) -> dict[str, list[Fault]]:
    return {f"m{number}": [fault] * times for number in range(1, count + 1)}


async def test_the_attempt_is_on_record_before_the_request_leaves() -> None:
    it = fake_delivery("kitechat", 20)
    send, states = it.server.send, []

    async def checked(request: Request) -> Response | NoResponse:
        states.append(it.log.states[int(named(request).removeprefix("m"))])
        return await send(request)

    it.server.send = checked  # type: ignore[method-assign] # checks the state before it sends
    await it.deliver()
    assert states == [State.SENDING] * 20


async def test_consecutive_refusals_of_one_kind_stop_the_run() -> None:
    it = fake_delivery("livechat", 50, ONE_AT_A_TIME, faults=for_every_row(CLOSED, 50))
    await it.deliver()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text.startswith("20 rows in a row were refused for the same reason")
    assert it.log.in_state(State.FAILED) == list(range(1, 21))
    assert it.log.in_state(State.PENDING) == list(range(21, 51))


async def test_consecutive_rows_in_doubt_stop_the_run() -> None:
    settings = DeliverySettings(rate=1000, concurrency=1, give_up_after=3600)
    it = fake_delivery("kitechat", 50, settings, faults=for_every_row(Fault(RESET), 50))
    await it.deliver()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text.startswith("20 rows in a row were left in doubt")
    assert len(it.log.in_state(State.IN_DOUBT)) == 20
    assert len(it.log.in_state(State.PENDING)) == 30


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
async def test_an_unreachable_server_stops_the_run_after_give_up_after(channel: str) -> None:
    it = fake_delivery(
        channel, 30, DeliverySettings(rate=1000, give_up_after=600), faults=for_every_row(Fault(NO_CONNECTION), 30)
    )
    await it.deliver()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text == "the server cannot be reached: nothing but trouble for 10 min"
    assert it.log.in_state(State.PENDING) == list(range(1, 31))
    assert 500 < it.clock.now() - 1000 <= 601
    assert len(it.server.requests) < 200


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
async def test_no_pause_exceeds_give_up_after(channel: str) -> None:
    settings = DeliverySettings(rate=1000, concurrency=1, give_up_after=40, stop_after_refusals=0)
    faults = for_every_row(Fault(RESET), 30)
    it = fake_delivery(channel, 30, settings, faults=faults, read_back_faults=for_every_row(Fault(Response(500)), 30))
    await it.deliver()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text.endswith("nothing but trouble for 40 s")
    assert it.clock.now() - 1000 <= 41


async def test_a_server_that_comes_back_in_time_gets_every_row() -> None:
    it = fake_delivery(
        "kitechat",
        30,
        DeliverySettings(rate=1000, give_up_after=600),
        faults=for_every_row(Fault(NO_CONNECTION), 30, 3),
    )
    await it.deliver()
    assert it.shutdown.reason is None
    assert it.log.in_state(State.SENT) == list(range(1, 31))


async def test_a_wait_longer_than_give_up_after_stops_at_once() -> None:
    it = fake_delivery("kitechat", 9, faults={"m1": [Fault(Response(503, {"retry-after": "3600"}))]})
    await it.deliver()
    assert it.shutdown.reason is not None
    assert "asks to wait 60 min" in it.shutdown.reason.text
    assert it.log.in_state(State.PENDING) == list(range(1, 10))
    assert it.clock.now() < 1001


async def test_a_message_that_never_appears_stops_the_run_and_stays_sending() -> None:
    settings = DeliverySettings(rate=1000, give_up_after=60)
    faults = {"m1": [Fault(RESET)]}
    it = fake_delivery("livechat", 1, settings, faults=faults, read_back_faults=for_every_row(Fault(Response(500)), 1))
    await it.deliver()
    assert it.shutdown.reason is not None
    assert it.log.states == {1: State.SENDING}


async def test_no_more_rows_than_the_limit_are_sent() -> None:
    it = fake_delivery("livechat", 30, DeliverySettings(rate=1000, limit=7))
    await it.deliver()
    assert it.shutdown.reason is None
    assert it.log.in_state(State.SENT) == list(range(1, 8))
    assert len(it.log.in_state(State.PENDING)) == 23


async def test_the_first_interrupt_drains_requests_in_flight() -> None:
    it = fake_delivery("kitechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await started(it, 0.055)
    in_flight = it.server.in_flight.total()
    assert in_flight > 1
    it.shutdown.request(ENOUGH)
    requests = len(it.server.requests)
    await it.clock.run(asyncio.wait_for(task, None))
    assert len(it.server.requests) == requests
    assert it.log.in_state(State.SENDING) == []
    assert len(it.log.in_state(State.SENT)) == requests


@pytest.mark.parametrize(
    "fault", [NO_CONNECTION, Response(429, {"retry-after": "300"})], ids=["unreachable", "limited"]
)
async def test_an_interrupt_ends_a_long_wait(fault: Response | NoResponse) -> None:
    it = fake_delivery("kitechat", 3, faults=for_every_row(Fault(fault), 3))
    task = await started(it, 100)
    it.shutdown.request(ENOUGH)
    await it.clock.advance(0.1)
    assert task.done()
    assert it.log.in_state(State.PENDING) == [1, 2, 3]


async def test_a_response_lost_during_an_interrupt_leaves_its_row_sending() -> None:
    it = fake_delivery("livechat", 1, faults={"m1": [Fault(RESET, takes=True)]})
    task = await started(it, 0.015)
    it.shutdown.request(ENOUGH)
    await it.clock.run(asyncio.wait_for(task, None))
    assert it.server.requests == [("POST", "m1")]
    assert it.log.states == {1: State.SENDING}


async def test_the_second_interrupt_leaves_rows_in_flight_sending() -> None:
    it = fake_delivery("kitechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await started(it, 0.055)
    it.shutdown.request(ENOUGH)
    in_flight = {name for name, count in it.server.in_flight.items() if count}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {f"m{seq}" for seq in it.log.in_state(State.SENDING)} == in_flight
    assert len(in_flight) > 1


@pytest.mark.parametrize("destinations", [1, 3])
@pytest.mark.parametrize("concurrency", [1, 2, 8])
async def test_an_interrupt_while_rows_are_read_releases_every_worker(concurrency: int, destinations: int) -> None:
    it = fake_delivery("livechat", 5, DeliverySettings(rate=1000, concurrency=concurrency), destinations=destinations)
    waiting = it.log.waiting

    async def interrupted(after: int, most: int) -> list[WaitingRow]:
        for _ in range(3):  # until every worker waits for a row
            await asyncio.sleep(0)
        it.shutdown.request(ENOUGH)
        return await waiting(after, most)

    it.log.waiting = interrupted  # type: ignore[method-assign] # as if the signal came during the read
    await it.deliver()
    assert it.server.requests == []
    assert it.log.in_state(State.PENDING) == [1, 2, 3, 4, 5]


async def test_an_attempt_that_cannot_be_recorded_is_not_made() -> None:
    it = fake_delivery("livechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await started(it, 0.055)
    in_flight = it.server.in_flight.total()
    it.log.full_for_attempts = True
    with pytest.raises(JournalWriteError, match="disk full"):
        await it.clock.run(asyncio.wait_for(task, None))
    requests = len(it.server.requests)
    assert in_flight > 1
    assert len(it.log.in_state(State.SENT)) == requests
    assert len(it.log.in_state(State.PENDING)) == 100 - requests
    assert it.shutdown.reason == StopReason("journal: the journal cannot be written (disk full)")


async def test_an_outcome_that_cannot_be_recorded_stops_the_run() -> None:
    it = fake_delivery("livechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await started(it, 0.055)
    it.log.full_for_outcomes = True
    await it.clock.run(asyncio.wait_for(task, None))
    assert it.shutdown.reason == StopReason("the journal cannot be written")
    assert len(it.server.requests) < 100
    assert {f"m{seq}" for seq in it.log.in_state(State.SENDING)} <= set(it.server.taken)
    assert set(it.server.taken) == {name for _, name in it.server.requests}


async def test_an_unexpected_exception_ends_the_run() -> None:
    it = fake_delivery("livechat", 3)

    async def broken(request: Request) -> Response | NoResponse:
        raise ZeroDivisionError(request.method)

    it.server.send = broken  # type: ignore[method-assign] # no such error is expected
    with pytest.raises(ExceptionGroup, match="unhandled errors") as raised:
        await it.deliver()
    assert raised.group_contains(ZeroDivisionError, match="POST")
    assert it.log.states[1] is State.SENDING


async def test_a_failed_read_back_returns_its_permit() -> None:
    it = fake_delivery("livechat", 1, faults={"m1": [Fault(RESET, takes=True)]})
    send = it.server.send

    async def breaks(request: Request) -> Response | NoResponse:
        if request.method == "GET":
            raise ZeroDivisionError(request.method)
        return await send(request)

    it.server.send = breaks  # type: ignore[method-assign] # no such error is expected
    with pytest.raises(ExceptionGroup, match="unhandled errors"):
        await it.deliver()
    assert await it.clock.run(it.context.rate_limiter.acquire("read-back")) is not None
    assert it.log.states == {1: State.SENDING}


async def test_progress_shows_the_trouble_until_it_is_over() -> None:
    it = fake_delivery("kitechat", 2, ONE_AT_A_TIME, faults={"m1": [Fault(NO_CONNECTION)] * 4})
    task = await started(it, 3)
    assert it.context.progress.trouble == "the server cannot be reached"
    assert it.context.rate_limiter.waiting_for > 0
    await it.clock.run(asyncio.wait_for(task, None))
    assert it.context.progress.trouble == ""
    assert it.context.progress.sent == 2
