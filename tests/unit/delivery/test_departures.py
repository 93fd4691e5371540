"""No message leaves once its window has closed, however long it had to wait for its permit or for the disk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaign.channels.base import Response
from campaign.delivery.admission import Admission
from campaign.journal import State
from campaign.settings import DeliverySettings

from .fakes import RESET, FakeDelivery, Fault, fake_delivery

POST, GET = "POST", "GET"
LATER = Response(429, {"retry-after": "30"}, b"")


def closing(it: FakeDelivery, after: float) -> FakeDelivery:
    """The same delivery, whose window closes after so many seconds."""
    admission = Admission(it.clock.epoch() + after, it.clock.epoch)
    return it._replace(context=replace(it.context, admission=admission))


async def test_rows_begin_until_the_window_closes_and_the_others_stay_pending() -> None:
    it = closing(fake_delivery("kitechat", 100, DeliverySettings(rate=10)), 5.0)
    began = it.clock.now()
    await it.deliver()
    assert 45 <= len(it.server.sent_at) <= 55
    assert max(it.server.sent_at) < began + 5.0
    assert it.log.in_state(State.SENT) == list(range(1, len(it.server.sent_at) + 1))
    assert len(it.log.in_state(State.PENDING)) == 100 - len(it.server.sent_at)
    assert it.context.admission.left_behind
    assert not it.shutdown


async def test_a_row_that_waits_for_a_permit_does_not_wait_beyond_the_window() -> None:
    it = closing(fake_delivery("kitechat", 3, DeliverySettings(rate=0.01)), 20.0)
    began = it.clock.now()
    await it.deliver()
    assert len(it.server.sent_at) == 1
    assert it.clock.now() - began <= 20.1


async def test_a_row_that_is_to_be_sent_again_is_left_for_the_next_window() -> None:
    it = closing(fake_delivery("kitechat", 1, faults={"m1": [Fault(LATER)]}), 10.0)
    await it.deliver()
    assert [method for method, _ in it.server.requests] == [POST]
    assert it.log.states == {1: State.PENDING}
    assert it.context.admission.left_behind


async def test_a_read_back_may_follow_outside_the_window_and_a_second_send_may_not() -> None:
    lost = Fault(RESET, after=10.0)
    it = closing(fake_delivery("livechat", 1, faults={"m1": [lost]}), 5.0)
    await it.deliver()
    assert [method for method, _ in it.server.requests] == [POST, GET]
    assert it.log.states == {1: State.PENDING}
    assert it.server.taken["m1"] == 0


async def test_a_row_in_flight_at_closing_time_ends() -> None:
    it = closing(
        fake_delivery("kitechat", 1, faults={"m1": [Fault(Response(200, {}, b"{}"), takes=True, after=60)]}), 5.0
    )
    await it.deliver()
    assert it.log.states == {1: State.SENT}
    assert not it.context.admission.left_behind


@pytest.mark.parametrize("channel", ["kitechat", "livechat"])
@pytest.mark.parametrize(
    ("before", "state"),
    [("first", State.PENDING), ("failed", State.FAILED), ("doubted", State.IN_DOUBT)],
)
async def test_an_attempt_for_which_the_disk_took_too_long_is_not_made(
    channel: str, before: str, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = closing(fake_delivery(channel, 1), 5.0)
    it.log._rows[1] = it.log._rows[1]._replace(failed=before == "failed", doubted=before == "doubted", attempts=1)
    begin = it.log.begin

    async def slow(seq: int, at: float) -> int:
        await it.clock.sleep(6.0)
        return await begin(seq, at)

    monkeypatch.setattr(it.log, "begin", slow)
    await it.deliver()
    assert POST not in [method for method, _ in it.server.requests]
    assert it.log.states == {1: state}
    assert it.log._rows[1].attempts == 1
    assert it.context.admission.left_behind
    assert it.context.rate_limiter.in_flight == 0


async def test_rows_that_were_reserved_and_have_not_left_are_withdrawn() -> None:
    it = closing(fake_delivery("livechat", 5000, DeliverySettings(rate=2000, concurrency=64)), 1.0)
    began = it.clock.now()
    await it.deliver()
    sent = {int(name[1:]) for _, name in it.server.requests}
    assert it.log.reserved - sent
    assert it.log.withdrawn == it.log.reserved - sent
    assert max(it.server.sent_at) < began + 1.0
    assert set(it.log.in_state(State.SENT)) == sent


async def test_a_clock_that_is_set_back_before_the_window_lets_no_message_leave() -> None:
    it = closing(fake_delivery("kitechat", 3, DeliverySettings(rate=1)), 100.0)
    assert it.context.admission.is_open()
    it.clock._epoch -= 3600
    assert not it.context.admission.is_open()


async def test_without_a_window_the_clock_does_not_matter() -> None:
    it = fake_delivery("kitechat", 1)
    it.clock._epoch -= 3600
    assert it.context.admission.is_open()
    assert it.context.admission.remaining == float("inf")
