"""What ends a run before its last row, and how it leaves the rows."""

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

from .fakes import NO_CONNECTION, RESET, Fault, named, refused, scene, taken

if TYPE_CHECKING:
    from campaign.channels.base import NoResponse, Request
    from campaign.journal import WaitingRow

    from .fakes import Scene

ENOUGH = StopReason("enough", interrupted=True)
CLOSED = Fault(refused("room-closed"))
ONE_AT_A_TIME = DeliverySettings(rate=1000, concurrency=1)


async def playing(it: Scene, seconds: float) -> asyncio.Task[None]:
    """A delivery that has been going on for so long."""
    task = asyncio.ensure_future(WorkerPool(it.context).deliver())
    await it.clock.advance(seconds)
    return task


def everywhere(fault: Fault, count: int, times: int = 1000) -> dict[str, list[Fault]]:
    return {f"m{number}": [fault] * times for number in range(1, count + 1)}


async def test_the_attempt_is_on_record_before_the_request_leaves() -> None:
    it = scene("kitechat", 20)
    send, states = it.server.send, []

    async def checked(request: Request) -> Response | NoResponse:
        states.append(it.log.states[int(named(request).removeprefix("m"))])
        return await send(request)

    it.server.send = checked  # type: ignore[method-assign] # looks before it sends
    await it.play()
    assert states == [State.SENDING] * 20


async def test_refusals_of_one_kind_in_a_row_stop_the_run() -> None:
    it = scene("livechat", 50, ONE_AT_A_TIME, faults=everywhere(CLOSED, 50))
    await it.play()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text.startswith("20 rows in a row were refused for the same reason")
    assert it.log.in_state(State.FAILED) == list(range(1, 21))
    assert it.log.in_state(State.PENDING) == list(range(21, 51))


async def test_rows_in_doubt_in_a_row_stop_the_run() -> None:
    settings = DeliverySettings(rate=1000, concurrency=1, give_up_after=3600)
    it = scene("kitechat", 50, settings, faults=everywhere(Fault(RESET), 50))
    await it.play()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text.startswith("20 rows in a row were left in doubt")
    assert len(it.log.in_state(State.IN_DOUBT)) == 20
    assert len(it.log.in_state(State.PENDING)) == 30


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
async def test_a_server_out_of_reach_is_waited_for_and_then_given_up(channel: str) -> None:
    it = scene(channel, 30, DeliverySettings(rate=1000, give_up_after=600), faults=everywhere(Fault(NO_CONNECTION), 30))
    await it.play()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text == "the server cannot be reached: nothing but trouble for 10 min"
    assert it.log.in_state(State.PENDING) == list(range(1, 31))
    assert 500 < it.clock.now() - 1000 <= 601
    assert len(it.server.requests) < 200


@pytest.mark.parametrize("channel", ["livechat", "kitechat"])
async def test_no_pause_outlasts_our_patience(channel: str) -> None:
    settings = DeliverySettings(rate=1000, concurrency=1, give_up_after=40, stop_after_refusals=0)
    faults = everywhere(Fault(RESET), 30)
    it = scene(channel, 30, settings, faults=faults, read_back_faults=everywhere(Fault(Response(500)), 30))
    await it.play()
    assert it.shutdown.reason is not None
    assert it.shutdown.reason.text.endswith("nothing but trouble for 40 s")
    assert it.clock.now() - 1000 <= 41


async def test_a_server_that_comes_back_in_time_gets_every_row() -> None:
    it = scene(
        "kitechat", 30, DeliverySettings(rate=1000, give_up_after=600), faults=everywhere(Fault(NO_CONNECTION), 30, 3)
    )
    await it.play()
    assert it.shutdown.reason is None
    assert it.log.in_state(State.SENT) == list(range(1, 31))


async def test_a_wait_longer_than_our_patience_stops_at_once() -> None:
    it = scene("kitechat", 9, faults={"m1": [Fault(Response(503, {"retry-after": "3600"}))]})
    await it.play()
    assert it.shutdown.reason is not None
    assert "asks to wait 60 min" in it.shutdown.reason.text
    assert it.log.in_state(State.PENDING) == list(range(1, 10))
    assert it.clock.now() < 1001


async def test_a_lost_message_that_never_turns_up_stops_the_run_and_waits_to_be_asked_about() -> None:
    settings = DeliverySettings(rate=1000, give_up_after=60)
    faults = {"m1": [Fault(RESET)]}
    it = scene("livechat", 1, settings, faults=faults, read_back_faults=everywhere(Fault(Response(500)), 1))
    await it.play()
    assert it.shutdown.reason is not None
    assert it.log.states == {1: State.SENDING}


async def test_no_more_rows_than_the_limit_are_sent() -> None:
    it = scene("livechat", 30, DeliverySettings(rate=1000, limit=7))
    await it.play()
    assert it.shutdown.reason is None
    assert it.log.in_state(State.SENT) == list(range(1, 8))
    assert len(it.log.in_state(State.PENDING)) == 23


