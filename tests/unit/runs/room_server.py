"""The sandbox's visitors and rooms behind a network with latency, on a fake clock."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from campaign.channels.base import NoResponse, Response
from campaign.channels.livechat.sandbox_rooms import FindRoom, RegisterVisitor, room_routes
from campaign.channels.sandbox_api import RouteSettings, SandboxRequest

if TYPE_CHECKING:
    from campaign.channels.base import Request
    from tests.unit.delivery.fake_clock import FakeClock


@dataclass(frozen=True, slots=True)
class FakeTime(RouteSettings):
    """Settings of routes whose clock is a fake one."""

    clock: FakeClock | None = None

    def now(self) -> float:
        assert self.clock is not None
        return self.clock.epoch() + self.clock_skew


class RoomServer:
    """Answers as Rocket.Chat; a fraction of the responses is lost after the request was served."""

    def __init__(self, clock: FakeClock, settings: RouteSettings, *, lost: float = 0.0, seed: int = 1) -> None:
        known = FakeTime(settings.limit, settings.clock_skew)
        register, find = room_routes(replace(known, clock=clock))
        assert isinstance(register, RegisterVisitor)
        assert isinstance(find, FindRoom)
        self._routes = {register.path: register, find.path: find}
        self._clock = clock
        self._skew = settings.clock_skew
        self._lost = lost
        self._random = random.Random(seed)
        self.book = register.book
        self.statuses: list[int] = []

    async def send(self, request: Request) -> Response | NoResponse:
        await self._clock.sleep(self._random.uniform(0.001, 0.05))
        url = urlsplit(request.url)
        body = json.loads(request.body) if request.body else None
        asked = SandboxRequest(url.path, dict(parse_qsl(url.query)), {}, body=body, received_at=self._clock.epoch())
        reply = self._routes[url.path].respond(asked, lambda _id: None)
        self.statuses.append(reply.status)
        date = formatdate(int(self._clock.epoch() + self._skew), usegmt=True)
        headers = {"date": date, **{name.lower(): text for name, text in reply.headers.items()}}
        await self._clock.sleep(self._random.uniform(0.001, 0.05))
        if self._random.random() < self._lost:
            return NoResponse("the connection was lost", request_left=True)
        return Response(reply.status, headers, reply.body)
