"""Departures: what a message needs before it leaves. A permit, an attempt on record, and a schedule that allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from campaign.delivery.ports import DeliveryContext, Permit
    from campaign.delivery.reservations import Reservations
    from campaign.journal.records import State


class Departure(NamedTuple):
    """A message that may leave now: its permit, to be released, and the number of its attempt."""

    permit: Permit
    attempt: int


class Departures:
    """Lets messages of one round leave."""

    def __init__(self, context: DeliveryContext, reservations: Reservations) -> None:
        self._context = context
        self._reservations = reservations

    async def begin(self, seq: int, state: State) -> Departure | None:
        """Wait until a row's message may leave, and record the attempt.

        Args:
            seq: the row's place in the run.
            state: its state on record, to which it returns where the attempt is not made after all.

        Returns:
            None where the run is shutting down, or the row is left for a later round.

        Raises:
            JournalWriteError: the attempt is not on record.
        """
        departure = await self._begin(seq, state) if self._context.admission.is_open() else None
        if departure is None and not self._context.shutdown:
            self._context.admission.left_behind = True
        return departure

    async def _begin(self, seq: int, state: State) -> Departure | None:
        context = self._context
        latest = context.clock.now() + context.admission.remaining
        permit = await context.rate_limiter.acquire("send", until=latest)
        if permit is None:
            return None
        try:
            if context.admission.is_open():
                attempt = await self._reservations.begin(seq)
                if context.admission.is_open():  # the disk may have been slow, or the machine asleep
                    return Departure(permit, attempt)
                context.log.retract(seq, attempt, state)
        except BaseException:
            context.rate_limiter.release(permit)
            raise
        context.rate_limiter.release(permit)
        return None
