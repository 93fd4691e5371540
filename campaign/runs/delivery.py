"""One delivery of a run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from campaign.channels.look_up import look_up_of
from campaign.delivery import DeliveryContext, HttpTransport, LocalRateLimiter, Progress, Shutdown, StopReason
from campaign.delivery.ports import SystemClock
from campaign.delivery.proxies import NO_PROXIES
from campaign.delivery.redaction import Redaction
from campaign.delivery.worker_pool import fault_reason
from campaign.errors import CampaignError, JournalError, Problem
from campaign.journal.records import State
from campaign.review.phrases import rows_of
from campaign.runs.counts import count_waiting, counted_tally
from campaign.runs.doubts import DoubtSettler
from campaign.runs.record_checks import refuse_old_run
from campaign.runs.report import stop_reason
from campaign.runs.rounds import Rounds, Wanted
from campaign.runs.stop_watch import stop_watch
from campaign.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from campaign.delivery import RowEvent
    from campaign.delivery.ports import RateLimiter
    from campaign.delivery.proxies import ProxySettings
    from campaign.journal import JournalStore, Tally
    from campaign.runs.run import Run
    from campaign.settings import DeliverySettings

LOG = logging.getLogger(__name__)

SANDBOX_RATE = 1000.0
"""Requests per second in a rehearsal under `auto`: the sandbox is local and has no limit."""

REHEARSAL_KEY = "key-of-a-rehearsal"
"""Any key will do; but not a word that occurs in reasons, from which keys are blanked."""

EVENTS_AHEAD = 64
"""Events that wait for the caller before no further row begins."""

LAST_LOOK = 10.0
"""Seconds for which rows in doubt are looked up once a delivery was interrupted."""

LEFT = "stopped by the calling program"
"""Stop reason where the caller has left the stream of events."""


class Delivery:
    """Delivers what is waiting in a run. It can be stopped from the moment it exists, from any thread.

    Attributes:
        progress: counts so far.
        rate_limiter: its rate limiter; None before it begins.
        reason: why it ended before the last row; None where it did not.
        problem: why rows in doubt could not be looked up; None where they could, or there were none.
    """

    def __init__(
        self,
        run: Run,
        settings: DeliverySettings,
        retry: tuple[State, ...] = (),
        rows: tuple[range, ...] = (),
        *,
        sends: bool = True,
    ) -> None:
        self.progress = Progress()
        self.rate_limiter: RateLimiter | None = None
        self.reason: StopReason | None = None
        self.problem: Problem | None = None
        self._run = run
        self._settings = settings
        self._retry = retry
        self._session: int | None = None
        self._rows = rows
        self._sends = sends
        self._look_only = False
        self._limiter: LocalRateLimiter | None = None
        self._before: Tally | None = None
        self._began = 0.0
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
        refuse_old_run(journal, run.record)
        if not count_waiting(journal, run.number, self._retry, self._rows) and not run.has_doubts_to_look_up():
            self._ended.set_result(None)
            return
        self._before, self._began = journal.tally(run.number), time.monotonic()
        session = self._session = journal.begin_session(run.number, self._retry)
        journal.deliveries.append(self)
        try:
            async with stop_watch(journal, self._shutdown):
                self.reason = await self._deliver()
        except CampaignError as error:
            self.reason = StopReason(str(error))
            if not self.progress.requests:
                raise  # nothing was sent; else a report follows
        except Exception as error:  # noqa: BLE001 - outside the workers; a report follows all the same
            self.reason = fault_reason(error, Redaction(run.credentials.values()))
        except BaseException:
            self.reason = self._shutdown.reason or StopReason("cancelled", interrupted=True)
            raise
        finally:
            self._end_session(session)
            journal.deliveries.remove(self)
            self._ended.set_result(None)

    def counted(self) -> Tally | None:
        """The run's figures without a look into the journal; None where nothing was sent."""
        if self._before is None or not self.progress.requests:
            return None
        return counted_tally(self._before, self.progress, self._retry, time.monotonic() - self._began)

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
        run = self._run
        redaction = Redaction([*run.credentials.values(), *headers.values()])
        can_read_back = run.channel.can_read_back
        settler = DoubtSettler(run.journal, run.number, look_up_of(run.channel), self._session)
        try:
            async with HttpTransport(url, settings, headers, can_read_back=can_read_back, proxies=proxies) as transport:
                rounds = Rounds(settler, partial(self._open_context, transport, settings, redaction))
                try:
                    return await self._perform_rounds(rounds)
                finally:
                    self.problem = rounds.problem
        except JournalError as error:
            return StopReason(str(error))

    async def _perform_rounds(self, rounds: Rounds) -> StopReason | None:
        # The sandbox of a rehearsal is new, and has no messages from before.
        looks_first = not self._run.record.manifest.rehearsal
        reason = await rounds.deliver(Wanted(self._retry, sends=self._sends, looks_first=looks_first))
        left = self._stop_requested and self._follow is not None  # perhaps nobody takes events any more
        if reason is None or reason.fault or left:
            return reason
        self._shutdown, self.rate_limiter = Shutdown(), None  # what is in doubt can be looked up all the same
        if reason.interrupted:
            late = StopReason("interrupted", interrupted=True)
            asyncio.get_running_loop().call_later(LAST_LOOK, self._shutdown.request, late)
        with contextlib.suppress(JournalError):
            await rounds.look()
        return reason

    @contextlib.asynccontextmanager
    async def _open_context(
        self, transport: HttpTransport, settings: DeliverySettings, redaction: Redaction, retry: tuple[State, ...]
    ) -> AsyncIterator[DeliveryContext]:
        """Open the record of one round. All rounds share a rate limiter."""
        if self.rate_limiter is None:
            give_up_after = settings.give_up_after
            limiter = LocalRateLimiter(settings.rate, SystemClock(), self._shutdown, give_up_after=give_up_after)
            self.rate_limiter = self._limiter = limiter
        waiting = (State.SENDING,) if self._look_only else (State.PENDING, State.SENDING)
        rows = self._rows if retry else ()
        run = self._run
        async with run.journal.attempt_log(run.number, retry, self._session, rows=rows, waiting=waiting) as log:
            yield DeliveryContext(
                channel=run.channel,
                settings=settings,
                transport=transport,
                log=log,
                rate_limiter=self.rate_limiter,
                shutdown=self._shutdown,
                progress=self.progress,
                redaction=redaction,
                on_event=self._publish if self._follow else None,
                wait_for_room=self._wait_for_room,
                look_only=self._look_only,
            )

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
        try:
            with self._run.journal.reopened() as journal:
                journal.check_session(session)
                self._run.settle_cut_off(journal)
                self._record_quota(journal)
                tally = journal.tally(self._run.number)
                journal.end_session(session, stop_reason(self._run.record, tally, self.reason, self._early_end()))
        except JournalError as error:
            LOG.info("the end of the session is not on record: %s", error)  # a report follows all the same
        except Exception:
            LOG.exception("the end of the session is not on record")

    def _record_quota(self, journal: JournalStore) -> None:
        quota = self._limiter.stated_quota if self._limiter else None
        if quota is not None and not self._run.record.manifest.rehearsal:
            journal.record_quota(self._run.server, *quota)

    def _early_end(self) -> str:
        """Why rows are waiting although nothing went wrong."""
        limit = f"the limit of {rows_of(self._settings.limit or 0)} is reached"
        looked = self._run.record.stop_reason or "rows in doubt were looked up, and nothing was sent"
        return limit if self._sends else looked
