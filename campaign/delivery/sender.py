"""The loop that delivers a run: workers that take rows until none is left or somebody asks to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.delivery.ahead import Ahead
from campaign.delivery.attempts import Progress, RowDelivery, Shared
from campaign.delivery.lineup import Lineup
from campaign.delivery.patience import Patience
from campaign.delivery.retry import DoubtPolicy
from campaign.delivery.stop import StopReason
from campaign.delivery.throttle import Throttle
from campaign.errors import CampaignError

if TYPE_CHECKING:
    from campaign.channels import Channel
    from campaign.delivery.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Settings:
    """How to deliver. Times in seconds, rate in requests a second (None: auto), limit in rows."""

    rate: float | None = None
    concurrency: int = 8
    give_up_after: float = 600.0
    stop_after_refusals: int = 20
    resend_in_doubt: bool = False
    limit: int | None = None


class Sender:
    """Delivers one run through one channel.

    Attributes:
        throttle: the one throttle of the run; for showing what it waits for.
        progress: what has happened so far; for showing.
    """

    def __init__(self, channel: Channel, settings: Settings, surroundings: Surroundings) -> None:
        clock, stop = surroundings.clock, surroundings.stop
        self._settings = settings
        self._lineup = Lineup(surroundings.record.waiting, settings.limit)
        self._stop = stop
        self._record = surroundings.record
        self._error: CampaignError | None = None
        self.throttle = Throttle(settings.rate, clock, stop)
        self.progress = Progress()
        self._shared = Shared(
            channel=channel,
            policy=DoubtPolicy(channel.can_read_back, settings.resend_in_doubt),
            patience=Patience(settings.give_up_after, settings.stop_after_refusals),
            throttle=self.throttle,
            progress=self.progress,
            transport=surroundings.transport,
            record=surroundings.record,
            ahead=Ahead(self._lineup, surroundings.record, clock) if channel.can_read_back else None,
            stop=stop,
            clock=clock,
            random=surroundings.random,
        )

    async def deliver(self) -> None:
        """Send every row that waits; returns when none is left, or when somebody asked to stop.

        Raises:
            JournalError: the journal could not be written or read; nothing was sent that is not on record.
        """
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.concurrency):
                group.create_task(self._work())
        if self._error:
            raise self._error

    async def _work(self) -> None:
        try:
            while not self._stop:
                row = await self._lineup.take()
                if row is None:
                    return
                try:
                    await RowDelivery(self._shared, row).finish()
                finally:
                    self._lineup.done(row)  # also where nothing was done: others may be waiting behind this row
                if self._record.failed:
                    self._stop.ask(StopReason("the journal cannot be written"))
        except CampaignError as error:  # requests under way must still end and, if possible, be recorded
            self._error = error
            self._stop.ask(StopReason(str(error)))
