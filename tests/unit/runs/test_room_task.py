"""Asking for rooms on a fake clock: the server's limits, kills, lost responses, refusals."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from campaign.channels.base import Response
from campaign.channels.livechat.rooms import LivechatRooms
from campaign.channels.rooms import VisitorData
from campaign.channels.sandbox_api import RateLimit, RouteSettings
from campaign.delivery import LocalRateLimiter, Shutdown
from campaign.delivery.asking import AskContext
from campaign.delivery.policy import CircuitBreaker
from campaign.errors import JournalWriteError, Problem
from campaign.journal.room_records import KNOWN, Visit, VisitState
from campaign.journal.sqlite.room_record import RoomRecord
from campaign.runs.room_task import KEPT_SECRET, NOT_REGISTERED, RoomTask
from campaign.settings import DeliverySettings
from tests.unit.delivery.fake_clock import FakeClock

from .room_server import RoomServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from campaign.delivery.ports import Transport

A_MINUTE = RouteSettings(limit=RateLimit(10, 60.0), clock_skew=37.4)
"""Rocket.Chat's default: 5 registrations and 10 other requests a minute, and a clock that is not ours."""


class People(NamedTuple):
    """Visitors by key: what is known of them, and which of them have no token yet."""

    visits: Mapping[str, Visit]
    data: Mapping[str, VisitorData]
    made: frozenset[str]


def people(new: int, known: int = 0, *, first: str = "visitor") -> People:
    names = [f"k{number}" for number in range(new)]
    tokens = [f"{first}-{number}" for number in range(known)]
    visits = {name: Visit(name, f"token-of-{name}") for name in names} | {each: Visit(each, each) for each in tokens}
    data = {name: VisitorData(name) for name in names} | {each: VisitorData() for each in tokens}
    return People(visits, data, frozenset(names))


async def at_once(function: Callable[..., object], *values: Any) -> object:  # noqa: ANN401 - those of any function
    return function(*values)


class Session:
    """One process that asks, with what a new one does not remember."""

    def __init__(self, clock: FakeClock, server: Transport, record: RoomRecord, *, concurrency: int = 8) -> None:
        self.shutdown = Shutdown()
        self._record = record
        settings = DeliverySettings(concurrency=concurrency)
        limiter = LocalRateLimiter(None, clock, self.shutdown)
        rooms = LivechatRooms()
        self.context = AskContext(
            channel=rooms,
            settings=settings,
            transport=server,
            rate_limiter=limiter,
            shutdown=self.shutdown,
            breaker=CircuitBreaker(settings.give_up_after, settings.stop_after_refusals),
            clock=clock,
            random=random.Random(3).random,
        )
        self._task = RoomTask(self.context, limiter, rooms, record, in_thread=at_once)

    async def ask(self, asked: People) -> None:
        """Ask for those who are not known by the record."""
        self._record.add(asked.visits.values())
        waiting = {key: visit for key, visit in self._record.visits().items() if visit.state not in KNOWN}
        await self._task.perform(waiting, asked.data, asked.made)

    @property
    def why(self) -> str:
        return self.shutdown.reason.text if self.shutdown.reason else ""


def states(record: RoomRecord) -> list[VisitState]:
    return [visit.state for visit in record.visits().values()]


@pytest.mark.parametrize(
    ("new", "known", "windows"),
    [
        pytest.param(200, 0, 39, id="200 to register"),
        pytest.param(0, 200, 19, id="200 known by their tokens"),
        pytest.param(100, 100, 19, id="100 of each"),
    ],
)
@pytest.mark.parametrize("concurrency", [1, 8])
async def test_no_request_is_throttled_and_no_time_is_lost(
    tmp_path: Path, new: int, known: int, windows: int, concurrency: int
) -> None:
    clock = FakeClock(1_800_000_000.3)
    server = RoomServer(clock, A_MINUTE)
    with RoomRecord(tmp_path / "r.db") as record:
        began = clock.now()
        await clock.run(Session(clock, server, record, concurrency=concurrency).ask(people(new, known)))
        assert states(record) == [VisitState.OPENED] * 200
    assert set(server.statuses) == {200}
    assert (len(server.book.visitors), len(server.book.rooms)) == (new, 200)
    assert clock.now() - began <= 1.05 * windows * 60


