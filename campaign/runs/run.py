"""One run of a campaign: its deliveries, and the report on it."""

from __future__ import annotations

import asyncio
import queue
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.channels import CHANNELS
from campaign.channels.address import url_of_run
from campaign.channels.look_up import look_up_of
from campaign.delivery import Progress
from campaign.delivery.proxies import NO_PROXIES
from campaign.journal.records import State
from campaign.runs.counts import count_waiting
from campaign.runs.delivery import LEFT, Delivery
from campaign.runs.event_stream import EventStream
from campaign.runs.holds import is_kept
from campaign.runs.limits import own_egress
from campaign.runs.options import RunOptions, retryable
from campaign.runs.report import Report
from campaign.runs.suppression import RunSuppression
from campaign.runs.undo_task import UndoTask
from campaign.runs.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping

    from campaign.channels import Channel
    from campaign.channels.undo import Undo
    from campaign.delivery import RowEvent
    from campaign.delivery.ports import RateLimiter
    from campaign.delivery.proxies import ProxySettings
    from campaign.errors import CampaignError, Problem
    from campaign.journal import JournalStore, RunRecord
    from campaign.runs.holds import BeforeSending, DecideGate
    from campaign.runs.options import RunObserver
    from campaign.runs.session_task import SessionTask
    from campaign.settings import DeliverySettings

MOST_PATIENCE = 20.0
"""Seconds of nothing but trouble after which a row that was cut off is in doubt, where no message waits for it."""