async def test_the_first_interrupt_lets_requests_under_way_end() -> None:
    it = scene("kitechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await playing(it, 0.055)
    under_way = it.server.under_way.total()
    assert under_way > 1
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
    it = scene("kitechat", 3, faults=everywhere(Fault(fault), 3))
    task = await playing(it, 100)
    it.shutdown.request(ENOUGH)
    await it.clock.advance(0.1)
    assert task.done()
    assert it.log.in_state(State.PENDING) == [1, 2, 3]


async def test_a_lost_answer_during_an_interrupt_is_left_to_be_asked_about() -> None:
    it = scene("livechat", 1, faults={"m1": [Fault(RESET, takes=True)]})
    task = await playing(it, 0.015)
    it.shutdown.request(ENOUGH)
    await it.clock.run(asyncio.wait_for(task, None))
    assert it.server.requests == [("POST", "m1")]
    assert it.log.states == {1: State.SENDING}


async def test_the_second_interrupt_leaves_what_is_under_way_as_sending() -> None:
    it = scene("kitechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await playing(it, 0.055)
    it.shutdown.request(ENOUGH)
    under_way = {name for name, count in it.server.under_way.items() if count}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {f"m{seq}" for seq in it.log.in_state(State.SENDING)} == under_way
    assert len(under_way) > 1


@pytest.mark.parametrize("destinations", [1, 3])
@pytest.mark.parametrize("concurrency", [1, 2, 8])
async def test_an_interrupt_while_rows_are_read_hangs_nobody(concurrency: int, destinations: int) -> None:
    it = scene("livechat", 5, DeliverySettings(rate=1000, concurrency=concurrency), destinations=destinations)
    waiting = it.log.waiting

    async def interrupted(after: int, most: int) -> list[WaitingRow]:
        for _ in range(3):  # meanwhile everybody has come to wait for a row
            await asyncio.sleep(0)
        it.shutdown.request(ENOUGH)
        return await waiting(after, most)

    it.log.waiting = interrupted  # type: ignore[method-assign] # as if the signal came while it reads
    await it.play()
    assert it.server.requests == []
    assert it.log.in_state(State.PENDING) == [1, 2, 3, 4, 5]


async def test_an_attempt_that_cannot_be_put_on_record_is_not_made() -> None:
    it = scene("livechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await playing(it, 0.055)
    under_way = it.server.under_way.total()
    it.log.full_for_attempts = True
    with pytest.raises(JournalWriteError, match="disk full"):
        await it.clock.run(asyncio.wait_for(task, None))
    requests = len(it.server.requests)
    assert under_way > 1
    assert len(it.log.in_state(State.SENT)) == requests
    assert len(it.log.in_state(State.PENDING)) == 100 - requests
    assert it.shutdown.reason == StopReason("journal: the journal cannot be written (disk full)")


async def test_an_outcome_that_cannot_be_put_on_record_stops_the_run() -> None:
    it = scene("livechat", 100, DeliverySettings(rate=1000, concurrency=8))
    task = await playing(it, 0.055)
    it.log.full_for_outcomes = True
    await it.clock.run(asyncio.wait_for(task, None))
    assert it.shutdown.reason == StopReason("the journal cannot be written")
    assert len(it.server.requests) < 100
    assert {f"m{seq}" for seq in it.log.in_state(State.SENDING)} <= set(it.server.taken)
    assert set(it.server.taken) == {name for _, name in it.server.requests}


async def test_a_mistake_of_ours_stops_the_run_and_lets_the_other_requests_end() -> None:
    it = scene("livechat", 30, faults={"m2": [Fault(taken("m2"), takes=True, after=1.0)]})
    send = it.server.send

    async def breaks(request: Request) -> Response | NoResponse:
        if request.body and b"m3" in request.body:
            raise ZeroDivisionError(request.method)
        return await send(request)

    it.server.send = breaks  # type: ignore[method-assign] # no such error is expected
    await it.play()
    assert it.shutdown.reason == StopReason(
        "a fault of campaign's own (ZeroDivisionError: POST): please report it", fault=True
    )
    assert it.log.states[2] is State.SENT
    assert it.log.in_state(State.SENDING) == [3]
    assert it.log.in_state(State.PENDING)


async def test_a_question_that_breaks_gives_its_turn_back() -> None:
    it = scene("livechat", 1, faults={"m1": [Fault(RESET, takes=True)]})
    send = it.server.send

    async def breaks(request: Request) -> Response | NoResponse:
        if request.method == "GET":
            raise ZeroDivisionError(request.method)
        return await send(request)

    it.server.send = breaks  # type: ignore[method-assign] # no such error is expected
    await it.play()
    assert it.shutdown.reason == StopReason(
        "a fault of campaign's own (ZeroDivisionError: GET): please report it", fault=True
    )
    it.shutdown.reason = None
    assert await it.clock.run(it.context.rate_limiter.acquire("read-back")) is not None
    assert it.log.states == {1: State.SENDING}


async def test_progress_says_what_the_trouble_is_until_it_is_over() -> None:
    it = scene("kitechat", 2, ONE_AT_A_TIME, faults={"m1": [Fault(NO_CONNECTION)] * 4})
    task = await playing(it, 3)
    assert it.context.progress.trouble == "the server cannot be reached"
    assert it.context.rate_limiter.waiting_for > 0
    await it.clock.run(asyncio.wait_for(task, None))
    assert it.context.progress.trouble == ""
    assert it.context.progress.sent == 2
