"""The lists of those who get nothing, in a run that workers deliver: the process that watches reads them again.

Rows begin only before the moment that it then puts on record: until the window closes that is open now. So the lists
are as fresh as in a delivery by one process, and where no process watches the run waits.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from campaign.runs.holds import opening_of, waiting_until
from campaign.runs.suppression import leave_out_suppressed

if TYPE_CHECKING:
    from campaign.journal.cluster import OrderState
    from campaign.journal.orders import Orders
    from campaign.runs.run import Run
    from campaign.schedule import Schedule

READING = "reading the lists of those who get nothing"


class WatchedLists:
    """Reads the lists of a run when a window has opened, and lets its rows begin."""

    def __init__(self, run: Run, orders: Orders, schedule: Schedule) -> None:
        """Read nothing yet.

        Args:
            run: the run, with its lists.
            orders: how it is left to workers.
            schedule: when it is delivered.
        """
        self._run = run
        self._orders = orders
        self._schedule = schedule
        self._retry = run.to_retry
        self._rows = run.retry_rows if run.to_retry else ()

    def waits(self, state: OrderState) -> str:
        """What the run waits for by its schedule and its lists, for people; "" where rows may begin."""
        opens = opening_of(self._schedule, state.now)
        if opens > state.now:
            return waiting_until(self._schedule, opens)
        is_good = state.lists_good_until is None or state.now < state.lists_good_until
        return "" if is_good else READING

    async def look(self, state: OrderState) -> None:
        """Read the lists again where that is due, skip the rows that are on one, and let the others begin.

        Raises:
            CampaignError: a list cannot be read, or a row in doubt that is to be sent again is on one.
        """
        if self.waits(state) == READING:
            await self.read()
            closes = self._schedule.closing(state.now)
            await asyncio.to_thread(self._orders.let_begin, self._run.number, closes)

    async def read(self) -> None:
        """Read the lists again, and skip the rows that are on one, unless they had their turn.

        Raises:
            CampaignError: a list cannot be read, or a row in doubt that is to be sent again is on one.
        """
        if self._run.suppression.rules:
            done = await asyncio.to_thread(self._orders.retried, self._run.number) if self._retry else set[int]()
            await leave_out_suppressed(self._run, self._retry, self._rows, done=done)
