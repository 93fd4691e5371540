"""An in-memory attempt log and chat servers with faults, for deliveries on a fake clock."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from campaign.channels import CHANNELS
from campaign.channels.base import NoResponse, Response
from campaign.delivery.ports import DeliveryContext
from campaign.delivery.rate_limiter import LocalRateLimiter
from campaign.delivery.shutdown import Shutdown
from campaign.delivery.worker_pool import WorkerPool
from campaign.errors import JournalWriteError, Problem
from campaign.journal import Outcome, State, WaitingRow
from campaign.journal.records import Reservation
from campaign.settings import DeliverySettings

from .fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from campaign.channels.base import Request
    from campaign.delivery.ports import AttemptLog, Transport


def body(channel: str, name: str, destination: str) -> bytes:
    """A frozen body; `name` identifies the message in the tests."""
    if channel == "livechat":
        payload: dict[str, object] = {"_id": name, "token": "t", "rid": destination, "msg": "Chào"}
    else:
        payload = {"pageId": "p", "conversationId": destination, "message": {"type": "text", "text": name}}
    return json.dumps(payload).encode()


def named(request: Request) -> str:
    """The name of a request's message."""
    if request.method in ("GET", "DELETE"):
        return request.url.rpartition("/")[2].partition("?")[0]
    payload = json.loads(request.body or b"")
    return str(payload.get("_id") or payload["message"]["text"])


class FakeAttemptLog:
    """A `campaign.delivery.ports.AttemptLog` in memory; the messages are m1, m2, …"""

    def __init__(self, channel: str, count: int, destinations: int = 1_000_000) -> None:
        self._rows: dict[int, WaitingRow] = {}
        for seq in range(1, count + 1):
            destination = f"r{seq % destinations}"
            frozen = body(channel, f"m{seq}", destination)
            self._rows[seq] = WaitingRow(seq, seq + 1, destination, frozen, cut_off=False, attempts=0)
        self.states = dict.fromkeys(self._rows, State.PENDING)
        self.outcomes: dict[int, Outcome] = {}
        self.history: list[Outcome] = []
        self.results: list[tuple[int, str]] = []
        self.reserved: set[int] = set()
        self.withdrawn: set[int] = set()
        self.undone: Counter[int] = Counter()
        self.waiting_states: tuple[State, ...] = (State.PENDING, State.SENDING)
        self.failed = False
        self.full_for_attempts = False
        self.full_for_outcomes = False

    def doubt(self, seq: int) -> None:
        """Mark row `seq` as one that was in doubt and is retried on request."""
        self._rows[seq] = self._rows[seq]._replace(attempts=1, doubted=True)

    def cut_off(self, seq: int) -> None:
        """Mark row `seq` as in flight when an earlier process died."""
        self.states[seq] = State.SENDING
        self._rows[seq] = self._rows[seq]._replace(attempts=1)

    def read_back_as_absent(self, seq: int) -> None:
        """An earlier process had no conclusive answer for this row, and did not find its message."""
        self._rows[seq] = self._rows[seq]._replace(attempts=1, absent=True)

    def fail(self, seq: int) -> None:
        """An earlier process was refused this row, and the operator asked to send it once more."""
        self._rows[seq] = self._rows[seq]._replace(attempts=1)

    def reserve(self, rows: Sequence[int], at: float) -> list[Reservation]:  # noqa: ARG002 - the protocol's
        self.reserved.update(rows)
        durable = asyncio.get_running_loop().create_future()
        durable.set_result(None)
        return [Reservation(seq, seq, durable) for seq in rows]

    async def begin_reserved(self, reservation: Reservation) -> None:
        await self.begin(reservation.seq, 0.0)

    def withdraw(self, reservation: Reservation) -> None:
        self.withdrawn.add(reservation.seq)

    def retract(self, seq: int, attempt: int, state: State) -> None:
        assert seq == attempt
        self.states[seq] = state
        self._rows[seq] = self._rows[seq]._replace(attempts=self._rows[seq].attempts - 1)

    async def begin(self, seq: int, at: float, what: str = "send") -> int:  # noqa: ARG002 - the protocol's
        await asyncio.sleep(0)
        if self.full_for_attempts:
            raise JournalWriteError(Problem("journal", "the journal cannot be written (disk full)"))
        if what == "undo":
            self.undone[seq] += 1
            return seq
        self.states[seq] = State.SENDING
        self._rows[seq] = self._rows[seq]._replace(attempts=self._rows[seq].attempts + 1)
        return seq

    def record_outcome(self, seq: int, attempt: int, result: str, outcome: Outcome) -> None:
        assert seq == attempt
        self.record_read_back(seq, 0.0, result, outcome)

    def record_read_back(self, seq: int, began_at: float, result: str, outcome: Outcome) -> None:  # noqa: ARG002
        self.failed = self.failed or self.full_for_outcomes
        if not self.failed:
            self.states[seq] = outcome.state
            self.outcomes[seq] = outcome
            self.history.append(outcome)
            self.results.append((seq, result))

    def record_undo(self, seq: int, attempt: int, began_at: float, result: str, outcome: Outcome) -> None:
        assert self.undone[attempt]
        if outcome.kind:
            self.record_read_back(seq, began_at, result, outcome)
        else:
            self.results.append((seq, result))

    def record_look_up(self, began_at: float, result: str, outcome: Outcome) -> None:  # noqa: ARG002
        self.results.append((0, result))

    async def waiting(self, after: int, most: int) -> list[WaitingRow]:
        await asyncio.sleep(0)
        found = [
            row._replace(cut_off=self.states[seq] is State.SENDING)
            for seq, row in self._rows.items()
            if seq > after and self.states[seq] in self.waiting_states
        ]
        return found[:most]

    def in_state(self, state: State) -> list[int]:
        return [seq for seq, each in self.states.items() if each is state]


