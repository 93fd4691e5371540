"""The worker pool: workers that take rows from the queue until none is left or a shutdown is requested."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from campaign.delivery.departures import Departures
from campaign.delivery.policy import CircuitBreaker
from campaign.delivery.reservations import Reservations
from campaign.delivery.row_queue import RowQueue, waiting_rows
from campaign.delivery.row_worker import RowWorker
from campaign.delivery.shutdown import StopReason, fault_reason
from campaign.delivery.undo_worker import UndoWorker
from campaign.errors import CampaignError, JournalError

if TYPE_CHECKING:
    from campaign.channels.undo import Undo
    from campaign.delivery.ports import DeliveryContext
    from campaign.journal.records import WaitingRow


class WorkerPool:
    """Delivers one run, or takes its messages back."""

    def __init__(self, context: DeliveryContext, undo: Undo | None = None) -> None:
        """Make a pool.

        Args:
            context: what to work with.
            undo: how to take messages back; None: they are sent.
        """
        self._context = context
        self._undo = undo
        self._queue = RowQueue(partial(waiting_rows, context), context.settings.limit)
        self._breaker = CircuitBreaker(context.settings.give_up_after, context.settings.stop_after_refusals)
        reserves = context.channel.can_read_back and undo is None
        self._reservations = Reservations(context.log, self._queue, context.clock, enabled=reserves)
        self._departures = Departures(context, self._reservations)
        self._error: CampaignError | None = None

    async def deliver(self) -> None:
        """Deliver every waiting row; return when none is left or a shutdown was requested.

        Raises:
            JournalError: the journal could not be written or read; nothing was sent that is not on record.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._context.settings.concurrency):
                    group.create_task(self._work())
        finally:
            self._reservations.withdraw_all()
        if self._error:
            raise self._error

    def _worker(self, row: WaitingRow) -> RowWorker | UndoWorker:
        if self._undo is not None:
            return UndoWorker(self._context, self._breaker, self._undo, row)
        return RowWorker(self._context, self._breaker, self._departures, row)

    async def _work(self) -> None:
        try:
            while not self._context.shutdown and not self._context.admission.left_behind:
                if self._context.wait_for_room is not None:
                    await self._context.wait_for_room()
                row = await self._queue.take()
                if row is None:
                    if self._context.last is not None:
                        self._context.progress.waiting_for = "gate"  # until the outcomes of all before it are known
                    return
                try:
                    await self._worker(row).deliver()
                finally:
                    self._queue.done(row)  # also when nothing was done: rows may be waiting behind this one
                if self._context.log.failed:
                    self._context.shutdown.request(StopReason("the journal cannot be written", journal=True))
        except CampaignError as error:  # requests in flight still have to end and, if possible, be recorded
            self._error = error
            self._context.shutdown.request(StopReason(str(error), journal=isinstance(error, JournalError)))
        except Exception as error:  # noqa: BLE001 - the same: a worker's fault is no reason to cut off the others
            self._context.shutdown.request(fault_reason(error, self._context.redaction))


async def deliver(context: DeliveryContext, undo: Undo | None = None) -> StopReason | None:
    """Deliver what is waiting in a run, or undo it, and turn whatever ends that early into a reason.

    Returns:
        Why the delivery ended before the last row; None where it did not.
    """
    try:
        await WorkerPool(context, undo).deliver()
    except JournalError as error:
        return StopReason(str(error), journal=True)
    except Exception as error:  # noqa: BLE001 - a report follows all the same
        return fault_reason(error, context.redaction)
    return context.shutdown.reason
