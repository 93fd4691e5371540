"""The watch over workers that deliver a run: shows how far they are, and ends with the run.

What needs the operator or this machine is done here: the gate is decided about, and the lists are read again.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from campaign.delivery import StopReason
from campaign.errors import CampaignError, JournalError, JournalWriteError
from campaign.journal.decisions import AT_WORK
from campaign.journal.records import State
from campaign.review.phrases import rows_of
from campaign.review.status_text import stuck_text
from campaign.runs.blocking import answer_of
from campaign.runs.holds import holds_of
from campaign.runs.session_task import SessionTask
from campaign.runs.target import schedule_of
from campaign.runs.watch_record import WatchRecord
from campaign.runs.watched_lists import WatchedLists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign.journal import JournalStore, Tally
    from campaign.journal.cluster import OrderState
    from campaign.journal.orders import Orders
    from campaign.runs.holds import Holds
    from campaign.runs.options import RunObserver
    from campaign.runs.run import Run
    from campaign.settings import DeliverySettings

POLL = 0.5
"""Seconds between two looks."""

PATIENCE = 300
"""Looks that may fail in a row: the workers go on by themselves once the database is back."""

STILL = "it is still being delivered by workers"
"""Stop reason of a watch that was ended."""

REPLACED = f"{STILL}, and another process watches them"
"""Stop reason of a watch whose process was taken for dead."""

TAKEN_OVER = f"{AT_WORK}, which took it over while no worker was at work"
"""Stop reason of a watch whose run is not left to workers any more."""

BY_COMMAND = "stopped by `campaign stop`"


class Watch(SessionTask):
    """Watches the workers. It sends nothing, and the run does not end with it."""

    def __init__(
        self,
        run: Run,
        settings: DeliverySettings,
        observer: RunObserver,
        early_end: str | None = None,
    ) -> None:
        """Begin nothing yet.

        Args:
            run: the run.
            settings: how it is delivered.
            observer: follows, and decides whether a stop is that of the run.
            early_end: why rows are waiting once the run ends as planned; None: as the settings say.
        """
        super().__init__(run)
        self.schedule = schedule_of(run, settings)
        self._settings = settings
        self._observer = observer
        self._stops = False
        self._early_end = early_end_of(settings) if early_end is None else early_end
        self._deciding: asyncio.Task[None] | None = None

    async def perform(self) -> None:
        """Watch until the run has ended, or an interrupt ends the watch.

        Raises:
            JournalError: the database cannot be reached any more.
        """
        self._attach()
        self._began = asyncio.get_running_loop().time()
        self.reason = StopReason(STILL)  # where it is cancelled
        try:
            self.reason = await self._work()
        finally:
            self._ended.set_result(None)

    def counted(self) -> Tally | None:
        """None: how far the workers are is known from the journal alone."""
        return None

    def _conclude(self, journal: JournalStore) -> str | None:  # noqa: ARG002 - the workers do it
        return None

    async def _work(self) -> StopReason | None:
        journal, number = self._run.journal, self._run.number
        orders = journal.orders()
        assert orders is not None  # noqa: S101 - the run was left to workers
        before = await asyncio.to_thread(journal.tally, number)
        self._total = before.count(State.PENDING, State.SENDING)
        self._lists = WatchedLists(self._run, orders, self.schedule)
        holds = holds_of(self._run, self._settings, self.progress, self._shutdown, looks_only=False)
        async with WatchRecord(orders, number) as record:
            try:
                return await self._follow(orders, holds, record, before)
            finally:
                if self._deciding is not None:
                    self._deciding.cancel()
                    await asyncio.wait([self._deciding])

    async def _follow(self, orders: Orders, holds: Holds, record: WatchRecord, before: Tally) -> StopReason | None:
        failures = 0
        while True:
            try:
                state = await asyncio.to_thread(orders.state, self._run.number)
                failures = 0
                self._show(state, before)
                if not state.open:
                    return self._end(state)
                if record.replaced and not self._stops:
                    return StopReason(REPLACED)
                if not self._stops and not self._shutdown:
                    await self._let_go_on(orders, holds, state)
                if self._shutdown and not self._stops and not await self._asks(orders):
                    return StopReason(STILL)
            except JournalWriteError:
                failures += 1
                self.progress.activity = "the database cannot be reached"
                if failures > PATIENCE or self._shutdown:
                    raise
            await self._pause()

    async def _let_go_on(self, orders: Orders, holds: Holds, state: OrderState) -> None:
        """Do what the workers wait for, where they do: read the lists, decide about the gate."""
        with self._stopping_at_errors(orders):
            await self._lists.look(state)
        if self._deciding is not None and self._deciding.done():
            decided, self._deciding = self._deciding, None
            decided.result()
        elif self._deciding is None and state.whole and state.paused:
            self._deciding = asyncio.create_task(self._decide_gate(orders, holds))

    @contextlib.contextmanager
    def _stopping_at_errors(self, orders: Orders) -> Iterator[None]:
        """Stop the run where its lists cannot be read, as in a delivery by one process."""
        try:
            yield
        except JournalError:
            raise
        except CampaignError as error:
            orders.stop(str(error), run=self._run.number)

    async def _pause(self) -> None:
        if self._shutdown:
            await asyncio.sleep(POLL)
        else:
            await self._shutdown.wait_for(asyncio.sleep(POLL))

    def _show(self, state: OrderState, before: Tally) -> None:
        progress, states = self.progress, state.states
        progress.sent = max(0, states.get(State.SENT, 0) - before.count(State.SENT))
        progress.failed = max(0, states.get(State.FAILED, 0) - before.count(State.FAILED))
        progress.in_doubt = max(0, states.get(State.IN_DOUBT, 0) - before.count(State.IN_DOUBT))
        if self._stops:
            progress.activity = "the workers are stopping"
        elif self._deciding is None:
            workers = f"workers {', '.join(state.workers)}"
            if state.unable is not None:
                workers = stuck_text(state.unable)
            progress.activity = self._lists.waits(state) or workers

    def _end(self, state: OrderState) -> StopReason | None:
        reason = state.stop_reason
        if reason is None and _waits(state):
            return StopReason(TAKEN_OVER)  # its new delivery has cleared the reason
        if reason is None or reason == self._early_end:
            return None
        return StopReason(reason, interrupted=self._stops or reason.startswith(BY_COMMAND))

    async def _decide_gate(self, orders: Orders, holds: Holds) -> None:
        """Decide about the rows behind the gate, once all before it have reached their end."""
        reason = await holds.pass_gate() if holds.has_gate else None
        if self._shutdown:
            return
        if reason is not None:
            await asyncio.to_thread(orders.stop, reason.text, run=self._run.number)
        elif not holds.has_gate:
            with self._stopping_at_errors(orders):
                await self._lists.read()
                await asyncio.to_thread(orders.pass_gate, self._run.number)

    async def _asks(self, orders: Orders) -> bool:
        """Ask whether the run stops, or only the watch; returns whether to go on watching."""
        if not await answer_of(self._observer.stops_workers):
            return False
        self._stops = True
        by = f" by {self._run.by}" if self._run.by else ""
        await asyncio.to_thread(orders.stop, f"interrupted{by}", run=self._run.number)
        return True


def early_end_of(settings: DeliverySettings) -> str:
    """Why rows are waiting once a run that was left to workers ends as planned."""
    if settings.limit is None:
        return ""
    return f"the limit of {rows_of(settings.limit)} is reached"


def _waits(state: OrderState) -> bool:
    """Whether rows of a run wait."""
    return any(state.states.get(each, 0) for each in (State.PENDING, State.SENDING))
