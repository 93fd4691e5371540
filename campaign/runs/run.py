"""One run of a campaign: its delivery, and the report on it."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.channels import CHANNELS
from campaign.channels.address import base_url
from campaign.delivery import DeliveryContext, HttpTransport, LocalRateLimiter, Progress, Shutdown, StopReason, deliver
from campaign.delivery.ports import SystemClock
from campaign.errors import JournalError
from campaign.journal.records import State
from campaign.runs.blocking import EVENTS_AHEAD, iterate_blocking
from campaign.runs.options import RunOptions
from campaign.runs.report import Report
from campaign.runs.stop_watch import stop_watch
from campaign.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from campaign.channels import Channel
    from campaign.delivery import RowEvent
    from campaign.delivery.ports import OnEvent, RateLimiter
    from campaign.journal import JournalStore, RunRecord
    from campaign.settings import DeliverySettings

SANDBOX_RATE = 1000.0
"""Requests per second in a rehearsal under `auto`: the sandbox is local and has no limit."""

MOST_PATIENCE = 20.0
"""Seconds of nothing but trouble after which a row that was cut off is in doubt, where no message waits for it."""


class Run:
    """A run that is planned and sealed in a journal.

    Attributes:
        record: the run as recorded when this object was made.
        settings: how it is delivered.
        progress: counts of the delivery under way, or of the last one.
        rate_limiter: that of the delivery under way, or of the last one; None before.
    """

    def __init__(
        self,
        journal: JournalStore,
        record: RunRecord,
        credentials: Mapping[str, str],
        *,
        server: str | None = None,
        retry: tuple[State, ...] = (),
        rows: tuple[range, ...] = (),
    ) -> None:
        """Make a run of what is on record.

        Args:
            journal: the open journal.
            record: the run.
            credentials: the values that the channel's server asks for.
            server: another address of the same server.
            retry: rows in these states are delivered again.
            rows: the numbers of the rows to deliver again; (): all that are in these states.

        Raises:
            CampaignFileError: the address is not one that credentials may be sent to.
        """
        self.record = record
        self.settings = record.manifest.settings
        self.progress = Progress()
        self.rate_limiter: RateLimiter | None = None
        self.retry = retry
        self.rows = rows
        self._look_only = False
        self.server = base_url(self.channel, server) if server else record.manifest.server
        self._journal = journal
        self._credentials = credentials
        self._shutdown: Shutdown | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._reason: StopReason | None = None
        self._ended = asyncio.Event()
        self._ended.set()

    def __repr__(self) -> str:
        return f"<Run {self.number} of {self.record.manifest.recipients}>"

    @property
    def number(self) -> int:
        """The run's number: 1, 2 and so on."""
        return self.record.number

    @property
    def channel(self) -> Channel:
        """The channel that the run was planned for."""
        return channel_of(self.record)

    def waiting(self, limit: int | None = None) -> int:
        """How many rows a delivery with a limit would take."""
        tally = self._journal.tally(self.number)
        waiting = tally.count(State.PENDING, State.SENDING)
        if self.rows:
            waiting += sum(state in self.retry for _, state in self._journal.row_states(self.number, self.rows))
        else:
            waiting += tally.count(*self.retry)
        return waiting if limit is None else min(waiting, limit)

    async def deliver(
        self, *, rate: str | float | None = None, concurrency: int | None = None, limit: int | None = None
    ) -> AsyncIterator[RowEvent]:
        """Deliver what is waiting, and yield every row that reaches a final state.

        Leaving the loop early stops the run cleanly: rows in flight end and are recorded, the rest stays pending.

        Args:
            rate: "10/s", "600/min", "auto" or requests per second; None: as planned.
            concurrency: requests in flight at once; None: as planned.
            limit: how many rows to deliver at most.

        Raises:
            CampaignFileError: the rate is none.
            JournalBusyError: this run, or another one in the journal, is being delivered.
        """
        options = RunOptions(rate=rate, concurrency=concurrency, limit=limit)
        settings = options.applied_to(self.settings)
        events: asyncio.Queue[RowEvent | None] = asyncio.Queue(EVENTS_AHEAD)
        followed = True

        async def publish(event: RowEvent | None) -> None:
            if followed:
                await events.put(event)

        delivering = asyncio.create_task(self._deliver_exclusively(settings, publish))
        try:
            while (event := await events.get()) is not None:
                yield event
        finally:
            followed = False
            self.stop("stopped by the calling program")
            while not events.empty():  # a worker may be waiting for room
                events.get_nowait()
            await delivering

    async def _deliver_exclusively(
        self, settings: DeliverySettings, publish: Callable[[RowEvent | None], Awaitable[None]]
    ) -> None:
        try:
            with self._journal.exclusive():
                await self.deliver_all(settings, publish)
        finally:
            await publish(None)

    def deliver_sync(
        self, *, rate: str | float | None = None, concurrency: int | None = None, limit: int | None = None
    ) -> Iterator[RowEvent]:
        """The blocking twin of `deliver`: the delivery runs in a thread of its own."""
        return iterate_blocking(self, RunOptions(rate=rate, concurrency=concurrency, limit=limit))

    async def deliver_all(self, settings: DeliverySettings, on_event: OnEvent | None = None) -> StopReason | None:
        """Deliver what is waiting, and record the session. The caller holds the journal.

        Args:
            settings: how to deliver.
            on_event: awaited for each row that reaches a final state.

        Returns:
            Why the delivery ended before the last row; None where it did not.
        """
        self._reason = None
        if self.waiting(settings.limit) == 0:
            return None
        session = self._journal.begin_session(self.number)
        shutdown = self._shutdown = Shutdown()
        self._task, self._loop, self.progress = asyncio.current_task(), asyncio.get_running_loop(), Progress()
        self._ended.clear()
        try:
            async with stop_watch(self._journal, shutdown):
                self._reason = await self._deliver(settings, shutdown, on_event)
        except asyncio.CancelledError:
            self._reason = shutdown.reason or StopReason("cancelled", interrupted=True)
            raise
        finally:
            self._shutdown = None
            with contextlib.suppress(JournalError):  # a journal that cannot be written has stopped the run already
                self.settle_cut_off()
                self._journal.end_session(session, self._stop_reason(settings))
            self._ended.set()
        return self._reason

    async def _deliver(
        self, settings: DeliverySettings, shutdown: Shutdown, on_event: OnEvent | None
    ) -> StopReason | None:
        if not self.record.manifest.rehearsal:
            headers = self.channel.auth_headers(self._credentials)
            return await self._deliver_to(HttpTransport(self.server, settings, headers), settings, shutdown, on_event)
        async with Sandbox(channels=[self.channel]) as sandbox:
            settings = replace(settings, rate=settings.rate or SANDBOX_RATE)
            headers = self.channel.auth_headers({each.name: "sandbox" for each in self.channel.credentials})
            return await self._deliver_to(HttpTransport(sandbox.url, settings, headers), settings, shutdown, on_event)

    async def _deliver_to(
        self, http: HttpTransport, settings: DeliverySettings, shutdown: Shutdown, on_event: OnEvent | None
    ) -> StopReason | None:
        self.rate_limiter = LocalRateLimiter(settings.rate, SystemClock(), shutdown)
        try:
            async with (
                self._journal.attempt_log(self.number, self.retry, rows=self.rows, waiting=self._taken) as log,
                http as transport,
            ):
                return await deliver(
                    DeliveryContext(
                        channel=self.channel,
                        settings=settings,
                        transport=transport,
                        log=log,
                        rate_limiter=self.rate_limiter,
                        shutdown=shutdown,
                        progress=self.progress,
                        on_event=on_event,
                        look_only=self._look_only,
                    )
                )
        except JournalError as error:
            return StopReason(str(error))

    def stop(self, reason: str = "stopped", *, interrupted: bool = True) -> None:
        """Stop the delivery under way: rows in flight end, the rest stays pending. May be called from any thread."""
        loop, shutdown = self._loop, self._shutdown
        if loop is not None and shutdown is not None and not loop.is_closed():
            loop.call_soon_threadsafe(shutdown.request, StopReason(reason, interrupted=interrupted))

    def cancel(self) -> None:
        """Cancel the delivery under way: rows in flight are settled by a resume. May be called from any thread."""
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    @property
    def _taken(self) -> tuple[State, ...]:
        """The states of the rows that a delivery takes besides those to retry."""
        return (State.SENDING,) if self._look_only else (State.PENDING, State.SENDING)

    async def look_up_cut_off(self) -> None:
        """Read back rows that were cut off while sending, and send nothing. The caller holds the journal.

        A row of which the server says nothing is in doubt afterwards, as are all where the server has no read-back.
        """
        if not self._journal.tally(self.number).count(State.SENDING):
            return
        known = self.record.manifest.rehearsal or all(
            each.name in self._credentials for each in self.channel.credentials
        )
        if self.channel.can_read_back and known:
            patience = min(self.settings.give_up_after, MOST_PATIENCE)
            self._look_only = True
            try:
                await self._deliver(replace(self.settings, give_up_after=patience, limit=None), Shutdown(), None)
            finally:
                self._look_only = False
        self._journal.mark_cut_off_in_doubt(self.number)

    def settle_cut_off(self) -> None:
        """Mark rows that were cut off while sending as in doubt, where the server has no read-back."""
        if not self.channel.can_read_back and self.settings.on_doubt == "ask":
            self._journal.mark_cut_off_in_doubt(self.number)

    async def report(self) -> Report:
        """The report on this run, once a delivery under way has ended.

        Raises:
            JournalError: the journal cannot be read.
        """
        await self._ended.wait()
        return await asyncio.to_thread(self.report_sync)

    def report_sync(self) -> Report:
        """The blocking twin of `report`; it does not wait for a delivery under way."""
        if self._reason is None:
            return Report.of(self._journal, self.record)
        text, interrupted = self._reason.text, self._reason.interrupted
        return Report.of(self._journal, self.record, reason=text, interrupted=interrupted)

    def _stop_reason(self, settings: DeliverySettings) -> str | None:
        """Why the run is not finished; None where it is."""
        if self._journal.tally(self.number).finished:
            return None
        return self._reason.text if self._reason else f"the limit of {settings.limit} rows is reached"


def channel_of(record: RunRecord) -> Channel:
    """The channel that a run was planned for."""
    return CHANNELS.find(record.manifest.channel)
