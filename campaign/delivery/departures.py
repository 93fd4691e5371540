"""Departures: what a message needs before it leaves. A permit, an attempt on record, and a schedule that allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.delivery.ports import DeliveryContext, Permit
    from campaign.delivery.reservations import Reservations
    from campaign.journal.records import State


class Departures:
    """Lets messages of one round leave."""

    def __init__(self, context: DeliveryContext, reservations: Reservations) -> None:
        self._context = context
        self._reservations = reservations
        self._closes = context.admission.closes

    async def begin(self, seq: int, state: State) -> tuple[Permit, int] | None:
        """Wait until a row's message may leave, and record the attempt.

        Args:
            seq: the row's place in the run.
            state: its state on record, to which it returns where the attempt is not made after all.

        Returns:
            The permit, to be released, and the attempt's number; None where the run is shutting down, or the row is
            left for a later round.

        Raises:
            JournalWriteError: the attempt is not on record.
        """
        if self._closes:
            return await self._begin_in_window(seq, state)
        permit = await self._context.rate_limiter.acquire("send")
        return None if permit is None else (permit, await self._attempt(permit, seq))

    async def _begin_in_window(self, seq: int, state: State) -> tuple[Permit, int] | None:
        context, admission = self._context, self._context.admission
        latest = context.clock.now() + admission.remaining
        permit = await context.rate_limiter.acquire("send", until=latest) if admission.is_open() else None
        if permit is not None and admission.is_open():  # it may have waited until closing time
            attempt = await self._attempt(permit, seq)
            if admission.is_open():  # else the disk was slow, or the machine asleep
                return permit, attempt
            context.log.retract(seq, attempt, state)
        if permit is not None:
            context.rate_limiter.release(permit)
        if not context.shutdown:
            admission.left_behind = True
        return None

    async def _attempt(self, permit: Permit, seq: int) -> int:
        try:
            return await self._reservations.begin(seq)
        except BaseException:
            self._context.rate_limiter.release(permit)
            raise
