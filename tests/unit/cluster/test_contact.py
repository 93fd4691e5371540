from __future__ import annotations

import asyncio

import pytest

from campaign.channels.base import Response
from campaign.cluster.contact import LONGEST, LONGEST_REST, REST, Contact
from campaign.cluster.limits import CappedLimiter, Traffic
from campaign.delivery import LocalRateLimiter, Shutdown
from tests.unit.delivery.fake_clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_a_server_that_does_not_respond_for_long_is_out_of_reach(clock: FakeClock) -> None:
    contact = Contact(600.0, clock)
    assert (contact.lacking, contact.is_lost) == (None, False)
    contact.failed()
    await clock.advance(LONGEST - 1)
    contact.failed()
    assert (contact.lacking, contact.is_lost) == (LONGEST - 1, False)
    await clock.advance(1)
    assert contact.is_lost
    contact.responded()
    assert (contact.lacking, contact.is_lost) == (None, False)


async def test_after_a_rest_a_request_has_to_fail_once_more(clock: FakeClock) -> None:
    contact = Contact(600.0, clock)
    contact.failed()
    await clock.advance(LONGEST)
    contact.rest()
    assert (contact.rests, contact.is_lost) == (True, False)
    await clock.advance(REST)
    assert (contact.rests, contact.is_lost) == (False, False)
    contact.failed()
    assert contact.is_lost


async def test_each_rest_is_longer_than_the_one_before_until_there_is_a_response(clock: FakeClock) -> None:
    contact = Contact(600.0, clock)
    for seconds in (REST, 2 * REST, 4 * REST, 8 * REST, 16 * REST, LONGEST_REST):
        contact.failed()
        contact.rest()
        await clock.advance(seconds - 1)
        assert contact.rests
        await clock.advance(1)
        assert not contact.rests
    contact.responded()
    contact.rest()
    await clock.advance(REST)
    assert not contact.rests


async def test_a_run_that_gives_up_early_is_left_to_others_sooner(clock: FakeClock) -> None:
    contact = Contact(10.0, clock)
    contact.failed()
    await clock.advance(5.0)
    assert contact.is_lost


@pytest.mark.parametrize(("response", "lacks"), [(Response(503), False), (None, True)], ids=["503", "none"])
async def test_any_response_is_contact(clock: FakeClock, response: Response | None, *, lacks: bool) -> None:
    contact = Contact(600.0, clock)
    traffic = Traffic(asyncio.Semaphore(1), lambda _event: None)
    inner = LocalRateLimiter(10.0, clock, Shutdown())
    limiter = CappedLimiter(inner, traffic, asyncio.Semaphore(1), lambda _seconds, _all: None, contact)
    permit = await limiter.acquire("send")
    assert permit is not None
    limiter.release(permit, response)
    limiter.lost_contact()
    assert (contact.since is not None) == lacks
