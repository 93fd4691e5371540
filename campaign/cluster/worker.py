"""A worker: takes jobs of runs that are left to workers, and delivers the parts that they name."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from campaign.cluster.contact import Contact
from campaign.cluster.database_clock import DatabaseClock
from campaign.cluster.job_runner import JobRunner, Trouble
from campaign.cluster.lease import Lease
from campaign.cluster.part_delivery import SILENT, PartDelivery, RunHere, WorkerShare, run_here
from campaign.cluster.reaper import Reaper
from campaign.delivery import StopReason
from campaign.delivery.ports import SystemClock
from campaign.delivery.proxies import NO_PROXIES
from campaign.errors import CampaignError, JournalError, Problem
from campaign.operating_system import uptime
from campaign.runs.limits import own_egress
from campaign.runs.run import channel_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.delivery.ports import Clock
    from campaign.delivery.proxies import ProxySettings
    from campaign.journal.cluster import OpenRun
    from campaign.journal.postgres.cluster import ClusterStore
    from campaign.runs.whole_run import FindCredentials

LOG = logging.getLogger(__name__)

Found = TypeVar("Found")

JOBS_OF_A_RUN = 2
"""Jobs of one run that a worker has at a time: while the last rows of one are under way, the other fills the gap."""

POLL = 1.0
"""Seconds between two looks at the runs."""

LEAVES = StopReason("the worker leaves", interrupted=True)
NO_CONTACT = "is left to other workers: its server does not respond to this one"
STOPPED = StopReason("the run is to stop", interrupted=True)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a worker is asked for.

    Attributes:
        name: by which an operator calls it.
        find: finds the values that a channel's server asks for.
        only: the campaign that it works for; None: any.
        concurrency: requests under way at once, of all runs.
        proxies: the proxies of this machine.
        until_idle: whether it leaves once no run is left to workers.
        egress: the name of what shares a client address with other workers; None: the host's name.
        clock: of this machine; its time of day is used for nothing once the database has told its own.
    """

    name: str
    find: FindCredentials
    only: str | None = None
    concurrency: int = 64
    proxies: ProxySettings = field(default=NO_PROXIES)
    until_idle: bool = False
    egress: str | None = None
    clock: Clock = field(default_factory=SystemClock)


