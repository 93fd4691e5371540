"""The runs that a worker delivers: what the jobs of each share is made, looked after and closed here."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from campaign.cluster.contact import Contact
from campaign.cluster.part_delivery import SILENT, RunHere, WorkerShare, run_here
from campaign.delivery import StopReason
from campaign.delivery.connection_budget import ConnectionBudget
from campaign.errors import CampaignError, KeyMissingError, Problem
from campaign.journal.server_changes import other_server
from campaign.runs.limits import other_senders, own_egress
from campaign.runs.run import channel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from campaign.cluster.job_runner import JobRunner, Trouble
    from campaign.cluster.lease import Lease
    from campaign.cluster.limits import Traffic
    from campaign.cluster.options import WorkerOptions
    from campaign.delivery.ports import Clock
    from campaign.journal.cluster import OpenRun
    from campaign.journal.postgres.cluster import ClusterStore

STOPPED = StopReason("the run is to stop", interrupted=True)
NO_CONTACT = "is left to other workers: its server does not respond to this one"


class RunsHere:
    """The runs of which a worker delivers parts. Used in the worker's event loop."""

    def __init__(  # noqa: PLR0917 - what it consists of
        self,
        store: ClusterStore,
        options: WorkerOptions,
        clock: Clock,
        traffic: Traffic,
        trouble: Trouble,
        say: Callable[[Problem], object],
    ) -> None:
        """Do nothing yet.

        Args:
            store: what the workers of the database share.
            options: what the worker was asked for.
            clock: the database's.
            traffic: the requests of all runs.
            trouble: says what is wrong with the database.
            say: is told what is worth knowing.
        """
        self._store = store
        self._options = options
        self._clock = clock
        self._traffic = traffic
        self._trouble = trouble
        self._say = say
        self._connections = ConnectionBudget()
        self._here: dict[int, RunHere] = {}
        self._unable: dict[int, str] = {}
        self._why: dict[int, str] = {}
        self._recorded_unable: dict[int, int] = {}
        self._contacts: dict[int, Contact] = {}
        self._said: set[Problem] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[RunHere]:
        return iter(list(self._here.values()))

    def get(self, run: OpenRun) -> RunHere | None:
        """What the jobs of a run share; None where none is under way."""
        return self._here.get(run.order)

    def contact(self, run: OpenRun) -> Contact | None:
        """Whether the run's server responds; None where it was not asked yet."""
        return self._contacts.get(run.order)

    def shut_down(self, reason: StopReason) -> None:
        """End what is under way."""
        for here in self:
            here.shutdown.request(reason)

    def follow(self, runs: Sequence[OpenRun]) -> None:
        """Take in how the runs are by now: those that are to stop end here."""
        going_on = {run.order: run for run in runs if not run.stops}
        self._contacts = {order: each for order, each in self._contacts.items() if order in going_on}
        for order, here in self._here.items():
            if order not in going_on:
                here.shutdown.request(STOPPED)
                continue
            here.lists_good_until = going_on[order].lists_good_until
            if here.lease.lost:  # since before it was known here
                here.shutdown.request(SILENT)

    async def begin(self, run: OpenRun, lease: Lease) -> RunHere | None:
        """Make what the jobs of a run need here; None where this worker cannot deliver it, which it says once.

        Raises:
            JournalError: the database cannot be reached.
        """
        record = await asyncio.to_thread(self._store.record, run)
        if record is None or run.order in self._unable:
            return None
        if run.server_change is not None:
            await self._refuse(run, run.server_change)
            return None
        try:
            credentials = self._options.find(channel_of(record))
        except CampaignError as error:
            self._unable[run.order] = str(error)
            self._why[run.order] = "has no key" if isinstance(error, KeyMissingError) else "lacks what it needs for it"
            self._say(Problem(f"{run.campaign}, run {record.number}", f"is left to other workers ({error})"))
            return None
        server, egress = record.manifest.server, self._options.egress or own_egress()
        budget = self._store.budget(run, record, credentials, egress)
        contact = self._contacts.setdefault(run.order, Contact(record.manifest.settings.give_up_after, self._clock))
        share = WorkerShare(lease, self._traffic, self._connections, self._options.proxies, self._clock)
        log = self._store.attempt_log(run)
        here = self._here[run.order] = await run_here(run, record, credentials, share, budget, contact, log)
        here.say = self._say_once
        here.shared.on_other_senders = partial(self._say_once, other_senders(server, egress))
        return here

    async def mind_contact(self, run: OpenRun, worker: int, runner: JobRunner) -> None:
        """Put on record whether the run's server responds, and leave the run to others where it has not for long.

        Raises:
            JournalError: the database cannot be read or written.
        """
        here, contact = self._here.get(run.order), self._contacts.get(run.order)
        if run.order in self._unable and self._recorded_unable.get(run.order) != worker:
            why = self._why.get(run.order, "")
            await asyncio.to_thread(self._store.set_reach, run, worker, 0.0, why)  # it is not to be left to this one
            self._recorded_unable[run.order] = worker
        if contact is None:
            return
        lacking = contact.lacking
        if contact.recorded != (number := None if lacking is None else worker):
            await asyncio.to_thread(self._store.set_reach, run, worker, lacking)
            contact.recorded = number
        if contact.is_lost and here is not None and not here.shutdown:
            await runner.leaves_to_others(here, worker)
        elif contact.rests and not await asyncio.to_thread(self._store.others_reach, run, worker):
            contact.end_rest()
        if contact.rests and not contact.told:
            contact.told = True
            self._say(Problem(run.campaign, NO_CONTACT, "see to this machine's network"))

    def close_idle(self) -> None:
        """Give back what runs were lent that have no job here."""
        for order, here in list(self._here.items()):
            if not here.tasks:
                del self._here[order]
                closing = asyncio.create_task(self._close(here))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

    async def closed(self) -> None:
        """Wait until everything that was to be closed is."""
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _close(self, here: RunHere) -> None:
        await self._trouble.tried(here.close())

    def _say_once(self, problem: Problem) -> None:
        if problem not in self._said:
            self._said.add(problem)
            self._say(problem)

    async def _refuse(self, run: OpenRun, change: str) -> None:
        """Stop a run of which attempts may be missing, until the operator decides how it goes on."""
        self._unable[run.order] = change
        problem = other_server(run.campaign, change).problems[0]
        self._say(problem)
        await asyncio.to_thread(self._store.stop_run, run, f"{problem.what}; {problem.remedy}")