async def _for_a_while(clock: FakeClock, session: Session, asked: People, seconds: float) -> None:
    """Ask, and be killed: nothing that was under way is recorded any more."""
    task = asyncio.ensure_future(session.ask(asked))
    await clock.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("seed", range(4))
async def test_kills_register_nobody_twice_and_exceed_no_limit(tmp_path: Path, seed: int) -> None:
    chance, clock = random.Random(seed), FakeClock(1_800_000_000.7)
    server, asked = RoomServer(clock, A_MINUTE, seed=seed), people(60, 40)
    for _ in range(20):
        with RoomRecord(tmp_path / "r.db") as record:
            session = Session(clock, server, record)
            await clock.run(_for_a_while(clock, session, asked, chance.choice([0.02, 0.08, 0.3, 20.0])))
    with RoomRecord(tmp_path / "r.db") as record:
        await clock.run(Session(clock, server, record).ask(asked))
        assert set(states(record)) <= KNOWN
        rids = {visit.token: visit.rid for visit in record.visits().values()}
    assert set(server.statuses) == {200}
    assert len(server.book.visitors) == 60
    assert server.book.rooms == rids


async def test_lost_responses_register_nobody_twice(tmp_path: Path) -> None:
    clock = FakeClock()
    server = RoomServer(clock, RouteSettings(), lost=0.2)
    with RoomRecord(tmp_path / "r.db") as record:
        session = Session(clock, server, record)
        await clock.run(session.ask(people(60, 20)))
        assert set(states(record)) <= KNOWN
    assert (len(server.book.visitors), len(server.book.rooms)) == (60, 80)
    assert session.context.progress.requests == len(server.statuses) > 140


async def test_many_refusals_for_one_reason_stop_it(tmp_path: Path) -> None:
    clock = FakeClock()
    with RoomRecord(tmp_path / "r.db") as record:
        session = Session(clock, RoomServer(clock, RouteSettings()), record, concurrency=1)
        await clock.run(session.ask(people(0, 50, first="offline")))
        assert states(record).count(VisitState.REFUSED) == 20
    assert session.why.startswith("20 visitors in a row were refused for the same reason (no agent is online")


async def test_a_token_that_the_server_does_not_know_is_registered_where_the_list_says_who_it_is(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    server = RoomServer(clock, RouteSettings())
    visits = {key: Visit(key, f"lost-{key}") for key in ("a", "b")}
    asked = People(visits, {"a": VisitorData("Khách"), "b": VisitorData()}, frozenset())
    with RoomRecord(tmp_path / "r.db") as record:
        await clock.run(Session(clock, server, record).ask(asked))
        found = record.visits()
    assert (found["a"].state, found["a"].token) == (VisitState.OPENED, "lost-a")
    assert (found["b"].state, found["b"].reason) == (VisitState.REFUSED, NOT_REGISTERED)


async def test_a_visitor_that_the_server_knows_by_phone_keeps_its_token(tmp_path: Path) -> None:
    clock = FakeClock()
    server = RoomServer(clock, RouteSettings())
    server.book.register({"token": "older", "phone": "0901"})
    asked = People({"a": Visit("a", "ours")}, {"a": VisitorData(phone="0901")}, frozenset({"a"}))
    with RoomRecord(tmp_path / "r.db") as record:
        await clock.run(Session(clock, server, record).ask(asked))
        visit = record.visits()["a"]
    assert (visit.token, visit.rid) == ("older", server.book.rooms["older"])


class Scripted:
    """A server that gives the same response to every request."""

    def __init__(self, *responses: Response) -> None:
        self._responses = list(responses)

    async def send(self, _request: object) -> Response:
        return self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]


REGISTERED = Response(200, {}, b'{"success": true, "visitor": {"_id": "v"}}')
UNKNOWN = Response(400, {}, b'{"success": false, "error": "invalid-token"}')


