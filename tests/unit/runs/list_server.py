"""A Kitechat server with a list of messages, on a fake clock: what it takes, loses, lists late and never lists."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from campaign.channels import KITECHAT
from campaign.channels.base import NoResponse, Response
from campaign.channels.kitechat.listed import moment_of
from campaign.channels.look_up import look_up_of
from campaign.delivery import DeliveryContext, LocalRateLimiter, Progress, Shutdown
from campaign.journal import PlannedRow, State
from campaign.journal.cells import encode_cells
from campaign.journal.memory import MemoryJournal
from campaign.runs.doubts import DoubtSettler
from campaign.runs.holds import Holds
from campaign.runs.rounds import Round, Rounds, Wanted
from campaign.settings import DeliverySettings
from tests.unit.delivery.fake_clock import FakeClock
from tests.unit.journal.planning import FACTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from campaign.channels.base import Request
    from campaign.delivery import RowEvent, StopReason

LOST = NoResponse("the connection broke before the answer", request_left=True)


class Stored(NamedTuple):
    """A message on the server; `at` by the local clock."""

    message_id: str
    conversation: str
    text: str
    at: float
    by_hand: bool = False


class Fate(NamedTuple):
    """What becomes of one request to send: whether the server takes it, and whether its response arrives."""

    taken: bool = True
    answered: bool = True


@dataclass
class ListServer:
    """The server. `fates` are those of the first requests to send, in order; the others are taken and answered."""

    clock: FakeClock
    fates: list[Fate] = field(default_factory=list)
    lag: float = 0.0
    ahead: float = 0.0
    """Seconds by which its clock is ahead."""
    most: int = 100
    shows: Callable[[Stored], bool] = lambda _: True
    cut: Callable[[list[Stored]], list[Stored]] = list
    """What it lists of the messages of a period, oldest first."""
    asked_ahead: float = 0.0
    """Seconds by which it reads the times of a request too late, as one that takes them for those of another zone."""
    listed_ahead: float = 0.0
    """Seconds by which the clock of the list is ahead of that of its `Date`."""
    zone: float | None = None
    """Seconds by which the zone is ahead of UTC in which it writes times without naming it; None: milliseconds."""
    list_answers: list[Response | NoResponse] = field(default_factory=list)
    """Responses in place of the first pages."""
    has_ids: bool = True
    has_date: bool = True
    takes: float = 0.02
    """Seconds before and after a request is served."""
    stored: list[Stored] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    """When each request to send left, by the local clock."""
    pages: int = 0

    async def send(self, request: Request) -> Response | NoResponse:
        self.begun += [self.clock.epoch()] if request.method == "POST" else []
        await self.clock.sleep(self.takes)
        response = self._posted(request) if request.method == "POST" else self._listed(request)
        await self.clock.sleep(self.takes)
        return response

    def write_by_hand(self, conversation: str, text: str, at: float) -> None:
        self.stored.append(Stored(f"hand{len(self.stored)}", conversation, text, at, by_hand=True))

    @property
    def taken(self) -> Counter[str]:
        """Texts that were sent by the campaign, by how often."""
        return Counter(each.text for each in self.stored if not each.by_hand)

    def _posted(self, request: Request) -> Response | NoResponse:
        fate = self.fates.pop(0) if self.fates else Fate()
        body = json.loads(request.body or b"")
        message_id = f"m{len(self.stored)}"
        if fate.taken:
            text = body["message"]["text"]
            self.stored.append(Stored(message_id, body["conversationId"], text, self.clock.epoch()))
        answer = {"success": True, **({"messageId": message_id} if self.has_ids else {})}
        return Response(200, self._headers(), json.dumps(answer).encode()) if fate.answered else LOST

    def _listed(self, request: Request) -> Response | NoResponse:
        self.pages += 1
        if self.list_answers:
            return self.list_answers.pop(0)
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        start, end = moment_of(query["created_from"]), moment_of(query["created_to"])
        assert start is not None
        assert end is not None
        now, ahead = self.clock.epoch(), self.ahead + self.asked_ahead
        found = [
            each
            for each in self.stored
            if start.earliest <= each.at + ahead <= end.earliest and each.at + self.lag <= now and self.shows(each)
        ]
        found = self.cut(found)
        first = int(query["offset"])
        page = found[first : first + min(self.most, int(query["limit"]))]
        sessions = [
            {"pageId": "p", "conversationId": each.conversation, "messages": [self._entry(each)]} for each in page
        ]
        return Response(200, self._headers(), json.dumps({"success": True, "data": {"sessions": sessions}}).encode())

    def _entry(self, stored: Stored) -> dict[str, object]:
        at = stored.at + self.ahead + self.listed_ahead
        created: object = int(at * 1000)
        if self.zone is not None:
            created = f"{datetime.fromtimestamp(at + self.zone, UTC):%Y-%m-%d %H:%M:%S}"
        return {"_id": stored.message_id, "message": stored.text, "isOutboundMessage": True, "createdAt": created}

    def _headers(self) -> dict[str, str]:
        if not self.has_date:
            return {}
        return {"date": formatdate(self.clock.epoch() + self.ahead, usegmt=True)}


class Message(NamedTuple):
    """A row to send."""

    conversation: str
    text: str


class Campaign:
    """One run in a journal in memory, delivered in rounds to a `ListServer`."""

    def __init__(self, server: ListServer, messages: Sequence[Message], settings: DeliverySettings) -> None:
        self.server, self.clock, self.settings = server, server.clock, settings
        self.journal = MemoryJournal(server.clock)
        self.journal.begin_run(FACTS)
        self.journal.add(1, 1, [_planned(row, each) for row, each in enumerate(messages, start=2)])
        self.journal.seal(1)
        self.events: list[RowEvent] = []
        self.shutdown = Shutdown()
        self.progress = Progress()
        self.rounds = self._new_rounds()

    def _new_rounds(self) -> Rounds:
        self.holds = Holds(
            self.journal, 1, self.settings, progress=self.progress, shutdown=self.shutdown, clock=self.clock
        )
        return Rounds(DoubtSettler(self.journal, 1, look_up_of(KITECHAT), None), self._open, self.holds)

    async def deliver(self, wanted: Wanted = Wanted()) -> StopReason | None:  # noqa: B008 - frozen
        """Deliver as one process does, to the end."""
        self.rounds = self._new_rounds()
        return await self.clock.run(self.rounds.deliver(replace(wanted, limit=self.settings.limit)))

    async def deliver_and_be_killed(self, after: float) -> None:
        """Deliver until the process is killed, where it has not ended by then; then resume would begin like this."""

        async def work() -> None:
            delivering = asyncio.ensure_future(self.rounds.deliver(Wanted()))
            dying = asyncio.ensure_future(self.clock.sleep(after))
            await asyncio.wait((delivering, dying), return_when=asyncio.FIRST_COMPLETED)
            for task in (delivering, dying):
                task.cancel()
            await asyncio.wait((delivering, dying))

        self.rounds = self._new_rounds()
        await self.clock.run(work())
        self.journal.mark_cut_off_in_doubt(1)

    @contextlib.asynccontextmanager
    async def _open(self, each: Round) -> AsyncIterator[DeliveryContext]:
        limiter = LocalRateLimiter(self.settings.rate, self.clock, self.shutdown)
        async with self.journal.attempt_log(1, each.retry) as log:
            yield DeliveryContext(
                channel=KITECHAT,
                settings=replace(self.settings, limit=each.limit),
                transport=self.server,
                log=log,
                rate_limiter=limiter,
                shutdown=self.shutdown,
                clock=self.clock,
                progress=self.progress,
                last=each.last,
                admission=each.admission,
                finished=each.finished,
                on_event=self.events.append,
                random=lambda: 1.0,
            )

    @property
    def states(self) -> list[State]:
        return [row.state for row in self.journal.results(1)]

    @property
    def reasons(self) -> list[str]:
        return [row.reason for row in self.journal.results(1)]


def _planned(row: int, message: Message) -> PlannedRow:
    payload = {
        "pageId": "p",
        "conversationId": message.conversation,
        "message": {"type": "text", "text": message.text},
    }
    body = json.dumps(payload).encode()
    return PlannedRow(row, State.PENDING, f"p/{message.conversation}", body=body, cells=encode_cells(["x"], (), ()))


def settings(on_doubt: str = "ask", **others: object) -> DeliverySettings:
    return DeliverySettings(**{"rate": 1000, "stop_after_refusals": 0, "on_doubt": on_doubt, **others})  # type: ignore[arg-type]
