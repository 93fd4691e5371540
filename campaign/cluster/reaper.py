"""What every worker does for all: workers that are dead are declared so, and no part of a run is left without a job.

It is harmless if all workers do it at once.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.cluster.job_runner import JobRunner
    from campaign.journal.cluster import LeaseTimes, OpenRun
    from campaign.journal.postgres.cluster import ClusterStore
    from campaign.journal.postgres.jobs import JobQueue

IDLE_BEATS = 3
"""Beats between two looks while no run is left to workers: a lease is twelve, so nothing is missed."""


class Reaper:
    """Looks after jobs, parts and workers about once a beat."""

    def __init__(self, store: ClusterStore, jobs: JobQueue, times: LeaseTimes, runner: JobRunner) -> None:
        self._store = store
        self._jobs = jobs
        self._times = times
        self._runner = runner
        self._done_at = -math.inf
        self._orders: set[int] | None = None

    async def work(self, runs: Sequence[OpenRun], worker: int) -> bool:
        """Do what is due.

        Args:
            runs: those that are left to workers.
            worker: the number of this one.

        Returns:
            Whether anything was due.

        Raises:
            JournalError: the database cannot be read or written.
        """
        orders = {run.order for run in runs}
        beats = 1 if orders or orders != self._orders else IDLE_BEATS
        if time.monotonic() < self._done_at + beats * self._times.beat:
            return False
        self._done_at = time.monotonic()
        await self._jobs.beat()
        await asyncio.to_thread(self._store.expire)
        await self._free_parts(worker)
        freed = await self._free_jobs()
        if runs:
            await self._queue_free([run for run in runs if not run.stops])
            await self._runner.end_orders()
        if orders != self._orders or freed:
            await self._clear()
            self._orders = orders
        return True

    async def _free_parts(self, worker: int) -> None:
        """Give back what this worker holds and is not at work on: something went wrong when it was to be given back."""
        for key, epochs in (await asyncio.to_thread(self._store.left_behind, worker)).items():
            if left := {shard: epoch for shard, epoch in epochs.items() if shard not in self._runner.held.get(key, ())}:
                await asyncio.to_thread(self._store.give_back, key, left)

    async def _free_jobs(self) -> bool:
        """Put back the jobs of dead workers, and those that are this one's and that it does not know of.

        Returns:
            Whether there were any. They may be of an order that has ended: its worker died before it removed them.
        """
        freed = await self._jobs.put_stalled_back()
        for job in await self._jobs.own():
            if job.id not in self._runner.under_way:
                await self._jobs.put_back(job)
                freed = True
        return freed

    async def _queue_free(self, runs: Sequence[OpenRun]) -> None:
        """Queue a job for every part that no worker has and that is not done."""
        for run in runs:
            for job in sorted(await asyncio.to_thread(self._store.free_jobs, run)):
                await self._jobs.queue(run, job)

    async def _clear(self) -> None:
        """Remove jobs of orders that have ended; those of an order are there no sooner than it is open."""
        if waiting := await self._jobs.orders():
            still_open = {run.order for run in await asyncio.to_thread(self._store.open_runs)}
            for order in waiting - still_open:
                await self._jobs.clear(order)
