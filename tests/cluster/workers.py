"""Workers that share the limits of one run: their rate limiters over PostgreSQL, and real requests to a sandbox.

    python -m tests.cluster.workers JOURNAL CAMPAIGN SERVER ROWS RATE EGRESS

sends so many messages, and prints how often it asked the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, NamedTuple

from campaign.channels import CHANNELS
from campaign.channels.base import Response
from campaign.delivery import HttpTransport, SharedRateLimiter, Shutdown
from campaign.delivery.ports import SystemClock
from campaign.journal import open_journal
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from campaign.delivery.budget import Ask, Budget, Slice

CONCURRENCY = 8
CHANNEL = CHANNELS.find("livechat")


class CountingBudget:
    """Counts the exchanges with a budget."""

    def __init__(self, budget: Budget) -> None:
        self.exchanges = 0
        self.seconds = 0.0
        self._budget = budget

    async def take(self, ask: Ask) -> Slice:
        began = time.perf_counter()
        found = await self._budget.take(ask)
        self.exchanges += 1
        self.seconds += time.perf_counter() - began
        return found

    async def close(self) -> None:
        await self._budget.close()


class Worker(NamedTuple):
    """A worker that may send.

    Attributes:
        limiter: its rate limiter.
        budget: counts.
        transport: to the server.
    """

    limiter: SharedRateLimiter
    budget: CountingBudget
    transport: HttpTransport

    async def send(self, rows: int) -> None:
        """Send so many messages, as many at once as one worker does by default."""
        left = iter(range(rows))
        await asyncio.gather(*(self._send(left) for _ in range(CONCURRENCY)))

    async def _send(self, left: Iterator[int]) -> None:
        for _ in left:
            name = uuid.uuid4().hex
            body = json.dumps({"_id": name, "token": name, "rid": name, "msg": "Xin chào"}).encode()
            permit = await self.limiter.acquire("send")
            if permit is None:
                return
            response = await self.transport.send(CHANNEL.send_request(body))
            whole = response if isinstance(response, Response) else None
            quota = CHANNEL.quota(whole) if whole else None
            self.limiter.release(permit, whole, quota, healthy=whole is not None and whole.status == 200)


@contextlib.asynccontextmanager
async def worker(
    journal: str, campaign: str, server: str, rate: float | None, *, egress: str = "office"
) -> AsyncIterator[Worker]:
    """A worker of a campaign's first run, with connections of its own."""
    with open_journal(journal, campaign=campaign, create=False) as opened:
        assert opened.limits is not None
        budget = CountingBudget(opened.limits.budget(1, {}, server, egress))
        settings = DeliverySettings(rate=rate, concurrency=CONCURRENCY)
        limiter = SharedRateLimiter(budget, rate, SystemClock(), Shutdown())
        async with limiter, HttpTransport(server, settings) as transport:
            yield Worker(limiter, budget, transport)


async def main(*arguments: str) -> None:
    """Send, once the line "go" arrives."""
    journal, campaign, server, rows, rate, egress = arguments
    async with worker(journal, campaign, server, None if rate == "auto" else float(rate), egress=egress) as made:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        warnings: list[str] = []
        made.limiter.on_other_senders = lambda: warnings.append(egress)
        began = time.perf_counter()
        await made.send(int(rows))
        seconds = time.perf_counter() - began
        found = {"exchanges": made.budget.exchanges, "seconds": seconds, "asking": made.budget.seconds}
        found["warnings"] = len(warnings)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
