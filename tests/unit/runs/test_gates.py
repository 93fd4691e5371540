"""A delivery and its gate, on a fake clock: which rows begin before the outcomes of the first ones are known."""

from __future__ import annotations

import asyncio
import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from campaign.channels.base import Response
from campaign.delivery import StopReason
from campaign.delivery.gate import GateOutcome
from campaign.journal import State
from campaign.runs.rounds import Wanted
from campaign.settings import GateSettings
from tests.unit.delivery.fake_clock import FakeClock

from .list_server import Campaign, Fate, ListServer, Message, settings

if TYPE_CHECKING:
    from campaign.settings import DeliverySettings

SENT, IN_DOUBT, PENDING, FAILED = State.SENT, State.IN_DOUBT, State.PENDING, State.FAILED
TAKEN, NOT_TAKEN = Fate(answered=False), Fate(taken=False, answered=False)


def gated(after: int = 20, max_failed: float = 0.05, on_doubt: str = "ask", **others: object) -> DeliverySettings:
    return replace(settings(on_doubt, **others), gate=GateSettings(after, max_failed))


def campaign_of(server: ListServer, count: int, given: DeliverySettings, conversations: int = 1000) -> Campaign:
    rows = [Message(f"c{number % conversations}", f"message {number}") for number in range(count)]
    return Campaign(server, rows, given)


@pytest.fixture
def server() -> ListServer:
    return ListServer(FakeClock())


def decided(campaign: Campaign) -> list[tuple[str, str, str]]:
    return [(each.what, each.by, each.detail) for each in campaign.journal.decisions(1)]


async def test_where_few_enough_failed_the_run_goes_on_and_that_is_on_record(server: ListServer) -> None:
    server.fates = [Fate()] * 5 + [NOT_TAKEN]
    campaign = campaign_of(server, 100, gated())
    assert await campaign.deliver() is None
    assert campaign.states.count(SENT) == 99
    passed = "passed: of the first 20 rows, 19 were sent and 1 is in doubt"
    assert decided(campaign) == [("gate", "a program", passed)]


async def test_where_more_failed_it_stops_and_no_other_row_has_begun(server: ListServer) -> None:
    server.fates = [Fate()] * 5 + [NOT_TAKEN] * 2
    campaign = campaign_of(server, 100, gated())
    reason = await campaign.deliver()
    assert reason is not None
    assert reason.text.startswith("of the first 20 rows, 18 were sent and 2 are in doubt, and [gate] max_failed is 5%.")
    assert (reason.interrupted, reason.fault) == (False, False)
    assert campaign.states[20:] == [PENDING] * 80
    assert decided(campaign) == []


async def test_the_first_rows_are_those_of_the_sheet_also_where_they_have_to_wait_for_each_other(
    server: ListServer,
) -> None:
    campaign = campaign_of(server, 100, gated(max_failed=0.0), conversations=60)
    campaign.journal._runs[1].rows[3].outcome = campaign.journal._runs[1].rows[3].outcome._replace(state=State.SKIPPED)
    for seq in range(1, 15):  # all to one conversation, one at a time
        row = campaign.journal._runs[1].rows[seq]
        row.planned = row.planned._replace(destination="p/c0")
    server.fates = [Fate(taken=False, answered=False)]
    assert await campaign.deliver() is not None
    begun = [number for number, row in enumerate(campaign.journal.results(1), start=1) if row.attempts]
    assert begun == [1, 2, *range(4, 22)]


async def test_rows_behind_the_gate_begin_once_every_row_before_it_has_a_final_state(server: ListServer) -> None:
    campaign = campaign_of(server, 60, gated(concurrency=8))
    seen: list[int] = []
    decide = campaign.holds.decide

    def look(outcome: GateOutcome) -> bool:
        seen.append(len(server.stored))
        assert campaign.states[:20] == [SENT] * 20
        return decide(outcome)

    campaign.holds.decide = look
    await campaign.clock.run(campaign.rounds.deliver(Wanted()))
    assert seen == [20]
    assert campaign.states == [SENT] * 60


