"""A worker: takes jobs of runs that are left to workers, and delivers the parts that they name."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING

from campaign.cluster import events
from campaign.cluster.database_clock import DatabaseClock
from campaign.cluster.figures import WorkerFigures
from campaign.cluster.job_runner import JobCounts, JobRunner, Trouble
from campaign.cluster.lease import Lease
from campaign.cluster.limits import Traffic
from campaign.cluster.options import WorkerOptions
from campaign.cluster.part_delivery import SILENT, PartDelivery, RunHere
from campaign.cluster.reaper import Reaper
from campaign.cluster.runs_here import RunsHere
from campaign.delivery import StopReason
from campaign.errors import JournalError, JournalServerError, Problem
from campaign.journal.server_changes import NEWER
from campaign.operating_system import uptime

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.journal.cluster import OpenRun
    from campaign.journal.postgres.cluster import ClusterStore

__all__ = ["Worker", "WorkerOptions"]

LOG = logging.getLogger(__name__)

JOBS_OF_A_RUN = 3
"""Jobs of one run that a worker has at a time: while the last rows of one are under way, the others fill the gap."""

POLL = 1.0
"""Seconds between two looks at the runs."""

LEAVES = StopReason("the worker leaves", interrupted=True)


class Worker:
    """One worker of a database. Made in any thread; `stop` and `abort` may be called from signal handlers."""

    def __init__(
        self,
        store: ClusterStore,
        options: WorkerOptions,
        say: Callable[[Problem], object],
        observe: events.Observe = lambda _event: None,
    ) -> None:
        """Do nothing yet.

        Args:
            store: what the workers of the database share.
            options: what is asked for.
            say: is told what is worth knowing.
            observe: called for each event.
        """
        self._store = store
        self._options = options
        self._say = say
        self._observe = observe
        self._times = store.times()
        self._measured = (time.monotonic(), 0)
        self._ended_by: JournalError | None = None
        self._last_rate: float | None = None
        self._started_at = time.time()
        self._leases_lost = 0
        self._stopping = ""
        self._trouble = Trouble(say, observe)
        self._traffic = Traffic(asyncio.Semaphore(options.concurrency), observe)
        self._clock = DatabaseClock(options.clock)
        self._runs = RunsHere(store, options, self._clock, self._traffic, self._trouble, say)
        self._is_up = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self, reason: str = "signal") -> None:
        """Begin no row any more; requests under way end, and the shards are given back. From any thread."""
        self._stopping = self._stopping or reason
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
            JournalError: the database cannot be reached when it starts, or was brought up for newer workers.
            JournalServerError: the database is on another server than when it started. Nothing is sent any more, and
                what it held cannot be given back; a new worker may begin.
        """
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        with ThreadPoolExecutor(1) as beats:
            self._number, self._lease = await self._loop.run_in_executor(beats, self._new_life)
            async with self._store.jobs(self._times.lease) as self._jobs:
                self._runner = JobRunner(self._store, self._jobs, self._trouble, self._observe)
                self._beating = asyncio.create_task(self._beat(beats))
                self._is_up = True
                self._observe(events.Started(version("campaign"), self._options.only, self._times.lease))
                try:
                    await self._work(Reaper(self._store, self._jobs, self._times, self._runner))
                    self._observe(events.Leaving(self._stopping))
                    await self._end_jobs()
                finally:
                    self._beating.cancel()
                    await asyncio.wait([self._beating])
                    await self._trouble.tried(asyncio.to_thread(self._store.leave, self._number))
        self._observe(events.Left())
        if self._ended_by is not None:
            raise self._ended_by

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
                    self._leases_lost += 1
                    self._observe(events.LeaseLost(lease.silent))
                    lease.lost = True
                    self._shut_down(SILENT)
                    self._number, self._lease = await loop.run_in_executor(beats, self._new_life)
                else:
                    lease.renew(began)
                    if leaves and not self._stopping:
                        self.stop("drain")
            except JournalError as error:
                self._note(error)
            await asyncio.sleep(self._times.beat)

    def _beat_once(self, rate: float | None) -> bool | None:
        self._clock.measure(self._store.clock)
        return self._store.beat(self._number, rate)

    def _note(self, error: JournalError) -> None:
        """Go on after an error of the database, unless that is on another server, or a newer campaign's."""
        is_newer = error.problems[0].code == NEWER
        if not is_newer:
            self._trouble.tell(error)
        if is_newer or isinstance(error, JournalServerError):
            self._ended_by = error
            self.stop()

    def _rate(self) -> float | None:
        """Rows a second that reached their end since the last beat."""
        now, done = time.monotonic(), sum(self._counts().rows.values())
        (before, counted), self._measured = self._measured, (now, done)
        self._last_rate = (done - counted) / (now - before) if now > before else None
        return self._last_rate

    def _counts(self) -> JobCounts:
        return self._runner.counts.with_those_of(self._deliveries())

    def _deliveries(self) -> list[PartDelivery]:
        return [each for here in self._runs for each in here.deliveries]

    def figures(self) -> WorkerFigures | None:
        """The worker at this moment; None while it starts. Call it in the event loop of the worker."""
        if not self._is_up:
            return None
        return WorkerFigures(
            name=self._options.name,
            started_at=self._started_at,
            lease=self._times.lease,
            silent=self._lease.silent,
            is_fresh=self._lease.is_fresh,
            leaving=bool(self._stopping),
            database_lost=self._trouble.since is not None,
            shards=sum(map(len, self._runner.held.values())),
            rate=self._last_rate,
            traffic=self._traffic.copy(),
            jobs=self._counts(),
            leases_lost=self._leases_lost,
            reconnects=self._store.reconnects,
        )

    # Jobs

    async def _work(self, reaper: Reaper) -> None:
        while not self._stopping:
            if self._beating.done():
                self._beating.result()  # a fault
            try:
                runs = await asyncio.to_thread(self._store.open_runs, self._options.only)
                self._runs.follow(runs)
                self._runs.close_idle()
                for run in runs:
                    if not run.stops:
                        await self._runs.mind_contact(run, self._number, self._runner)
                        await self._fill(run)
                if await reaper.work(runs, self._number) and self._options.until_idle and not runs:
                    self.stop("idle")
                    return
                self._trouble.over()
            except JournalError as error:
                self._note(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL)
            self._wake.clear()

    async def _fill(self, run: OpenRun) -> None:
        """Take jobs of a run, up to as many as a worker has at a time; one where its server may not respond."""
        here, contact = self._runs.get(run), self._runs.contact(run)
        most = JOBS_OF_A_RUN if contact is None or contact.since is None else 1
        if contact is not None and contact.rests:
            return
        while not self._stopping and self._lease.is_fresh and (here is None or not here.ends):
            if here is not None and len(here.tasks) >= most:
                return
            if here is None and (here := await self._runs.begin(run, self._lease)) is None:
                return
            job = await self._jobs.fetch(run)
            if job is None:
                return
            worker = (self._number, self._options.name)
            task = asyncio.create_task(self._runner.perform(here, job, worker))
            here.tasks.add(task)
            task.add_done_callback(lambda task, here=here: self._ended(here, task))  # type: ignore[misc] # a default

    def _ended(self, here: RunHere, task: asyncio.Task[None]) -> None:
        here.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            LOG.error("internal error", exc_info=task.exception())
        self._wake.set()

    # The end

    def _shut_down(self, reason: StopReason) -> None:
        self._runs.shut_down(reason)
        self._wake.set()

    def _cancel(self) -> None:
        for here in self._runs:
            for task in here.tasks:
                task.cancel()

    async def _end_jobs(self) -> None:
        """Wait until the requests under way have ended, and what was held is given back."""
        while tasks := [task for here in self._runs for task in here.tasks]:
            await asyncio.wait(tasks)
            await asyncio.sleep(0)
        self._runs.close_idle()
        await self._runs.closed()
