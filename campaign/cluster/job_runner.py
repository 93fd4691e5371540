"""One job after the other: the part that it names is taken over, delivered, and given back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from campaign.cluster import events
from campaign.cluster.part_delivery import OUT_OF_REACH, PartDelivery
from campaign.delivery import StopReason
from campaign.delivery.redaction import Redaction
from campaign.delivery.shutdown import fault_reason
from campaign.errors import CampaignError, JournalError, JournalWriteError
from campaign.runs.rounds import LOOK_UP_UNAVAILABLE
from campaign.runs.run import channel_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from campaign.cluster.part_delivery import RunHere
    from campaign.errors import Problem
    from campaign.journal import RunRecord
    from campaign.journal.cluster import HeldPart
    from campaign.journal.postgres.cluster import ClusterStore
    from campaign.journal.postgres.jobs import Job, JobQueue

Found = TypeVar("Found")


class Trouble:
    """Says what is wrong with the database, once until all is well again.

    Attributes:
        since: when the database was lost, on the monotonic clock; None where it is not.
    """

    def __init__(self, say: Callable[[Problem], object], observe: events.Observe) -> None:
        self.since: float | None = None
        self._say = say
        self._observe = observe
        self._said = ""

    def tell(self, error: JournalError) -> None:
        """Say it, unless it was said last."""
        if str(error) != self._said:
            self._said = str(error)
            self._say(error.problems[0])
        if isinstance(error, JournalWriteError) and self.since is None:
            self.since = time.monotonic()
            self._observe(events.DatabaseLost())

    def over(self) -> None:
        """All is well."""
        self._said = ""
        if self.since is not None:
            self._observe(events.DatabaseBack(time.monotonic() - self.since))
            self.since = None

    async def tried(self, work: Awaitable[Found]) -> Found | None:
        """Do what nothing depends on: whatever is left undone, another worker does."""
        try:
            return await work
        except JournalError as error:
            self.tell(error)
        return None


class JobCounts:
    """What came of jobs.

    Attributes:
        rows: rows that have reached their end, by state.
        attempts: attempts by result, as the journal records it.
        parts: how often shards were taken.
        takeovers: how often some of them were held by a worker whose lease was lost.
        settled: rows that were cut off and are in doubt since.
    """

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.parts = self.takeovers = self.settled = 0

    def add(self, delivery: PartDelivery) -> None:
        """Add the rows and attempts of one delivery."""
        progress = delivery.progress
        self.rows.update(sent=progress.sent, failed=progress.failed, in_doubt=progress.in_doubt)
        self.attempts.update(delivery.results)

    def with_those_of(self, deliveries: Iterable[PartDelivery]) -> JobCounts:
        """These, and the rows and attempts of jobs under way."""
        whole = JobCounts()
        whole.rows.update(self.rows)
        whole.attempts.update(self.attempts)
        whole.parts, whole.takeovers, whole.settled = self.parts, self.takeovers, self.settled
        for each in deliveries:
            whole.add(each)
        return whole


class JobRunner:
    """Performs the jobs of a worker.

    Attributes:
        held: the shards that it is at work on, by the run's key.
        under_way: the ids of the jobs that it is at work on.
        counts: rows by state and attempts by result, of jobs that are over; and what was taken over.
    """

    def __init__(self, store: ClusterStore, jobs: JobQueue, trouble: Trouble, observe: events.Observe) -> None:
        self.held: dict[int, set[int]] = {}
        self.under_way: set[int] = set()
        self.counts = JobCounts()
        self._store = store
        self._observe = observe
        self._jobs = jobs
        self._trouble = trouble

    async def perform(self, here: RunHere, job: Job, worker: tuple[int, str]) -> None:
        """Deliver the part that a job names, and give it back.

        Args:
            here: what the jobs of its run share.
            job: the job.
            worker: the number and the name of the worker.
        """
        run, part = here.run, None
        held, shards = self.held.setdefault(run.key, set()), self._store.shards_of(run, job.number)
        held.update(shards)
        self.under_way.add(job.id)
        try:
            part = await asyncio.to_thread(self._store.take_over, run, job.number, worker, settles_cut_off)
            if part is not None:
                self._note(here, part)
                await self._deliver(here, part, worker[0])
        except JournalError as error:
            self._trouble.tell(error)
        finally:
            await asyncio.shield(self._give_back(here, part, job))
            held.difference_update(shards)
            self.under_way.discard(job.id)

    def _note(self, here: RunHere, part: HeldPart) -> None:
        """Count what was taken, and say so."""
        about, counts = (here.run.campaign, here.record.number), self.counts
        counts.parts += 1
        counts.takeovers += bool(part.taken_from)
        counts.settled += part.in_doubt
        self._observe(events.Took(*about, tuple(part.epochs), tuple(part.epochs.values())))
        if part.taken_from:
            self._observe(events.TookOver(*about, part.taken_from))
        if part.in_doubt:
            self._observe(events.SettledInDoubt(*about, part.in_doubt))

    async def _deliver(self, here: RunHere, part: HeldPart, worker: int) -> None:
        delivery = PartDelivery(here, part, self._store.journal(here.run, part, here.log))
        here.deliveries.add(delivery)
        try:
            reason = await delivery.deliver()
        except JournalError:
            raise
        except CampaignError as error:
            reason = StopReason(str(error))
        except Exception as error:  # noqa: BLE001 - a fault in one run is no reason to leave the others
            reason = fault_reason(error, Redaction(here.credentials.values()))
        finally:
            here.deliveries.discard(delivery)
            self.counts.add(delivery)
        if delivery.problem is not None and delivery.problem.code == LOOK_UP_UNAVAILABLE:
            here.say(replace(delivery.problem, where=f"{here.run.campaign}, run {here.record.number}"))
        if reason is not None and not (reason.interrupted or reason.journal):
            if await self.leaves_to_others(here, worker):
                return
            here.shutdown.request(reason)
            await asyncio.to_thread(self._store.stop_run, here.run, reason.text)

    async def leaves_to_others(self, here: RunHere, worker: int) -> bool:
        """Leave a run to other workers where its server has not responded to this one for long, and may to one of them.

        Args:
            here: what the jobs of the run share.
            worker: the number of this one.

        Returns:
            Whether it was left to them.

        Raises:
            JournalError: the database cannot be read.
        """
        if here.contact.rests:
            return True
        if not here.contact.is_lost or not await asyncio.to_thread(self._store.others_reach, here.run, worker):
            return False
        here.contact.rest()
        here.shutdown.request(OUT_OF_REACH)
        return True

    async def _give_back(self, here: RunHere, part: HeldPart | None, job: Job) -> None:
        is_done: bool | None = part is None
        if part is not None:
            is_done = await self._trouble.tried(asyncio.to_thread(self._store.give_back, part.key, part.epochs))
            self._observe(events.GaveBack(here.run.campaign, here.record.number, tuple(part.epochs), is_done))
        ends = self._jobs.finish if is_done else self._jobs.put_back
        await self._trouble.tried(ends(job))
        if part is not None:
            await self._trouble.tried(self.end_orders())

    async def end_orders(self) -> None:
        """End the runs that have nothing more to send, or are to stop, and remove the jobs that wait for them.

        Raises:
            JournalError: the database cannot be read or written.
        """
        for ended in await asyncio.to_thread(self._store.end_orders):
            self._observe(events.RunEnded(ended.campaign, ended.run, ended.finished))
            await self._jobs.clear(ended.order)


def settles_cut_off(record: RunRecord) -> bool:
    """Whether rows of a run that were cut off are in doubt, because the server cannot be asked about them."""
    return not channel_of(record).can_read_back and record.manifest.settings.on_doubt != "retry"
