from __future__ import annotations

import pytest

from campaign.settings import DEFAULT_RATE

from .permits import Line, open_line


async def test_requests_leave_at_the_rate() -> None:
    line = await open_line(rate=20)
    await line.ask(*map(str, range(41)))
    await line.clock.advance(3)
    assert line.times[-1] - line.times[0] == pytest.approx(2.0, abs=0.1)


async def test_permits_are_granted_in_the_order_of_requests() -> None:
    line = await open_line(rate=5)
    names = [str(number) for number in range(20)]
    await line.ask(*names)
    await line.clock.advance(10)
    assert line.names == names


async def test_the_first_request_is_sent_alone_until_its_response() -> None:
    line = Line()
    await line.ask("first", "second", "third")
    await line.clock.advance(60)
    assert line.names == ["first"]
    line.respond()
    await line.clock.advance(0.1)
    assert line.names == ["first", "second", "third"]


async def test_a_lost_first_request_is_followed_by_another_alone() -> None:
    line = Line()
    await line.ask("first", "second", "third")
    line.limiter.release(line.permits.pop())
    await line.clock.advance(60)
    assert line.names == ["first", "second"]


async def test_the_servers_quota_is_obeyed() -> None:
    line = await open_line(quota=(3, 60.0))
    await line.ask(*"abcdef")
    await line.clock.advance(30)
    assert line.names == ["a", "b", "c"]
    assert line.limiter.waiting_for == pytest.approx(30, abs=2)


async def test_a_new_window_begins_with_one_request_alone() -> None:
    line = await open_line(quota=(0, 60.0))
    await line.ask(*"abc")
    await line.clock.advance(62)
    assert line.names == ["a"]
    line.respond(line.quota(9))
    await line.clock.advance(1)
    assert line.names == ["a", "b", "c"]


async def test_each_route_has_its_own_quota() -> None:
    line = await open_line(quota=(0, 60.0))
    await line.ask("message")
    await line.ask("question", route="read-back")
    assert line.names == ["question"]


async def test_a_read_back_waits_only_for_the_first_read_backs_response() -> None:
    line = Line()
    await line.ask("question", "next question", route="read-back")
    await line.ask("message", "next message")
    await line.clock.advance(1)
    assert line.names == ["question", "message"]
    line.respond(permit=0)
    await line.clock.advance(1)
    assert line.names == ["question", "message", "next question"]
    line.respond(permit=0)
    await line.clock.advance(1)
    assert line.names[3:] == ["next message"]


async def test_a_small_quota_for_read_backs_does_not_slow_sends_down() -> None:
    line = Line(rate=None)
    await line.ask("message")
    line.respond(line.quota(599, limit=600))
    await line.clock.advance(1)
    pace = line.limiter.current_rate
    await line.ask("question", route="read-back")
    line.respond(line.quota(9, limit=10))
    assert line.limiter.current_rate == pace


async def test_without_a_server_limit_ten_requests_leave_per_second() -> None:
    line = await open_line(rate=None)
    await line.ask(*map(str, range(31)))
    await line.clock.advance(10)
    assert line.times[-1] - line.times[0] == pytest.approx(30 / DEFAULT_RATE, rel=0.01)


async def test_a_server_without_dates_is_assumed_to_have_our_clock() -> None:
    line = Line()
    await line.ask("first", "second")
    line.respond(line.quota(0, seconds=30), dated=False)
    await line.clock.advance(29)
    assert line.names == ["first"]
    await line.clock.advance(2.1)
    assert line.names == ["first", "second"]


async def test_a_quota_is_spread_over_a_second_while_the_servers_clock_is_uncertain() -> None:
    line = Line(rate=None)
    await line.ask("first")
    line.respond(line.quota(99, seconds=2, limit=100))
    assert line.limiter.current_rate == pytest.approx(100, rel=0.01)