class Run:
    """A run that is planned and sealed in a journal.

    Attributes:
        journal: the open journal.
        record: the run as recorded when this object was made.
        settings: how it is delivered.
        server: the server's base URL; "" in a rehearsal.
        credentials: the values that the channel's server asks for.
        proxies: the proxies of this machine; a rehearsal takes none.
        retry_rows: the numbers of the rows to retry; (): all that are in the states to retry.
        before_sending: awaited each time before sending begins or goes on; an error that one raises stops the delivery.
        decide_gate: decides whether to go on past the gate; it may block, and is called in a thread of its own.
        egress: the name of what shares a client address with other machines that deliver.
        by: who delivers it, for the record, as user@host; "" where that is not known.
        suppression: the lists of those who get nothing, which are read again each time before sending begins.
    """

    def __init__(
        self,
        journal: JournalStore,
        record: RunRecord,
        credentials: Mapping[str, str],
        *,
        server: str | None = None,
        retry: Collection[State | str] = (),
        proxies: ProxySettings = NO_PROXIES,
    ) -> None:
        """Make a run of what is on record.

        Args:
            journal: the open journal.
            record: the run.
            credentials: the values that the channel's server asks for.
            server: another address of the same server.
            retry: rows in these states (failed, in doubt) are sent again by the next delivery.
            proxies: the proxies of this machine; a rehearsal takes none.

        Raises:
            CampaignFileError: the address, also the recorded one, is not one that credentials may be sent to.
            UsageError: rows in one of these states cannot be retried.
        """
        self.journal = journal
        self.record = record
        self.settings = record.manifest.settings
        self.credentials = credentials
        self.server = url_of_run(self.channel, server, record.manifest.server, f"{journal.where}, run {record.number}")
        self.proxies = proxies
        self.retry_rows: tuple[range, ...] = ()
        self.before_sending: list[BeforeSending] = []
        self.decide_gate: DecideGate = is_kept
        self.egress = own_egress()
        self.by = ""
        self.suppression = RunSuppression(record)
        self._retry = retryable(retry)
        self._delivery: SessionTask | None = None

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

    @property
    def progress(self) -> Progress:
        """Counts of the latest delivery."""
        return self._delivery.progress if self._delivery else Progress()

    @property
    def rate_limiter(self) -> RateLimiter | None:
        """The rate limiter of the latest delivery; None before it begins."""
        return self._delivery.rate_limiter if self._delivery else None

    @property
    def task(self) -> SessionTask | None:
        """The latest delivery or undo; None before it begins."""
        return self._delivery

    @property
    def to_retry(self) -> tuple[State, ...]:
        """Rows in these states are sent again by the next delivery."""
        return self._retry

    def waiting(self, limit: int | None = None) -> int:
        """How many rows a delivery with a limit would take, those in doubt included that it may send again."""
        waiting = count_waiting(self.journal, self.number, self._retry, self.retry_rows)
        if self.settings.on_doubt == "look" and State.IN_DOUBT not in self._retry and self.has_doubts_to_look_up():
            waiting += self.journal.tally(self.number).count(State.IN_DOUBT)
        return waiting if limit is None else min(waiting, limit)

    def deliver(
        self, *, rate: str | float | None = None, concurrency: int | None = None, limit: int | None = None
    ) -> EventStream:
        """Deliver what is waiting: `async for` over every row that reaches a final state.

        Leaving the loop early stops the run cleanly: rows in flight end and are recorded, the rest stays pending.
        Delivery runs at most `event_feed.EVENTS_AHEAD` events ahead of the caller.

        Args:
            rate: "10/s", "600/min", "auto" or requests per second; None: as planned.
            concurrency: requests in flight at once; None: as planned.
            limit: how many rows to deliver at most.

        Raises:
            CampaignFileError: the rate, the concurrency or the limit is not one.
            JournalBusyError: when it begins: the journal is being delivered already.
        """
        delivery = self._prepared(rate, concurrency, limit)
        return EventStream(delivery, lambda: self._begin(delivery))

    def deliver_sync(
        self, *, rate: str | float | None = None, concurrency: int | None = None, limit: int | None = None
    ) -> Generator[RowEvent, None, None]:
        """The blocking twin of `deliver`: the delivery runs in a thread of its own."""
        delivery = self._prepared(rate, concurrency, limit)
        self._begin(delivery)
        events: queue.SimpleQueue[RowEvent | BaseException | None] = queue.SimpleQueue()
        delivery.follow(events.put)

        def in_thread() -> None:
            try:
                asyncio.run(delivery.perform_alone())
                events.put(None)
            except BaseException as error:  # noqa: BLE001 - raised again where the caller iterates
                events.put(error)

        thread = threading.Thread(target=in_thread, name="campaign delivery", daemon=True)
        thread.start()
        try:
            while (event := events.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                delivery.taken()
                yield event
        finally:
            delivery.stop(LEFT)
            thread.join()

    def has_doubts_to_look_up(self) -> bool:
        """Whether rows are in doubt, and the server has a list in which they can be looked up."""
        if self.record.manifest.rehearsal or look_up_of(self.channel) is None:
            return False
        return self.journal.has_doubts(self.number)

    @property
    def look_up_problem(self) -> Problem | None:
        """Why the latest delivery could not look up rows in doubt; None where it could, or there were none."""
        return self._delivery.problem if self._delivery else None

    def begin_delivery(self, settings: DeliverySettings, *, sends: bool = True) -> Delivery:
        """A delivery that `stop` and `cancel` reach from now on. The caller holds the journal and calls `perform`.

        Args:
            settings: how to deliver.
            sends: whether it sends what is waiting, or only looks up rows in doubt.
        """
        delivery = Delivery(self, settings, self._retry, self.retry_rows, sends=sends)
        self._begin(delivery)
        return delivery

    def begin_undo(self, undo: Undo, settings: DeliverySettings, rows: tuple[range, ...] = ()) -> UndoTask:
        """An undo that `stop` and `cancel` reach from now on. The caller holds the journal and calls `perform`.

        Args:
            undo: how the channel takes a message back.
            settings: the pace, and when to give up.
            rows: the numbers of the rows; (): all that were sent.
        """
        task = UndoTask(self, undo, settings, rows)
        self._delivery = task
        return task

    def begin_watch(self, settings: DeliverySettings, observer: RunObserver, early_end: str | None = None) -> Watch:
        """A watch over the workers that the run was left to, which `stop` and `cancel` reach from now on."""
        self._delivery = task = Watch(self, settings, observer, early_end)
        return task

    def stop(self, reason: str = "stopped", *, interrupted: bool = True) -> None:
        """Stop the delivery under way: rows in flight end, the rest stays pending. May be called from any thread."""
        if self._delivery is not None:
            self._delivery.stop(reason, interrupted=interrupted)

    def cancel(self) -> None:
        """Cancel the delivery under way: rows in flight are settled by a resume. May be called from any thread."""
        if self._delivery is not None:
            self._delivery.cancel()

    async def look_up_cut_off(self) -> None:
        """Ask the server about rows that were cut off while sending, and send nothing. The caller holds the journal.

        They are read back; a row of which the server says nothing is in doubt afterwards, as are all where the server
        has no read-back. Rows in doubt are looked up in the server's list, where it has one.
        """
        needed = () if self.record.manifest.rehearsal else self.channel.credentials
        can_ask = all(each.name in self.credentials for each in needed)
        patience = min(self.settings.give_up_after, MOST_PATIENCE)
        settings = replace(self.settings, give_up_after=patience, limit=None)
        if self.journal.tally(self.number).count(State.SENDING):
            if self.channel.can_read_back and can_ask:
                await Delivery(self, settings).look_up()
            self.journal.mark_cut_off_in_doubt(self.number)
        if can_ask and self.has_doubts_to_look_up():
            await Delivery(self, settings, sends=False).look_up()

    def settle_cut_off(self, journal: JournalStore | None = None) -> None:
        """Mark rows that were cut off while sending as in doubt, where the server has no read-back."""
        if not self.channel.can_read_back and self.settings.on_doubt != "retry":
            (journal or self.journal).mark_cut_off_in_doubt(self.number)

    async def report(self) -> Report:
        """The report on this run; where its delivery was asked to stop, once that has ended.

        Raises:
            JournalError: the journal cannot be read.
        """
        if self._delivery is not None and self._delivery.stopping:
            await self._delivery.ended()
        return await asyncio.to_thread(self.report_sync)

    def report_sync(self) -> Report:
        """The blocking twin of `report`; it does not wait."""
        with self.journal.reopened() as journal:
            return Report.of(journal, self.record, self._delivery.reason if self._delivery else None)

    def counted_report(self, error: CampaignError) -> Report | None:
        """The report where the journal cannot be read any more; None where nothing was sent."""
        tally = self._delivery.counted() if self._delivery else None
        if self._delivery is None or tally is None:
            return None
        return Report.counted(self.journal, self.record, tally, self._delivery.reason, error)

    def _prepared(self, rate: str | float | None, concurrency: int | None, limit: int | None) -> Delivery:
        options = RunOptions(rate=rate, concurrency=concurrency, limit=limit)
        return Delivery(self, options.applied_to(self.settings), self._retry, self.retry_rows)

    def _begin(self, delivery: Delivery) -> None:
        """Make a delivery the latest one; rows to retry are only its own."""
        self._delivery, self._retry, self.retry_rows = delivery, (), ()


def channel_of(record: RunRecord) -> Channel:
    """The channel that a run was planned for."""
    return CHANNELS.find(record.manifest.channel)
