"""One delivery of a run."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.delivery import DeliveryContext, HttpTransport, LocalRateLimiter, Progress, Shutdown, StopReason, deliver
from campaign.delivery.ports import SystemClock
from campaign.delivery.proxies import NO_PROXIES
from campaign.delivery.redaction import Redaction
from campaign.delivery.worker_pool import fault_reason
from campaign.errors import CampaignError, JournalError, Problem, RunStateError
from campaign.journal.records import State
from campaign.runs.stop_watch import stop_watch
from campaign.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from campaign.delivery import RowEvent
    from campaign.delivery.ports import RateLimiter
    from campaign.delivery.proxies import ProxySettings
    from campaign.journal import JournalStore, RunRecord
    from campaign.runs.run import Run
    from campaign.settings import DeliverySettings

SANDBOX_RATE = 1000.0
"""Requests per second in a rehearsal under `auto`: the sandbox is local and has no limit."""

REHEARSAL_KEY = "key-of-a-rehearsal"
"""Any key will do; but not a word that occurs in reasons, from which keys are blanked."""

EVENTS_AHEAD = 64
"""Events that wait for the caller before no further row begins."""

LEFT = "stopped by the calling program"
"""Stop reason where the caller has left the stream of events."""


class Delivery:
    """Delivers what is waiting in a run. It can be stopped from the moment it exists, from any thread.

    Attributes:
        progress: counts so far.
        rate_limiter: its rate limiter; None before it begins.
        reason: why it ended before the last row; None where it did not.
    """

    def __init__(
        self, run: Run, settings: DeliverySettings, retry: tuple[State, ...] = (), rows: tuple[range, ...] = ()
    ) -> None:
        self.progress = Progress()
        self.rate_limiter: RateLimiter | None = None
        self.reason: StopReason | None = None
        self._run = run
        self._settings = settings
        self._retry = retry
        self._session: int | None = None
        self._rows = rows
        self._look_only = False
        self._limiter: LocalRateLimiter | None = None
        self._shutdown = Shutdown()
        self._stop_requested = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._ended: Future[None] = Future()
        self._follow: Callable[[RowEvent], object] | None = None
        self._ahead = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not ended yet."""
        return self._stop_requested and not self._ended.done()

    async def ended(self) -> None:
        """Wait until it has ended; in any event loop."""
        await asyncio.shield(asyncio.wrap_future(self._ended))

    def stop(self, reason: str, *, interrupted: bool = True) -> None:
        """Let rows in flight end, and begin no other."""
        request = StopReason(reason, interrupted=interrupted)
        self._stop_requested = True
        if self._loop is None:
            self._shutdown.request(request)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._shutdown.request, request)

    def cancel(self) -> None:
        """Cancel rows in flight; they are settled by a resume. Before the delivery begins: stop it."""
        if self._loop is None or self._task is None:
            self.stop("cancelled")
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    def follow(self, follow: Callable[[RowEvent], object]) -> None:
        """Call a function in the event loop for each row that has reached a final state.

        No further row begins while `EVENTS_AHEAD` of the events have not been `taken`.
        """
        self._follow = follow

    def taken(self) -> None:
        """Count an event that the caller has received; from any thread."""
        self._ahead -= 1
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._room.set)

    async def perform_alone(self) -> None:
        """Deliver, holding the journal.

        Raises:
            JournalBusyError: the journal is being delivered already.
            RunStateError: a newer run has been started.
        """
        try:
            with self._run.journal.exclusive():
                await self.perform()
        finally:
            if not self._ended.done():
                self._ended.set_result(None)

    async def perform(self) -> None:
        """Deliver, and record the session. The caller holds the journal.

        Raises:
            RunStateError: a newer run has been started.
        """
        journal, run = self._run.journal, self._run
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        _refuse_old_run(journal, run.record)
        if not count_waiting(journal, run.number, self._retry, self._rows):
            self._ended.set_result(None)
            return
        session = self._session = journal.begin_session(run.number, self._retry)
        journal.deliveries.append(self)
        try:
            async with stop_watch(journal, self._shutdown):
                self.reason = await self._deliver()
        except CampaignError as error:
            self.reason = StopReason(str(error))
            raise
        except Exception as error:  # noqa: BLE001 - outside the workers; a report follows all the same
            self.reason = fault_reason(error, Redaction(run.credentials.values()))
        except BaseException:
            self.reason = self._shutdown.reason or StopReason("cancelled", interrupted=True)
            raise
        finally:
            self._end_session(session)
            journal.deliveries.remove(self)
            self._ended.set_result(None)

    async def look_up(self) -> None:
        """Read back rows that were cut off while sending, and send nothing. The caller holds the journal."""
        self._look_only = True
        await self._deliver()

    async def _deliver(self) -> StopReason | None:
        run = self._run
        if not run.record.manifest.rehearsal:
            headers = run.channel.auth_headers(run.credentials)
            return await self._deliver_to(run.server, headers, self._settings, run.proxies)
        async with Sandbox(channels=[run.channel]) as sandbox:
            settings = replace(self._settings, rate=self._settings.rate or SANDBOX_RATE)
            headers = run.channel.auth_headers({each.name: REHEARSAL_KEY for each in run.channel.credentials})
            return await self._deliver_to(sandbox.url, headers, settings, NO_PROXIES)

    async def _deliver_to(
        self, url: str, headers: Mapping[str, str], settings: DeliverySettings, proxies: ProxySettings
    ) -> StopReason | None:
        limiter = LocalRateLimiter(settings.rate, SystemClock(), self._shutdown, give_up_after=settings.give_up_after)
        self.rate_limiter = self._limiter = limiter
        can_read_back = self._run.channel.can_read_back
        waiting = (State.SENDING,) if self._look_only else (State.PENDING, State.SENDING)
        try:
            async with (
                self._run.journal.attempt_log(
                    self._run.number, self._retry, self._session, rows=self._rows, waiting=waiting
                ) as log,
                HttpTransport(url, settings, headers, can_read_back=can_read_back, proxies=proxies) as transport,
            ):
                return await deliver(
                    DeliveryContext(
                        channel=self._run.channel,
                        settings=settings,
                        transport=transport,
                        log=log,
                        rate_limiter=limiter,
                        shutdown=self._shutdown,
                        progress=self.progress,
                        redaction=Redaction([*self._run.credentials.values(), *headers.values()]),
                        on_event=self._publish if self._follow else None,
                        wait_for_room=self._wait_for_room,
                        look_only=self._look_only,
                    )
                )
        except JournalError as error:
            return StopReason(str(error))

    def _publish(self, event: RowEvent) -> None:
        assert self._follow is not None  # noqa: S101 - else it is not called
        self._ahead += 1
        self._follow(event)

    async def _wait_for_room(self) -> None:
        while self._ahead >= EVENTS_AHEAD and not self._shutdown:
            self._room.clear()
            if self._ahead >= EVENTS_AHEAD:  # else it was taken in another thread meanwhile
                await self._shutdown.wait_for(self._room.wait())

    def _end_session(self, session: int) -> None:
        """Record the end, also where the caller has closed the journal meanwhile."""
        with contextlib.suppress(JournalError), self._run.journal.reopened() as journal:  # else it has stopped the run
            journal.check_session(session)
            self._run.settle_cut_off(journal)
            reason = self.reason.text if self.reason else f"the limit of {self._settings.limit} rows is reached"
            quota = self._limiter.stated_quota if self._limiter else None
            if quota is not None and not self._run.record.manifest.rehearsal:
                journal.record_quota(self._run.server, *quota)
            journal.end_session(session, None if journal.tally(self._run.number).finished else reason)


def count_waiting(journal: JournalStore, run: int, retry: Collection[State], rows: Sequence[range]) -> int:
    """How many rows a delivery takes that retries some states; of those only `rows`, where any are named."""
    tally = journal.tally(run)
    again = sum(state in retry for _, state in journal.row_states(run, rows)) if rows else tally.count(*retry)
    return tally.count(State.PENDING, State.SENDING) + again


def _refuse_old_run(journal: JournalStore, record: RunRecord) -> None:
    last = journal.last_run()
    if last is not None and last.number != record.number:
        where = f"{journal.where}: run {record.number}"
        raise RunStateError(Problem(where, f"run {last.number} has been started since", "deliver that one"))


async def settled(journal: JournalStore) -> None:
    """Wait for the deliveries of a journal object that were asked to stop."""
    for delivery in list(journal.deliveries):
        if delivery.stopping:
            await delivery.ended()
