"""Asking for the conversations of visitors: registrations and rooms, each as fast as the server allows for its route.

The two have limits of their own, so neither waits for the other: registrations are made in the order of the list, and a
visitor's room is asked for once the server knows the visitor. A visitor has one request at a time, because two at once
could open two rooms.

Visitors with a phone number alone are registered last. A server may know one visitor by the phone number of one row and
by the e-mail address of another; it gives the visitor the token of the registration by address, and tells that token to
the one by phone. The other way round the row with the phone number would be left with a token that is none any more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from campaign.channels.base import NotFound, Refused
from campaign.channels.rooms import Registered, Room
from campaign.delivery.asking import Asker
from campaign.delivery.shutdown import StopReason, fault_reason
from campaign.errors import JournalError
from campaign.journal.room_records import RecordedWindow, Visit, VisitState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from campaign.channels.base import NoResponse, Request, Response
    from campaign.channels.rooms import Registration, Rooms, RoomVerdict, VisitorData
    from campaign.delivery import LocalRateLimiter
    from campaign.delivery.asking import AskContext
    from campaign.journal.sqlite.room_record import RoomRecord

    Keys: TypeAlias = asyncio.Queue[str | None]

VISITOR, ROOM = "visitor", "room"
"""The routes: servers count each separately."""

NOT_REGISTERED = "the server knows no visitor with this token, and the row has nothing to register one with"
KEPT_SECRET = "the server knows this visitor already, by a token that it does not tell"  # noqa: S105 - no token


class RoomTask:
    """Asks for the rooms of visitors until each is settled or the command stops."""

    def __init__(
        self,
        context: AskContext,
        limiter: LocalRateLimiter,
        rooms: Rooms,
        record: RoomRecord,
        *,
        in_thread: Callable[..., Awaitable[object]] = asyncio.to_thread,
    ) -> None:
        """Prepare.

        Args:
            context: what to ask with.
            limiter: the limiter of the context.
            rooms: how the server is asked.
            record: where every request is put on record.
            in_thread: calls a function that waits for the disk, outside the event loop.
        """
        self.context = context
        self._limiter = limiter
        self._rooms = rooms
        self._record = record
        self._in_thread = in_thread
        self._visits: dict[str, Visit] = {}
        self._data: Mapping[str, VisitorData] = {}
        self._to_register: Keys = asyncio.Queue()
        self._to_find: Keys = asyncio.Queue()
        self._registered: set[str] = set()
        self._by_address: set[str] = set()
        self._by_phone: list[str] = []
        self._unsettled = 0
        self._settled = asyncio.Event()

    async def perform(self, visits: Mapping[str, Visit], data: Mapping[str, VisitorData], made: frozenset[str]) -> None:
        """Ask for the rooms of visitors.

        Args:
            visits: the visitors, by key, as they are on record.
            data: what to register of each.
            made: the keys of those whose token is made by us, so that no server knows it yet.
        """
        self._visits, self._data = dict(visits), data
        fresh = []
        for key, visit in visits.items():
            if visit.state is VisitState.WAITING and key in made:
                fresh.append(key)
            else:
                self._to_find.put_nowait(key)
        self._queue_registrations(fresh)
        self._unsettled = len(visits)
        if not visits:
            return
        self._resume_windows()
        at_once = range(self.context.settings.concurrency)
        workers = [asyncio.ensure_future(self._work(self._to_register, self._register)) for _ in at_once]
        workers += [asyncio.ensure_future(self._work(self._to_find, self._find)) for _ in at_once]
        try:
            await self.context.shutdown.wait_for(self._settled.wait())
            for _ in at_once:
                self._to_register.put_nowait(None)
                self._to_find.put_nowait(None)
            await asyncio.wait(workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def _queue_registrations(self, keys: Sequence[str]) -> None:
        self._by_address = {key for key in keys if self._data[key].email}
        if self._by_address:
            self._by_phone = [key for key in keys if self._data[key].phone and not self._data[key].email]
        last = set(self._by_phone)
        for key in keys:
            if key not in last:
                self._to_register.put_nowait(key)

    def _answered(self, key: str) -> None:
        """Let the registrations by phone number begin after the last one by address."""
        self._by_address.discard(key)
        if not self._by_address:
            for later in self._by_phone:
                self._to_register.put_nowait(later)
            self._by_phone = []

    def _resume_windows(self) -> None:
        """Leave to the server's windows what an earlier process has used of them."""
        clock, rooms = self.context.clock, self._rooms
        usual = {VISITOR: rooms.usual_registrations, ROOM: rooms.usual_rooms}
        for route, window in self._record.windows(usual).items():
            if until := window.closed_until():
                wait = min(until - clock.epoch(), window.length + 1.0)  # the clock may have been set since
                self._limiter.close_until(route, clock.now() + wait)

    async def _work(self, keys: Keys, step: Callable[[str], Awaitable[None]]) -> None:
        shutdown = self.context.shutdown
        try:
            while (key := await keys.get()) is not None and not shutdown:
                await step(key)
        except JournalError as error:
            shutdown.request(StopReason(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others end in order
            shutdown.request(fault_reason(error, self.context.redaction))

    async def _register(self, key: str) -> None:
        visit, data = self._visits[key], self._data[key]
        question = _Registration(self._rooms, visit.token, data)
        record = _Record(self, VISITOR, key, _after_registration)
        self._registered.add(key)
        answer = await Asker(self.context, question, record).ask()
        if isinstance(answer, Registered):
            self.context.breaker.record_success()
            self._to_find.put_nowait(key)
        elif isinstance(answer, Refused):
            self._refused(answer)
        if answer is not None:
            self._answered(key)

    async def _find(self, key: str) -> None:
        record = _Record(self, ROOM, key, self._after_room)
        answer = await Asker(self.context, _RoomQuestion(self._rooms, self._visits[key].token), record).ask()
        if isinstance(answer, Room):
            self.context.breaker.record_success()
            self.context.progress.sent += 1
            self._settle()
        elif isinstance(answer, Refused):
            self._refused(answer)
        elif isinstance(answer, NotFound):
            if self._visits[key].state is VisitState.REFUSED:
                self._refused(Refused("unknown token", self._visits[key].reason))
            else:
                self._to_register.put_nowait(key)

    def _after_room(self, visit: Visit, verdict: object) -> Visit | None:
        """What a visitor is after a response about its room."""
        if isinstance(verdict, Room):
            state = VisitState.OPENED if verdict.opened else VisitState.FOUND
            return visit._replace(state=state, rid=verdict.rid)
        if isinstance(verdict, Refused):
            return visit._replace(state=VisitState.REFUSED, reason=verdict.reason)
        if isinstance(verdict, NotFound) and visit.key in self._registered:
            return visit._replace(state=VisitState.REFUSED, reason=KEPT_SECRET)
        if isinstance(verdict, NotFound) and not self._data[visit.key]:
            return visit._replace(state=VisitState.REFUSED, reason=NOT_REGISTERED)
        return None

    async def begin(self, route: str, key: str, at: float) -> int:
        """Put a request on record."""
        number = await self._in_thread(self._record.begin, route, key, at)
        assert isinstance(number, int)  # noqa: S101 - as `RoomRecord.begin` returns
        return number

    async def end(self, number: int, route: str, visit: Visit | None, key: str, result: object) -> None:
        """Put the result of a request on record; the visitor is what it says from then on."""
        window, clock = self._limiter.window(route), self.context.clock
        quota = None
        if window is not None:
            ends_at = clock.epoch() + window.ends_at - clock.now()
            quota = RecordedWindow(window.limit, window.left, ends_at, window.length)
        await self._in_thread(self._record.end, number, type(result).__name__.lower(), visit, quota)
        if visit is not None:
            self._visits[key] = visit

    def visit(self, key: str) -> Visit:
        """A visitor as it is now."""
        return self._visits[key]

    def _refused(self, refusal: Refused) -> None:
        self.context.progress.failed += 1
        count = self.context.breaker.count_refusal(refusal.kind)
        if count is not None:
            reason = self.context.redaction.text(refusal.reason)
            what = f"{count} visitors in a row were refused for the same reason ({reason})"
            self.context.shutdown.request(StopReason(what))
        self._settle()

    def _settle(self) -> None:
        self._unsettled -= 1
        if not self._unsettled:
            self._settled.set()


def _after_registration(visit: Visit, verdict: object) -> Visit | None:
    """What a visitor is after a response about its registration."""
    if isinstance(verdict, Registered):
        return visit._replace(state=VisitState.REGISTERED, token=verdict.token)
    if isinstance(verdict, Refused):
        return visit._replace(state=VisitState.REFUSED, reason=verdict.reason)
    return None


class _Record:
    """The record of one question's requests."""

    def __init__(self, task: RoomTask, route: str, key: str, became: Callable[[Visit, object], Visit | None]) -> None:
        self._task, self._route, self._key, self._became = task, route, key, became
        self._number = 0

    async def begin(self, at: float) -> None:
        """Put a request on record."""
        self._number = await self._task.begin(self._route, self._key, at)

    async def end(self, result: object) -> None:
        """Put its result on record."""
        visit = self._became(self._task.visit(self._key), result)
        await self._task.end(self._number, self._route, visit, self._key, result)


class _Registration:
    """The question whether the server takes a visitor."""

    route = VISITOR

    def __init__(self, rooms: Rooms, token: str, data: VisitorData) -> None:
        self._rooms, self._token, self._data = rooms, token, data
        self.request: Request = rooms.registration_request(token, data)

    def read(self, response: Response | NoResponse) -> Registration:
        """What a response says."""
        return self._rooms.read_registration(response, self._token, self._data)


class _RoomQuestion:
    """The question where a visitor's conversation is."""

    route = ROOM

    def __init__(self, rooms: Rooms, token: str) -> None:
        self._rooms, self._token = rooms, token
        self.request: Request = rooms.room_request(token)

    def read(self, response: Response | NoResponse) -> RoomVerdict:
        """What a response says."""
        return self._rooms.read_room(response, self._token)