class Fault(NamedTuple):
    """A fault of one request.

    Attributes:
        response: what the client receives.
        takes: whether the server stores the message anyway.
        after: seconds until the response.
    """

    response: Response | NoResponse
    takes: bool = False
    after: float = 0.0


RESET = NoResponse("the connection broke", request_left=True)
NO_CONNECTION = NoResponse("the server cannot be reached", request_left=False)


class ChatServer:
    """A chat server that records the messages it takes. Livechat takes an `_id` once; Kitechat takes every message."""

    def __init__(
        self,
        clock: FakeClock,
        faults: Mapping[str, Sequence[Fault]] | None = None,
        read_back_faults: Mapping[str, Sequence[Fault]] | None = None,
        undo_faults: Mapping[str, Sequence[Fault]] | None = None,
    ) -> None:
        self._clock = clock
        self._faults = {
            "POST": _queues(faults),
            "GET": _queues(read_back_faults),
            "DELETE": _queues(undo_faults),
        }
        self.taken: Counter[str] = Counter()
        self.confirmed: set[str] = set()
        """Messages that were taken and whose response arrived."""
        self.requests: list[tuple[str, str]] = []
        self.sent_at: list[float] = []
        self.in_flight: Counter[str] = Counter()
        self.most_in_flight = 0

    async def send(self, request: Request) -> Response | NoResponse:
        name = named(request)
        self.requests.append((request.method, name))
        self.sent_at.append(self._clock.now())
        self.in_flight[name] += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight.total())
        try:
            await self._clock.sleep(0.01)
            return await self._served(request, name)
        finally:
            self.in_flight[name] -= 1

    async def _served(self, request: Request, name: str) -> Response | NoResponse:
        fault = next(self._faults[request.method].get(name, iter(())), None)
        if fault is None:
            usual = self._usual(request, name)
            await self._clock.sleep(0.01)
            if usual.status == 200:
                self.confirmed.add(name)
            return usual
        if fault.takes:
            self._usual(request, name)
        await self._clock.sleep(0.01 + fault.after)
        return fault.response

    def _usual(self, request: Request, name: str) -> Response:
        if request.method == "GET":
            return taken(name, room_of(request)) if self.taken[name] else refused("invalid-message")
        if request.method == "DELETE":
            there, self.taken[name] = self.taken[name], 0
            return taken(name) if there else refused("invalid-message")
        if b"_id" not in (request.body or b""):
            self.taken[name] += 1
            return Response(200, {}, b'{"success":true}')
        if self.taken[name]:
            return refused("Cannot convert undefined or null to object")
        self.taken[name] += 1
        return taken(name, room_of(request))


def _queues(faults: Mapping[str, Sequence[Fault]] | None) -> dict[str, Iterator[Fault]]:
    return {name: iter(each) for name, each in (faults or {}).items()}


def room_of(request: Request) -> str:
    if request.method == "GET":
        return request.url.rpartition("rid=")[2]
    return str(json.loads(request.body or b"")["rid"])


def taken(name: str, room: str = "r1") -> Response:
    return Response(200, {}, json.dumps({"success": True, "message": {"_id": name, "rid": room}}).encode())


def refused(error: str, status: int = 400) -> Response:
    return Response(status, {}, json.dumps({"success": False, "error": error}).encode())


FAST = DeliverySettings(rate=1000)


class FakeDelivery(NamedTuple):
    """A delivery with its fakes."""

    clock: FakeClock
    log: FakeAttemptLog
    server: ChatServer
    shutdown: Shutdown
    context: DeliveryContext

    async def deliver(self) -> None:
        """Run the delivery to its end."""
        await self.clock.run(WorkerPool(self.context).deliver())


def context_for(
    channel: str, settings: DeliverySettings, clock: FakeClock, *, transport: Transport, log: AttemptLog
) -> DeliveryContext:
    """A context whose back-off has no jitter."""
    shutdown = Shutdown()
    return DeliveryContext(
        channel=CHANNELS[channel],
        settings=settings,
        transport=transport,
        log=log,
        rate_limiter=LocalRateLimiter(settings.rate, clock, shutdown, give_up_after=settings.give_up_after),
        shutdown=shutdown,
        clock=clock,
        random=lambda: 1.0,
    )


def fake_delivery(
    channel: str,
    count: int = 1,
    settings: DeliverySettings = FAST,
    *,
    faults: Mapping[str, Sequence[Fault]] | None = None,
    read_back_faults: Mapping[str, Sequence[Fault]] | None = None,
    destinations: int = 1_000_000,
) -> FakeDelivery:
    clock = FakeClock()
    log, server = FakeAttemptLog(channel, count, destinations), ChatServer(clock, faults, read_back_faults)
    context = context_for(channel, settings, clock, transport=server, log=log)
    return FakeDelivery(clock, log, server, context.shutdown, context)