async def test_a_row_that_a_look_up_finds_is_not_in_doubt_at_the_gate(server: ListServer) -> None:
    server.fates = [TAKEN] * 10
    campaign = campaign_of(server, 100, gated())
    assert await campaign.deliver() is None
    assert campaign.states == [SENT] * 100


async def test_with_look_the_gate_waits_until_doubts_are_settled(server: ListServer) -> None:
    server.fates = [Fate()] * 5 + [NOT_TAKEN] * 10
    campaign = campaign_of(server, 60, gated(on_doubt="look", concurrency=1, give_up_after=1e9))
    began = server.clock.epoch()
    assert await campaign.deliver() is None
    assert campaign.states == [SENT] * 60
    assert set(server.taken.values()) == {1}
    behind = [stored.at for stored in server.stored if int(stored.text.split()[1]) >= 20]
    assert min(behind) >= began + 120


async def test_a_gate_that_was_passed_is_not_held_again(server: ListServer) -> None:
    campaign = campaign_of(server, 100, gated(limit=50, max_failed=0.5))
    await campaign.deliver()
    assert campaign.states.count(SENT) == 50
    campaign.settings = gated(after=60, max_failed=0.0)
    server.fates = [NOT_TAKEN] * 2
    assert await campaign.deliver() is None
    assert len(decided(campaign)) == 1


async def test_a_gate_that_stopped_the_run_is_held_again_with_what_is_known_by_then(server: ListServer) -> None:
    server.fates = [Fate()] * 5 + [NOT_TAKEN] * 2
    campaign = campaign_of(server, 100, gated(concurrency=1))
    assert await campaign.deliver() is not None
    requests = len(server.stored)
    assert await campaign.deliver() is not None  # nothing has changed
    assert len(server.stored) == requests
    assert await campaign.deliver(Wanted(retry=(IN_DOUBT,))) is None  # they are sent now
    assert campaign.states == [SENT] * 100


async def test_a_higher_share_lets_the_run_go_on(server: ListServer) -> None:
    server.fates = [NOT_TAKEN] * 2
    campaign = campaign_of(server, 100, gated(concurrency=1))
    assert await campaign.deliver() is not None
    campaign.settings = gated(max_failed=0.1)
    assert await campaign.deliver() is None
    assert campaign.states.count(SENT) == 98


@pytest.mark.parametrize("limit", [5, 19])
async def test_a_limit_below_the_gate_ends_the_delivery_before_it(server: ListServer, limit: int) -> None:
    server.fates = [NOT_TAKEN] * 3
    campaign = campaign_of(server, 100, gated(limit=limit))
    assert await campaign.deliver() is None
    assert campaign.states.count(PENDING) == 100 - limit
    assert decided(campaign) == []


async def test_the_next_limit_goes_over_the_gate_and_is_held_there(server: ListServer) -> None:
    server.fates = [NOT_TAKEN] * 3
    campaign = campaign_of(server, 100, gated(limit=15))
    await campaign.deliver()
    reason = await campaign.deliver()
    assert reason is not None
    assert "17 were sent and 3 are in doubt" in reason.text
    assert campaign.states.count(PENDING) == 80


@pytest.mark.parametrize(("lost", "stops"), [(0, False), (3, True)])
async def test_a_limit_at_the_gate_asks_nothing_and_says_where_too_many_failed(
    server: ListServer, lost: int, *, stops: bool
) -> None:
    server.fates = [NOT_TAKEN] * lost
    campaign = campaign_of(server, 100, gated(limit=20))
    campaign.holds.decide = lambda _: pytest.fail("it was asked")
    reason = await campaign.clock.run(campaign.rounds.deliver(Wanted(limit=20)))
    assert (reason is not None) == stops
    assert decided(campaign) == []
    assert campaign.states.count(PENDING) == 80