class Worker:
    """One worker of a database. Made in any thread; `stop` and `abort` may be called from signal handlers."""

    def __init__(self, store: ClusterStore, options: WorkerOptions, say: Callable[[Problem], object]) -> None:
        """Do nothing yet.

        Args:
            store: what the workers of the database share.
            options: what is asked for.
            say: is told what is worth knowing.
        """
        self._store = store
        self._options = options
        self._say = say
        self._times = store.times()
        self._here: dict[int, RunHere] = {}
        self._unable: dict[int, str] = {}
        self._contacts: dict[int, Contact] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._measured = (time.monotonic(), 0)
        self._stopping = False
        self._trouble = Trouble(say)
        self._clock = DatabaseClock(options.clock)
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Begin no row any more; requests under way end, and the shards are given back. From any thread."""
        self._stopping = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._shut_down, LEAVES)

    def abort(self) -> None:
        """Cancel the requests under way; the next holder settles their rows. From any thread."""
        self.stop()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel)

    async def run(self) -> None:
        """Work until `stop` is called, or nothing is left to do for a worker that leaves then.

        Raises:
            JournalError: the database cannot be reached when it starts.
        """
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        self._places = asyncio.Semaphore(self._options.concurrency)
        with ThreadPoolExecutor(1) as beats:
            self._number, self._lease = await self._loop.run_in_executor(beats, self._new_life)
            async with self._store.jobs(self._times.lease) as self._jobs:
                self._runner = JobRunner(self._store, self._jobs, self._options.proxies, self._trouble)
                self._beating = asyncio.create_task(self._beat(beats))
                try:
                    await self._work(Reaper(self._store, self._jobs, self._times, self._runner))
                    await self._end_jobs()
                finally:
                    self._beating.cancel()
                    await asyncio.wait([self._beating])
                    await self._trouble.tried(asyncio.to_thread(self._store.leave, self._number))

    def _new_life(self) -> tuple[int, Lease]:
        self._clock.measure(self._store.clock)
        began = uptime()
        number = self._store.register(self._options.name, self._options.only)
        return number, Lease(self._times, began)

    # Beats

    async def _beat(self, beats: ThreadPoolExecutor) -> None:
        """Renew the lease again and again; when it is lost, end what was held under it, and begin a new one."""
        loop = asyncio.get_running_loop()
        while True:
            lease, began = self._lease, uptime()
            try:
                leaves = await loop.run_in_executor(beats, self._beat_once, self._rate())
                if leaves is None:
                    lease.lost = True
                    self._shut_down(SILENT)
                    self._number, self._lease = await loop.run_in_executor(beats, self._new_life)
                else:
                    lease.renew(began)
                    if leaves and not self._stopping:
                        self.stop()
            except JournalError as error:
                self._trouble.tell(error)
            await asyncio.sleep(self._times.beat)

    def _beat_once(self, rate: float | None) -> bool | None:
        self._clock.measure(self._store.clock)
        return self._store.beat(self._number, rate)

    def _rate(self) -> float | None:
        """Rows a second that reached their end since the last beat."""
        now, done = time.monotonic(), self._runner.done + sum(each.progress.done for each in self._deliveries())
        (before, counted), self._measured = self._measured, (now, done)
        return (done - counted) / (now - before) if now > before else None

    def _deliveries(self) -> list[PartDelivery]:
        return [each for here in self._here.values() for each in here.deliveries]

    # Jobs

    async def _work(self, reaper: Reaper) -> None:
        while not self._stopping:
            if self._beating.done():
                self._beating.result()  # a fault
            try:
                runs = await asyncio.to_thread(self._store.open_runs, self._options.only)
                self._stop_those_that_end(runs)
                self._close_idle()
                for run in runs:
                    if not run.stops:
                        await self._mind_contact(run)
                        await self._fill(run)
                if await reaper.work(runs, self._number) and self._options.until_idle and not runs:
                    return
                self._trouble.over()
            except JournalError as error:
                self._trouble.tell(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL)
            self._wake.clear()

    def _stop_those_that_end(self, runs: list[OpenRun]) -> None:
        going_on = {run.order: run for run in runs if not run.stops}
        self._contacts = {order: each for order, each in self._contacts.items() if order in going_on}
        for order, here in self._here.items():
            if order not in going_on:
                here.shutdown.request(STOPPED)
                continue
            here.lists_good_until = going_on[order].lists_good_until
            if here.lease.lost:  # since before it was known here
                here.shutdown.request(SILENT)

    async def _mind_contact(self, run: OpenRun) -> None:
        """Put on record whether the run's server responds, and leave the run to others where it has not for long."""
        here, contact = self._here.get(run.order), self._contacts.get(run.order)
        if contact is None:
            return
        lacking = contact.lacking
        if contact.recorded != (number := None if lacking is None else self._number):
            await asyncio.to_thread(self._store.set_reach, run, self._number, lacking)
            contact.recorded = number
        if contact.is_lost and here is not None and not here.shutdown:
            await self._runner.leaves_to_others(here, self._number)
        elif contact.rests and not await asyncio.to_thread(self._store.others_reach, run, self._number):
            contact.end_rest()
        if contact.rests and not contact.told:
            contact.told = True
            self._say(Problem(run.campaign, NO_CONTACT, "see to this machine's network"))

    async def _fill(self, run: OpenRun) -> None:
        """Take jobs of a run, up to as many as a worker has at a time; one where its server may not respond."""
        here, contact = self._here.get(run.order), self._contacts.get(run.order)
        most = JOBS_OF_A_RUN if contact is None or contact.since is None else 1
        if contact is not None and contact.rests:
            return
        while not self._stopping and self._lease.is_fresh and (here is None or not here.shutdown):
            if here is not None and len(here.tasks) >= most:
                return
            if here is None:
                if (here := await self._prepared(run)) is None:
                    return
                self._here[run.order] = here
            job = await self._jobs.fetch(run)
            if job is None:
                return
            worker = (self._number, self._options.name)
            task = asyncio.create_task(self._runner.perform(here, job, worker))
            here.tasks.add(task)
            task.add_done_callback(lambda task, here=here: self._ended(here, task))  # type: ignore[misc] # a default

    async def _prepared(self, run: OpenRun) -> RunHere | None:
        """What jobs of a run need here; None where this worker cannot deliver it, which it says once."""
        record = await asyncio.to_thread(self._store.record, run)
        if record is None or run.order in self._unable:
            return None
        try:
            credentials = self._options.find(channel_of(record))
        except CampaignError as error:
            self._unable[run.order] = str(error)
            self._say(Problem(f"{run.campaign}, run {record.number}", f"is left to other workers ({error})"))
            return None
        budget = self._store.budget(run, record, credentials, self._options.egress or own_egress())
        give_up_after = record.manifest.settings.give_up_after
        contact = self._contacts.setdefault(run.order, Contact(give_up_after, self._clock))
        share = WorkerShare(self._lease, self._places, self._clock)
        return run_here(run, record, credentials, share, budget=budget, contact=contact)

    def _ended(self, here: RunHere, task: asyncio.Task[None]) -> None:
        here.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            LOG.error("internal error", exc_info=task.exception())
        self._wake.set()

    def _close_idle(self) -> None:
        """Give back what runs were lent that have no job here."""
        for order, here in list(self._here.items()):
            if not here.tasks:
                del self._here[order]
                closing = asyncio.create_task(here.shared.__aexit__())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

    # The end

    def _shut_down(self, reason: StopReason) -> None:
        for here in self._here.values():
            here.shutdown.request(reason)
        self._wake.set()

    def _cancel(self) -> None:
        for here in self._here.values():
            for task in here.tasks:
                task.cancel()

    async def _end_jobs(self) -> None:
        """Wait until the requests under way have ended, and what was held is given back."""
        while tasks := [task for here in self._here.values() for task in here.tasks]:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)
        self._close_idle()
        await asyncio.gather(*self._closing, return_exceptions=True)
