"""A livechat server with Rocket.Chat's rate limiter behind a network with latency, on a fake clock."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

from campaign.channels.base import Response

if TYPE_CHECKING:
    from campaign.channels.base import NoResponse, Request

    from .fake_clock import FakeClock


@dataclass(frozen=True)
class Conditions:
    """The server's limit and clock, and the network's latency.

    Attributes:
        limit: requests per window.
        seconds: the length of a window.
        skew: seconds by which the server's clock is ahead of ours.
        drift: seconds by which it gains on ours per second.
        date_ahead: seconds by which the clock that stamps `Date` is ahead of the server's own, as a proxy's may be.
        shortest, longest: seconds of network latency each way.
    """

    limit: int = 10
    seconds: float = 2.0
    skew: float = 0.0
    drift: float = 0.0
    date_ahead: float | None = 0.0
    shortest: float = 0.001
    longest: float = 0.05


class LimitedServer:
    """Fixed windows, each starting with the first request after the previous one ended; refused requests count too."""

    def __init__(self, clock: FakeClock, conditions: Conditions, seed: int) -> None:
        self._clock = clock
        self._conditions = conditions
        self._random = random.Random(seed)
        self._ends = float("-inf")
        self._hits = 0
        self.arrived_at: list[float] = []
        self.refused = 0

    async def send(self, request: Request) -> Response | NoResponse:
        await self._clock.sleep(self._way())
        response = self._respond(request)
        await self._clock.sleep(self._way())
        return response

    def hit(self) -> bool:
        """Count a request of any client; return whether it is within the limit."""
        now = self._time()
        if now >= self._ends:
            self._ends, self._hits = now + self._conditions.seconds, 0
        self._hits += 1
        return self._hits <= self._conditions.limit

    def _way(self) -> float:
        return self._random.uniform(self._conditions.shortest, self._conditions.longest)

    def _time(self) -> float:
        return self._clock.epoch() + self._conditions.skew + self._conditions.drift * self._clock.now()

    def _respond(self, request: Request) -> Response:
        self.arrived_at.append(self._clock.now())
        allowed = self.hit()
        headers = {
            "x-ratelimit-limit": str(self._conditions.limit),
            "x-ratelimit-remaining": str(max(0, self._conditions.limit - self._hits)),
            "x-ratelimit-reset": str(round(self._ends * 1000)),
        }
        if self._conditions.date_ahead is not None:
            headers["date"] = formatdate(int(self._time() + self._conditions.date_ahead), usegmt=True)
        if not allowed:
            self.refused += 1
            text = f"Error, too many requests. You must wait {-int(self._time() - self._ends) + 1} seconds"
            return Response(429, headers, json.dumps({"success": False, "error": text}).encode())
        message = json.loads(request.body or b"")
        return Response(200, headers, json.dumps({"success": True, "message": message}).encode())