async def test_a_token_that_the_server_keeps_to_itself_is_no_reason_to_ask_for_ever(tmp_path: Path) -> None:
    clock = FakeClock()
    with RoomRecord(tmp_path / "r.db") as record:
        await clock.run(Session(clock, Scripted(REGISTERED, UNKNOWN), record).ask(people(1)))
        (visit,) = record.visits().values()
    assert (visit.state, visit.reason) == (VisitState.REFUSED, KEPT_SECRET)


async def test_a_registration_that_is_refused_is_recorded_with_its_reason(tmp_path: Path) -> None:
    clock = FakeClock()
    refusal = Response(400, {}, b'{"success": false, "error": "Invalid email x [error-invalid-email]"}')
    with RoomRecord(tmp_path / "r.db") as record:
        await clock.run(Session(clock, Scripted(refusal), record).ask(people(1)))
        (visit,) = record.visits().values()
    assert visit.reason == "the server does not accept the e-mail address (error-invalid-email)"


@pytest.mark.parametrize(
    ("response", "why"),
    [
        pytest.param(Response(401, {}, b"{}"), "the server refuses access (HTTP 401)", id="401"),
        pytest.param(Response(200, {}, b"<html>"), "is not JSON", id="a page each time"),
        pytest.param(Response(502), "nothing but trouble for 10 min", id="trouble for long"),
    ],
)
async def test_what_would_be_the_same_for_all_stops_it(tmp_path: Path, response: Response, why: str) -> None:
    clock = FakeClock()
    with RoomRecord(tmp_path / "r.db") as record:
        session = Session(clock, Scripted(response), record)
        await clock.run(session.ask(people(30, 5)))
        assert set(states(record)) == {VisitState.WAITING}
    assert why in session.why


class FullRecord(RoomRecord):
    """A record on a disk that is full."""

    def begin(self, route: str, key: str, at: float) -> int:  # noqa: ARG002 - a stand-in
        raise JournalWriteError(Problem("r.db", "the journal cannot be written (disk full)"))


class BrokenRecord(RoomRecord):
    """A record with a fault."""

    def begin(self, route: str, key: str, at: float) -> int:  # noqa: ARG002 - a stand-in
        raise RuntimeError("a fault")


@pytest.mark.parametrize(
    ("kind", "why"), [(FullRecord, "disk full"), (BrokenRecord, "a fault of campaign's own")], ids=["full", "fault"]
)
async def test_nothing_leaves_that_is_not_on_record(tmp_path: Path, kind: type[RoomRecord], why: str) -> None:
    clock = FakeClock()
    server = RoomServer(clock, RouteSettings())
    with kind(tmp_path / "r.db") as record:
        session = Session(clock, server, record)
        await clock.run(session.ask(people(3, 3)))
    assert why in session.why
    assert not server.statuses


async def test_nobody_to_ask_for_is_done_at_once(tmp_path: Path) -> None:
    clock = FakeClock()
    with RoomRecord(tmp_path / "r.db") as record:
        await clock.run(Session(clock, Scripted(UNKNOWN), record).ask(people(0)))
        assert record.requests == 0


async def test_phone_numbers_are_registered_after_the_last_address_is_settled(tmp_path: Path) -> None:
    clock = FakeClock(1_800_000_000.0)
    server = RoomServer(clock, A_MINUTE)
    server.book.register({"token": "theirs", "phone": "0901000001", "email": "a@x.vn"})
    data = {
        "by phone": VisitorData("A", phone="0901000001"),
        "by address": VisitorData("A", email="a@x.vn"),
        "refused": VisitorData("B", email="b@no-domain"),
    }
    asked = People({key: Visit(key, f"token of {key}") for key in data}, data, frozenset(data))
    with RoomRecord(tmp_path / "r.db") as record:
        await clock.run(Session(clock, server, record).ask(asked))
        visits = record.visits()
    assert visits["refused"].state is VisitState.REFUSED
    assert visits["by phone"].token == visits["by address"].token == "token of by address"
    assert visits["by phone"].rid == visits["by address"].rid != ""
    assert len(server.book.rooms) == 1
