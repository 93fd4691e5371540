"""The delivery of one part of a run, under a lease, with what the parts of the run share in this worker."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from campaign.cluster.limits import CappedLimiter
from campaign.delivery import SharedRateLimiter, Shutdown, StopReason
from campaign.runs.delivery import Delivery
from campaign.runs.rounds import Wanted
from campaign.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.cluster.contact import Contact
    from campaign.cluster.lease import Lease
    from campaign.delivery.budget import Budget
    from campaign.delivery.ports import Clock
    from campaign.delivery.proxies import ProxySettings
    from campaign.journal import JournalStore, RunRecord
    from campaign.journal.cluster import HeldPart, OpenRun
    from campaign.runs.rounds import Rounds

LOOK = 0.1
"""Seconds between two looks at what the worker knows of its run."""

SILENT = StopReason("the database was out of reach for too long", journal=True)
"""Stop reason of what was held under a lease that is not good any more."""

OUT_OF_REACH = StopReason("the server does not respond to this worker", interrupted=True)
"""Stop reason of what other workers go on with, to which it responds."""


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
        contact: whether its server responds.
        clock: the database's.
        lists_good_until: rows begin only before that moment on it; None: the run's lists are not read again.
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
    contact: Contact
    clock: Clock
    lists_good_until: float | None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    deliveries: set[PartDelivery] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """What all runs share in a worker.

    Attributes:
        lease: under which parts are held.
        places: for requests under way.
        clock: the database's.
    """

    lease: Lease
    places: asyncio.Semaphore
    clock: Clock


def run_here(
    run: OpenRun,
    record: RunRecord,
    credentials: Mapping[str, str],
    share: WorkerShare,
    *,
    budget: Budget,
    contact: Contact,
) -> RunHere:
    """What the jobs of a run share.

    Args:
        run: the run.
        record: the same, with the settings by which it is delivered now.
        credentials: the values that its server asks for.
        share: what all runs share.
        budget: what all workers of the run may send.
        contact: whether its server responds.
    """
    shutdown, settings, clock = Shutdown(), record.manifest.settings, share.clock
    # Where the database is out of reach, the lease ends what is held.
    shared = SharedRateLimiter(
        budget, settings.rate, clock, shutdown, give_up_after=settings.give_up_after, patience=math.inf
    )
    limiter = CappedLimiter(shared, asyncio.Semaphore(settings.concurrency), share.places, contact=contact)
    return RunHere(
        run, record, credentials, share.lease, limiter, shared, shutdown, contact, clock, run.lists_good_until
    )


class PartDelivery(Delivery):
    """Delivers what is waiting in a part. It has no session: the order's is that of all parts."""

    def __init__(self, here: RunHere, part: HeldPart, journal: JournalStore, proxies: ProxySettings) -> None:
        # The lists of those who get nothing are read by the process that watches; the gate holds back rows by their
        # number.
        manifest = replace(part.run.manifest, suppress=())
        run = Run(journal, replace(part.run, manifest=manifest), here.credentials, proxies=proxies)
        settings = replace(run.settings, gate=None, limit=None)
        super().__init__(run, settings, part.retry, part.rows)
        if part.reads_lists:
            run.before_sending.append(self._wait_for_lists)
        self.rate_limiter = here.limiter
        self.clock = here.clock
        self._here = here
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

    async def _wait_for_lists(self) -> None:
        """Wait until the process that watches has read the lists; only then are rows read that are to be sent."""
        while not self._shutdown and (self._here.lists_good_until or 0.0) <= self._here.clock.epoch():
            await self._shutdown.sleep(self._here.clock, LOOK)

    def _is_leased(self) -> bool:
        """Whether a request may leave; where it may not, the part ends here, and begins anew once the lease is good."""
        if self._lease.may_send(self._settings.timeout):
            return True
        self._shutdown.request(SILENT)
        return False

    async def _perform_rounds(self, rounds: Rounds) -> StopReason | None:
        return await rounds.deliver(Wanted(self._retry))
