"""The delivery of one part of a run, under a lease, with what the parts of the run share in this worker."""

from __future__ import annotations

import asyncio
import contextlib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from campaign.cluster.events import Paused
from campaign.cluster.limits import CappedLimiter
from campaign.delivery import HttpTransport, SharedRateLimiter, Shutdown, StopReason
from campaign.runs.delivery import Delivery
from campaign.runs.rounds import Wanted
from campaign.runs.run import Run, channel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from campaign.cluster.contact import Contact
    from campaign.cluster.lease import Lease
    from campaign.cluster.limits import Traffic
    from campaign.delivery.budget import Budget
    from campaign.delivery.connection_budget import ConnectionBudget
    from campaign.delivery.ports import Clock
    from campaign.delivery.proxies import ProxySettings
    from campaign.errors import Problem
    from campaign.journal import RunRecord
    from campaign.journal.cluster import HeldPart, OpenRun
    from campaign.journal.postgres.part_journal import PartJournal, RunAttemptLog
    from campaign.runs.rounds import Rounds
    from campaign.runs.target import Target

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
        transport: to its server; connections that are open serve all parts.
        log: the record of their attempts.
        limiter: of its requests.
        shared: the limiter that it wraps: what all workers of the run may send.
        shutdown: ends them all.
        contact: whether its server responds.
        clock: the database's.
        lists_good_until: rows begin only before that moment on it; None: the run's lists are not read again.
        resources: what is closed at the end.
        tasks: the jobs under way.
        deliveries: those of the jobs under way.
        say: is given what is worth saying once of the run.
    """

    run: OpenRun
    record: RunRecord
    credentials: Mapping[str, str]
    lease: Lease
    transport: HttpTransport
    log: RunAttemptLog
    limiter: CappedLimiter
    shared: SharedRateLimiter
    shutdown: Shutdown
    contact: Contact
    clock: Clock
    lists_good_until: float | None
    resources: contextlib.AsyncExitStack
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    deliveries: set[PartDelivery] = field(default_factory=set)
    say: Callable[[Problem], object] = lambda _problem: None

    @property
    def ends(self) -> bool:
        """Whether no further part may be delivered with what it has: it is closed, and then made anew."""
        return bool(self.shutdown) or self.log.failed

    async def close(self) -> None:
        """Write what is left, close the connections, and give back what was lent.

        Raises:
            JournalError: not all of it could be written.
        """
        await self.resources.aclose()


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """What the runs share in a worker.

    Attributes:
        lease: under which their parts are held.
        traffic: the requests.
        connections: for requests with a connection of their own.
        proxies: the proxies of this machine.
        clock: the database's.
    """

    lease: Lease
    traffic: Traffic
    connections: ConnectionBudget
    proxies: ProxySettings
    clock: Clock


async def run_here(  # noqa: PLR0913, PLR0917 - what it consists of
    run: OpenRun,
    record: RunRecord,
    credentials: Mapping[str, str],
    share: WorkerShare,
    budget: Budget,
    contact: Contact,
    log: RunAttemptLog,
) -> RunHere:
    """What the jobs of a run share; to be closed.

    Args:
        run: the run.
        record: the same, with the settings by which it is delivered now.
        credentials: the values that its server asks for.
        share: what all runs share here.
        budget: what all workers of the run may send.
        contact: whether its server responds.
        log: the record of the attempts.

    Raises:
        JournalError: the database cannot be reached.
    """
    shutdown = Shutdown()
    shared = _shared_limiter(record, share, shutdown, budget)
    transport = _transport_of(record, credentials, share, shutdown)
    async with contextlib.AsyncExitStack() as opening:
        for each in (shared, log, transport):
            await opening.enter_async_context(each)
        resources = opening.pop_all()
    return RunHere(
        run=run,
        record=record,
        credentials=credentials,
        lease=share.lease,
        transport=transport,
        log=log,
        limiter=_limiter_of(run, record, share, shared, contact),
        shared=shared,
        shutdown=shutdown,
        contact=contact,
        clock=share.clock,
        lists_good_until=run.lists_good_until,
        resources=resources,
    )


def _shared_limiter(record: RunRecord, share: WorkerShare, shutdown: Shutdown, budget: Budget) -> SharedRateLimiter:
    settings = record.manifest.settings
    return SharedRateLimiter(
        budget,
        settings.rate,
        share.clock,
        shutdown,
        give_up_after=settings.give_up_after,
        patience=math.inf,  # where the database is out of reach, the lease ends what is held
        places=share.traffic.places,
    )


def _limiter_of(
    run: OpenRun, record: RunRecord, share: WorkerShare, shared: SharedRateLimiter, contact: Contact
) -> CappedLimiter:
    def paused(seconds: float, all_workers: bool) -> None:  # noqa: FBT001 - a callback of the limiter
        share.traffic.observe(Paused(run.campaign, record.number, seconds, all_workers))

    cap = asyncio.Semaphore(record.manifest.settings.concurrency)
    return CappedLimiter(shared, share.traffic, cap, paused, contact)


def _transport_of(
    record: RunRecord, credentials: Mapping[str, str], share: WorkerShare, shutdown: Shutdown
) -> HttpTransport:
    settings, channel = record.manifest.settings, channel_of(record)

    def may_send() -> bool:
        """Whether a request may leave; where not, all parts end here, and begin anew once the lease is good."""
        if share.lease.may_send(settings.timeout):
            return True
        shutdown.request(SILENT)
        return False

    transport = HttpTransport(
        record.manifest.server,
        settings,
        channel.auth_headers(credentials),
        can_read_back=channel.can_read_back,
        proxies=share.proxies,
        may_send=may_send,
    )
    transport.own_connections = share.connections
    return transport


class PartDelivery(Delivery):
    """Delivers what is waiting in a part. It has no session: the order's is that of all parts.

    Attributes:
        results: how many attempts ended with each result so far.
    """

    def __init__(self, here: RunHere, part: HeldPart, journal: PartJournal) -> None:
        # Lists of those who get nothing are read where the run is watched; the gate holds back rows by their number.
        manifest = replace(part.run.manifest, suppress=())
        run = Run(journal, replace(part.run, manifest=manifest), here.credentials)
        settings = replace(run.settings, gate=None, limit=None)
        super().__init__(run, settings, part.retry, part.rows)
        if part.reads_lists:
            run.before_sending.append(self._wait_for_lists)
        self.rate_limiter = here.limiter
        self.results = journal.attempt_results
        self.clock = here.clock
        self._here = here
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

    def _transport_to(self, target: Target) -> AbstractAsyncContextManager[HttpTransport]:  # noqa: ARG002 - the run's
        return contextlib.nullcontext(self._here.transport)

    async def _perform_rounds(self, rounds: Rounds) -> StopReason | None:
        return await rounds.deliver(Wanted(self._retry))
