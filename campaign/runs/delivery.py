"""One delivery of a run."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from campaign.channels.look_up import look_up_of
from campaign.delivery import DeliveryContext, HttpTransport, RowEvent, Shutdown, StopReason
from campaign.delivery.ports import SystemClock
from campaign.delivery.redaction import Redaction
from campaign.errors import JournalError
from campaign.journal.records import State
from campaign.review.phrases import rows_of
from campaign.runs.counts import count_waiting, counted_tally
from campaign.runs.doubts import DoubtSettler
from campaign.runs.event_feed import EventFeed
from campaign.runs.holds import holds_of
from campaign.runs.limits import limiter_of
from campaign.runs.record_checks import refuse_old_run
from campaign.runs.report import stop_reason
from campaign.runs.rounds import Rounds, Wanted
from campaign.runs.session_task import SessionTask
from campaign.runs.suppression import leave_out_suppressed
from campaign.runs.target import schedule_of, target_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from campaign.delivery.finished import Finished
    from campaign.delivery.ports import Clock, RateLimiter
    from campaign.journal import JournalStore, Tally
    from campaign.runs.holds import Holds
    from campaign.runs.rounds import Round
    from campaign.runs.run import Run
    from campaign.runs.target import Target
    from campaign.settings import DeliverySettings

LOG = logging.getLogger(__name__)

LAST_LOOK = 10.0
"""Seconds for which rows in doubt are looked up once a delivery was interrupted."""

LEFT = "stopped by the calling program"
"""Stop reason where the caller has left the stream of events."""


class Delivery(SessionTask):
    """Delivers what is waiting in a run.

    Attributes:
        clock: by which its window opens and closes, and for the record; None: the machine's.
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
        super().__init__(run)
        self.schedule = schedule_of(run, settings)
        self.clock: Clock | None = None
        self._settings = settings
        self._retry = retry
        self._session: int | None = None
        self._rows = rows
        self._sends = sends
        self._look_only = False
        self._limiter: RateLimiter | None = None
        self._limiters = contextlib.AsyncExitStack()
        self._holds: Holds | None = None
        self._before: Tally | None = None
        self._events = EventFeed()

    @property
    def quota(self) -> tuple[int, float] | None:
        """How many messages in how many seconds the server allows, as it stated last; None where it stated nothing."""
        return self._limiter.stated_quota if self._limiter else None

    @property
    def waited(self) -> float:
        """Seconds that it has waited so far for its window or at its gate."""
        return self._holds.waited if self._holds else 0.0

    def follow(self, follow: Callable[[RowEvent], object]) -> None:
        """Call a function in the event loop for each row that has reached a final state.

        No further row begins while `event_feed.EVENTS_AHEAD` of the events have not been `taken`.
        """
        self._events.follow = follow

    def taken(self) -> None:
        """Count an event that the caller has received; from any thread."""
        self._events.taken(self._loop)

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
        self._attach()
        refuse_old_run(journal, run.record)
        waiting = count_waiting(journal, run.number, self._retry, self._rows)
        if not waiting and not run.has_doubts_to_look_up():
            self._ended.set_result(None)
            return
        self._before = journal.tally(run.number)
        session = self._session = journal.begin_session(run.number, self._retry, by=run.by)
        await self._perform_session(session, min(waiting, self._settings.limit or waiting))

    def counted(self) -> Tally | None:
        """The run's figures without a look into the journal; None where nothing was sent."""
        if self._before is None or not self.progress.requests:
            return None
        return counted_tally(self._before, self.progress, self._retry, self.seconds)

    async def look_up(self) -> None:
        """Read back rows that were cut off while sending, and send nothing. The caller holds the journal."""
        self._look_only = True
        await self._work()

    async def _work(self) -> StopReason | None:
        run = self._run
        async with target_of(run, self._settings) as target:
            redaction = Redaction([*run.credentials.values(), *target.headers.values()])
            settler = DoubtSettler(run.journal, run.number, look_up_of(run.channel), self._session)
            holds = holds_of(
                run, target.settings, self.progress, self._shutdown, looks_only=self._look_only, clock=self.clock
            )
            self._holds = holds
            try:
                async with self._transport_to(target) as transport, self._limiters:
                    rounds = Rounds(settler, partial(self._open_context, transport, target.settings, redaction), holds)
                    if not self._look_only:
                        holds.before_sending += (partial(self._leave_out_suppressed, rounds.finished),)
                    try:
                        return await self._perform_rounds(rounds)
                    finally:
                        self.problem = rounds.problem
            except JournalError as error:
                return StopReason(str(error), journal=True)

    def _transport_to(self, target: Target) -> AbstractAsyncContextManager[HttpTransport]:
        can_read_back = self._run.channel.can_read_back
        return HttpTransport(
            target.url, target.settings, target.headers, can_read_back=can_read_back, proxies=target.proxies
        )

    async def _perform_rounds(self, rounds: Rounds) -> StopReason | None:
        # The sandbox of a rehearsal is new, and has no messages from before.
        looks_first = not self._run.record.manifest.rehearsal
        reason = await rounds.deliver(Wanted(self._retry, self._sends, looks_first, self._settings.limit))
        left = self._stop_requested and self._events.follow is not None  # perhaps nobody takes events any more
        if reason is None or reason.fault or left:
            return reason
        self._shutdown, self.rate_limiter = Shutdown(), None  # what is in doubt can be looked up all the same
        if reason.interrupted:
            late = StopReason("interrupted", interrupted=True)
            asyncio.get_running_loop().call_later(LAST_LOOK, self._shutdown.request, late)
        with contextlib.suppress(JournalError):
            await rounds.look()
        return reason

    async def _leave_out_suppressed(self, finished: Finished) -> None:
        """Skip who stands in a suppression list by now, unless an earlier round has brought the row to an end."""
        retry, rows = self._retry, self._rows if self._retry else ()
        done = finished.unsent or ()
        omitted = await leave_out_suppressed(self._run, retry, rows, session=self._session, done=done)
        for each in omitted if self._events.follow else ():
            await self._events.wait_for_room(self._shutdown)
            self._events.publish(RowEvent(each.row, State.SKIPPED, each.reason))

    @contextlib.asynccontextmanager
    async def _open_context(
        self, transport: HttpTransport, settings: DeliverySettings, redaction: Redaction, each: Round
    ) -> AsyncIterator[DeliveryContext]:
        """Open the record of one round. All rounds share a rate limiter."""
        if self.rate_limiter is None:
            limiter = await self._limiters.enter_async_context(limiter_of(self._run, settings, self._shutdown))
            self.rate_limiter = self._limiter = limiter
        waiting = (State.SENDING,) if self._look_only else (State.PENDING, State.SENDING)
        rows = self._rows if each.retry else ()
        run = self._run
        async with run.journal.attempt_log(
            run.number, each.retry, self._session, rows=rows, waiting=waiting
        ) as self.log:
            yield DeliveryContext(
                channel=run.channel,
                settings=replace(settings, limit=each.limit),
                transport=transport,
                log=self.log,
                rate_limiter=self.rate_limiter,
                shutdown=self._shutdown,
                clock=self.clock or SystemClock(),
                progress=self.progress,
                redaction=redaction,
                on_event=self._events.publish if self._events.follow else None,
                wait_for_room=lambda: self._events.wait_for_room(self._shutdown),
                look_only=self._look_only,
                last=each.last,
                admission=each.admission,
                finished=each.finished,
            )
        self.log = None

    def _conclude(self, journal: JournalStore) -> str | None:
        self._run.settle_cut_off(journal)
        self._record_quota(journal)
        tally = journal.tally(self._run.number)
        return stop_reason(self._run.record, tally, self.reason, self._early_end())

    def _record_quota(self, journal: JournalStore) -> None:
        if self.quota is not None and not self._run.record.manifest.rehearsal:
            journal.record_quota(self._run.server, *self.quota)

    def _early_end(self) -> str:
        """Why rows are waiting although nothing went wrong."""
        limit = f"the limit of {rows_of(self._settings.limit or 0)} is reached"
        looked = self._run.record.stop_reason or "rows in doubt were looked up, and nothing was sent"
        return limit if self._sends else looked
