from __future__ import annotations

import pytest

from campaign.settings import DEFAULT_RATE

from .permits import PermitQueue, open_queue


async def test_requests_leave_at_the_rate() -> None:
    queue = await open_queue(rate=20)
    await queue.acquire(*map(str, range(41)))
    await queue.clock.advance(3)
    assert queue.times[-1] - queue.times[0] == pytest.approx(2.0, abs=0.1)


async def test_permits_are_granted_in_the_order_of_requests() -> None:
    queue = await open_queue(rate=5)
    names = [str(number) for number in range(20)]
    await queue.acquire(*names)
    await queue.clock.advance(10)
    assert queue.names == names


async def test_the_first_request_is_sent_alone_until_its_response() -> None:
    queue = PermitQueue()
    await queue.acquire("first", "second", "third")
    await queue.clock.advance(60)
    assert queue.names == ["first"]
    queue.respond()
    await queue.clock.advance(0.1)
    assert queue.names == ["first", "second", "third"]


async def test_a_lost_first_request_is_followed_by_another_alone() -> None:
    queue = PermitQueue()
    await queue.acquire("first", "second", "third")
    queue.limiter.release(queue.permits.pop())
    await queue.clock.advance(60)
    assert queue.names == ["first", "second"]


async def test_the_servers_quota_is_obeyed() -> None:
    queue = await open_queue(quota=(3, 60.0))
    await queue.acquire(*"abcdef")
    await queue.clock.advance(30)
    assert queue.names == ["a", "b", "c"]
    assert queue.limiter.waiting_for == pytest.approx(30, abs=2)


async def test_a_new_window_begins_with_one_request_alone() -> None:
    queue = await open_queue(quota=(0, 60.0))
    await queue.acquire(*"abc")
    await queue.clock.advance(62)
    assert queue.names == ["a"]
    queue.respond(queue.quota(9))
    await queue.clock.advance(1)
    assert queue.names == ["a", "b", "c"]


async def test_each_route_has_its_own_quota() -> None:
    queue = await open_queue(quota=(0, 60.0))
    await queue.acquire("message")
    await queue.acquire("read-back", route="read-back")
    assert queue.names == ["read-back"]


async def test_a_read_back_waits_only_for_the_first_read_backs_response() -> None:
    queue = PermitQueue()
    await queue.acquire("read-back", "next read-back", route="read-back")
    await queue.acquire("message", "next message")
    await queue.clock.advance(1)
    assert queue.names == ["read-back", "message"]
    queue.respond(permit=0)
    await queue.clock.advance(1)
    assert queue.names == ["read-back", "message", "next read-back"]
    queue.respond(permit=0)
    await queue.clock.advance(1)
    assert queue.names[3:] == ["next message"]


async def test_a_small_quota_for_read_backs_does_not_slow_sends_down() -> None:
    queue = PermitQueue(rate=None)
    await queue.acquire("message")
    queue.respond(queue.quota(599, limit=600))
    await queue.clock.advance(1)
    pace = queue.limiter.current_rate
    await queue.acquire("read-back", route="read-back")
    queue.respond(queue.quota(9, limit=10))
    assert queue.limiter.current_rate == pace


async def test_without_a_server_limit_ten_requests_leave_per_second() -> None:
    queue = await open_queue(rate=None)
    await queue.acquire(*map(str, range(31)))
    await queue.clock.advance(10)
    assert queue.times[-1] - queue.times[0] == pytest.approx(30 / DEFAULT_RATE, rel=0.01)


async def test_a_server_without_dates_is_assumed_to_have_our_clock() -> None:
    queue = PermitQueue()
    await queue.acquire("first", "second")
    queue.respond(queue.quota(0, seconds=30), dated=False)
    await queue.clock.advance(29)
    assert queue.names == ["first"]
    await queue.clock.advance(2.1)
    assert queue.names == ["first", "second"]


async def test_a_quota_is_spread_over_a_second_while_the_servers_clock_is_uncertain() -> None:
    queue = PermitQueue(rate=None)
    await queue.acquire("first")
    queue.respond(queue.quota(99, seconds=2, limit=100))
    assert queue.limiter.current_rate == pytest.approx(100, rel=0.01)