async def test_a_list_that_ends_at_the_gate_has_none(server: ListServer) -> None:
    server.fates = [NOT_TAKEN] * 20
    campaign = campaign_of(server, 20, gated(give_up_after=1e9))
    campaign.holds.decide = lambda _: pytest.fail("it was asked")
    assert await campaign.clock.run(campaign.rounds.deliver(Wanted())) is None
    assert campaign.states == [IN_DOUBT] * 20


async def test_whoever_is_asked_may_refuse(server: ListServer) -> None:
    campaign = campaign_of(server, 100, gated())
    campaign.holds.decide = lambda _: False
    reason = await campaign.clock.run(campaign.rounds.deliver(Wanted()))
    assert reason == StopReason("not let through the gate (of the first 20 rows, 20 were sent)")
    assert campaign.states.count(PENDING) == 80


async def test_a_stop_does_not_wait_for_the_answer(server: ListServer) -> None:
    campaign = campaign_of(server, 100, gated())
    asked, answer = threading.Event(), threading.Event()

    def decide(_: GateOutcome) -> bool:
        asked.set()
        answer.wait(20)
        return True

    campaign.holds.decide = decide
    delivering = asyncio.ensure_future(campaign.rounds.deliver(Wanted()))
    while not asked.is_set():
        await server.clock.advance(0.1)
        await asyncio.sleep(0)
    assert campaign.progress.waiting_for == "gate"
    campaign.shutdown.request(StopReason("interrupted", interrupted=True))
    assert await delivering == StopReason("interrupted", interrupted=True)
    answer.set()
    assert decided(campaign) == []


async def test_an_error_of_whoever_is_asked_is_the_deliverys(server: ListServer) -> None:
    campaign = campaign_of(server, 100, gated())

    def decide(_: GateOutcome) -> bool:
        raise RuntimeError("no screen")

    campaign.holds.decide = decide
    with pytest.raises(RuntimeError, match="no screen"):
        await campaign.clock.run(campaign.rounds.deliver(Wanted()))


async def test_refused_rows_count_as_failed(server: ListServer) -> None:
    refusal = Response(400, {}, b'{"success": false, "error": "no such conversation"}')
    posted = ListServer._posted
    answers = iter([refusal] * 2)
    server._posted = lambda request: next(answers, None) or posted(server, request)  # type: ignore[method-assign]
    campaign = campaign_of(server, 100, gated())
    reason = await campaign.deliver()
    assert reason is not None
    assert "18 were sent and 2 failed" in reason.text


@pytest.mark.parametrize("seed", range(30))
async def test_whatever_happens_no_row_behind_the_gate_begins_before_it_is_passed(seed: int) -> None:
    dice = random.Random(seed)
    server = ListServer(
        FakeClock(),
        [dice.choice([Fate()] * 4 + [TAKEN, NOT_TAKEN]) for _ in range(100)],
        takes=dice.choice([0.01, 2.0]),
    )
    after, on_doubt = dice.randrange(1, 30), dice.choice(["ask", "look"])
    given = gated(after, dice.choice([0.0, 0.1, 1.0]), on_doubt, concurrency=dice.choice([1, 8]), give_up_after=1e9)
    campaign = campaign_of(server, 40, given, conversations=dice.choice([1, 5, 100]))
    for _ in range(dice.randrange(4)):
        await campaign.deliver_and_be_killed(dice.choice([0.1, 3.0, 130.0]) * dice.random())
        _check(campaign, after)
        await server.clock.advance(dice.choice([0.0, 130.0]))
    reason = await campaign.deliver()
    _check(campaign, after)
    assert set(server.taken.values()) <= {1}
    assert reason is None or campaign.states[after:] == [PENDING] * (40 - after)
    assert reason is not None or PENDING not in campaign.states


def _check(campaign: Campaign, after: int) -> None:
    attempts = [row.attempts for row in campaign.journal.results(1)]
    if not decided(campaign):
        assert not any(attempts[after:])
