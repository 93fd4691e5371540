"""Rows of interrupted processes: over any number of processes, none is lost and none is sent twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.channels.base import NoResponse, Response
from campaign.delivery.shutdown import StopReason
from campaign.delivery.worker_pool import WorkerPool
from campaign.journal import State
from campaign.settings import DeliverySettings

from .fake_clock import FakeClock
from .fakes import NO_CONNECTION, RESET, ChatServer, FakeAttemptLog, Fault, context_for, fake_delivery, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.delivery.ports import DeliveryContext

POST, GET = ("POST", "m1"), ("GET", "m1")


@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
async def test_an_interrupted_livechat_row_is_read_back(*, there: bool) -> None:
    it = fake_delivery("livechat")
    it.log.cut_off(1)
    it.server.taken["m1"] = int(there)
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert it.server.requests == ([GET] if there else [GET, POST])
    assert it.server.taken["m1"] == 1


async def test_an_interrupted_kitechat_row_is_not_sent_again() -> None:
    it = fake_delivery("kitechat", 2)
    it.log.cut_off(1)
    await it.deliver()
    assert it.server.requests == [("POST", "m2")]
    assert it.log.states == {1: State.SENDING, 2: State.SENT}


async def test_on_doubt_retry_sends_an_interrupted_kitechat_row_again() -> None:
    it = fake_delivery("kitechat", 1, DeliverySettings(rate=1000, on_doubt="retry"))
    it.log.cut_off(1)
    await it.deliver()
    assert it.server.requests == [POST]
    assert it.log.states == {1: State.SENT}


async def test_a_refusal_is_read_back_first_where_an_earlier_attempt_had_no_conclusive_outcome() -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(refused("room-closed"))]})
    it.log.read_back_as_absent(1)
    it.server.taken["m1"] = 1
    await it.deliver()
    assert it.server.requests == [POST, GET]
    assert it.log.states == {1: State.SENT}


async def test_a_refusal_on_record_is_a_refusal_and_the_next_one_is_not_read_back() -> None:
    it = fake_delivery("livechat", faults={"m1": [Fault(refused("room-closed"))]})
    it.log.fail(1)
    await it.deliver()
    assert it.server.requests == [POST]
    assert it.log.states == {1: State.FAILED}


async def test_finished_rows_are_not_sent_again() -> None:
    it = fake_delivery("livechat", 5)
    it.log.states |= {1: State.SENT, 2: State.FAILED, 3: State.IN_DOUBT, 4: State.SKIPPED}
    await it.deliver()
    assert it.server.requests == [("POST", "m5")]


FAULTS = st.sampled_from(
    [
        *(
            Fault(response, takes=takes)
            for takes in (True, False)
            for response in (RESET, Response(500), Response(502))
        ),
        *(Fault(Response(200, {}, body), takes=True) for body in (b"<html>", b'{"success":tr')),
        Fault(NoResponse("no answer within 30 s", request_left=True), takes=True, after=30.0),
        Fault(NO_CONNECTION),
        Fault(Response(429, {"retry-after": "2"})),
        Fault(Response(503)),
    ]
)
ROWS = 12


class Mishaps(NamedTuple):
    """The faults of a run that several processes deliver one after the other."""

    faults: Mapping[str, list[Fault]]
    read_back_faults: Mapping[str, list[Fault]]
    ends: list[tuple[float, bool]]
    """For each process but the last: seconds until it ends, and whether it is killed."""


FAULTS_BY_ROW = st.dictionaries(
    st.integers(1, ROWS).map(lambda number: f"m{number}"), st.lists(FAULTS, max_size=3), max_size=ROWS
)
MOMENTS = st.one_of(st.sampled_from([0.0, 0.005, 0.01, 0.015, 0.02]), st.floats(0, 60))
MISHAPS = st.builds(Mishaps, FAULTS_BY_ROW, FAULTS_BY_ROW, st.lists(st.tuples(MOMENTS, st.booleans()), max_size=5))
DELIVERIES = st.builds(
    DeliverySettings,
    rate=st.sampled_from([5.0, 100.0, 1000.0]),
    concurrency=st.sampled_from([1, 2, 8]),
    stop_after_refusals=st.just(0),
)


async def delivered(
    channel: str, destinations: int, how: DeliverySettings, mishaps: Mishaps
) -> tuple[FakeAttemptLog, ChatServer]:
    """Deliver with one process after the other, until one finishes the run."""
    clock, record = FakeClock(), FakeAttemptLog(channel, ROWS, destinations)
    server = ChatServer(clock, mishaps.faults, mishaps.read_back_faults)

    def process() -> DeliveryContext:
        return context_for(channel, how, clock, transport=server, log=record)

    for seconds, killed in mishaps.ends:
        context = process()
        task = asyncio.ensure_future(WorkerPool(context).deliver())
        await clock.advance(seconds)
        if killed:
            task.cancel()
        context.shutdown.request(StopReason("interrupted", interrupted=True))
        await clock.run(asyncio.wait([task]))
        if channel == "kitechat":
            for seq in record.in_state(State.SENDING):
                record.states[seq] = State.IN_DOUBT
    for _ in range(ROWS * 3):  # a page that is read back as a page stops a run
        context = process()
        await clock.run(WorkerPool(context).deliver())
        if not context.shutdown:
            break
    return record, server


@settings(max_examples=60, deadline=None)
@given(destinations=st.sampled_from([1, 3, 100]), how=DELIVERIES, mishaps=MISHAPS)
def test_every_livechat_row_is_delivered_exactly_once(
    destinations: int, how: DeliverySettings, mishaps: Mishaps
) -> None:
    record, server = asyncio.run(delivered("livechat", destinations, how, mishaps))
    assert record.in_state(State.SENT) == list(range(1, ROWS + 1))
    assert server.taken == {f"m{number}": 1 for number in range(1, ROWS + 1)}


@settings(max_examples=60, deadline=None)
@given(destinations=st.sampled_from([1, 3, 100]), how=DELIVERIES, mishaps=MISHAPS)
def test_no_kitechat_row_is_delivered_twice_and_doubt_has_a_cause(
    destinations: int, how: DeliverySettings, mishaps: Mishaps
) -> None:
    record, server = asyncio.run(delivered("kitechat", destinations, how, mishaps))
    sent = {f"m{seq}" for seq in record.in_state(State.SENT)}
    in_doubt = {f"m{seq}" for seq in record.in_state(State.IN_DOUBT)}
    assert len(sent | in_doubt) == ROWS
    assert set(server.taken.values()) <= {1}
    assert sent <= set(server.taken)
    assert set(server.taken) - server.confirmed <= in_doubt
    assert in_doubt.isdisjoint(server.confirmed)


@settings(max_examples=30, deadline=None)
@given(faults=FAULTS_BY_ROW, concurrency=st.sampled_from([1, 4, 16]))
def test_rows_to_one_destination_are_sent_in_order_one_at_a_time(
    faults: dict[str, list[Fault]], concurrency: int
) -> None:
    async def deliver() -> list[str]:
        it = fake_delivery(
            "livechat",
            ROWS,
            DeliverySettings(rate=1000, concurrency=concurrency, stop_after_refusals=0),
            faults=faults,
            destinations=1,
        )
        await it.deliver()
        assert it.server.most_in_flight == 1
        return list(dict.fromkeys(name for _, name in it.server.requests))

    assert asyncio.run(deliver()) == [f"m{number}" for number in range(1, ROWS + 1)]


async def test_rows_to_different_destinations_are_sent_concurrently() -> None:
    it = fake_delivery("livechat", 40)
    await it.deliver()
    assert it.server.most_in_flight == 8
