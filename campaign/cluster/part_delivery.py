"""The delivery of one part of a run, under a lease, with what the parts of the run share in this worker."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from campaign.cluster.events import Paused
from campaign.cluster.limits import CappedLimiter
from campaign.delivery import SharedRateLimiter, Shutdown, StopReason
from campaign.delivery.ports import SystemClock
from campaign.runs.delivery import Delivery
from campaign.runs.rounds import Wanted
from campaign.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.cluster.lease import Lease
    from campaign.cluster.limits import Traffic
    from campaign.delivery.budget import Budget
    from campaign.delivery.proxies import ProxySettings
    from campaign.journal import RunRecord
    from campaign.journal.cluster import HeldPart, OpenRun
    from campaign.journal.postgres.part_journal import PartJournal
    from campaign.runs.rounds import Rounds


SILENT = StopReason("the database was out of reach for too long", journal=True)
"""Stop reason of what was held under a lease that is not good any more."""


@dataclass(eq=False)
class RunHere:
    """What the jobs of one run share in a worker.

    Attributes:
        run: the run.
        record: the same, with the settings by which it is delivered now.
        credentials: the values that its server asks for.
        lease: under which its parts are held.
        limiter: of its requests.
        shared: the limiter that it wraps: what all workers of the run may send.
        shutdown: ends them all.
        tasks: the jobs under way.
        deliveries: those of the jobs under way.
    """

    run: OpenRun
    record: RunRecord
    credentials: Mapping[str, str]
    lease: Lease
    limiter: CappedLimiter
    shared: SharedRateLimiter
    shutdown: Shutdown
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    deliveries: set[PartDelivery] = field(default_factory=set)


def run_here(
    run: OpenRun,
    record: RunRecord,
    credentials: Mapping[str, str],
    lease: Lease,
    traffic: Traffic,
    *,
    budget: Budget,
) -> RunHere:
    """What the jobs of a run share.

    Args:
        run: the run.
        record: the same, with the settings by which it is delivered now.
        credentials: the values that its server asks for.
        lease: under which its parts are held.
        traffic: the requests of all runs.
        budget: what all workers of the run may send.
    """
    shutdown, settings = Shutdown(), record.manifest.settings
    # Where the database is out of reach, the lease ends what is held.
    shared = SharedRateLimiter(
        budget, settings.rate, SystemClock(), shutdown, give_up_after=settings.give_up_after, patience=math.inf
    )

    def paused(seconds: float, all_workers: bool) -> None:  # noqa: FBT001 - a callback of the limiter
        traffic.observe(Paused(run.campaign, record.number, seconds, all_workers))

    limiter = CappedLimiter(shared, traffic, asyncio.Semaphore(settings.concurrency), paused)
    return RunHere(run, record, credentials, lease, limiter, shared, shutdown)


class PartDelivery(Delivery):
    """Delivers what is waiting in a part. It has no session: the order's is that of all parts.

    Attributes:
        results: how many attempts ended with each result so far.
    """

    def __init__(self, here: RunHere, part: HeldPart, journal: PartJournal, proxies: ProxySettings) -> None:
        # Lists of those who get nothing are read where the run is watched; the gate holds back rows by their number.
        manifest = replace(part.run.manifest, suppress=())
        run = Run(journal, replace(part.run, manifest=manifest), here.credentials, proxies=proxies)
        settings = replace(run.settings, gate=None, limit=None)
        super().__init__(run, settings, part.retry, part.rows)
        self.rate_limiter = here.limiter
        self.results = journal.attempt_results
        self.may_send = self._is_leased
        self._lease = here.lease
        self._shutdown = here.shutdown
        self._session = here.run.order

    async def deliver(self) -> StopReason | None:
        """Deliver the part.

        Returns:
            Why it ended before the last row; None where it did not.

        Raises:
            CampaignError: what comes before sending could not be done.
        """
        self._attach()
        return await self._work()

    def _is_leased(self) -> bool:
        """Whether a request may leave; where it may not, the part ends here, and begins anew once the lease is good."""
        if self._lease.may_send(self._settings.timeout):
            return True
        self._shutdown.request(SILENT)
        return False

    async def _perform_rounds(self, rounds: Rounds) -> StopReason | None:
        return await rounds.deliver(Wanted(self._retry))
