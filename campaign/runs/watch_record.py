"""The record that a process watches a run that workers deliver: others see it, and begin no second watch."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING

from campaign.errors import JournalError

if TYPE_CHECKING:
    from typing import Self

    from campaign.journal.orders import Orders

BEAT = 2.0
"""Seconds between two signs of life; after five times as long without one another process may watch."""


class WatchRecord:
    """Keeps the record while it is entered with `async with`. The database may be out of reach.

    Attributes:
        replaced: whether another process watches.
    """

    def __init__(self, orders: Orders, run: int) -> None:
        self.replaced = False
        self._orders = orders
        self._run = run
        self._watcher = uuid.uuid4().hex

    async def __aenter__(self) -> Self:
        """Begin.

        Raises:
            JournalError: it is not on record.
        """
        self.replaced = not await asyncio.to_thread(self._orders.begin_watch, self._run, self._watcher)
        self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._beating.cancel()
        await asyncio.wait([self._beating])
        with contextlib.suppress(JournalError):
            await asyncio.to_thread(self._orders.end_watch, self._run, self._watcher)

    async def _beat(self) -> None:
        while not self.replaced:
            await asyncio.sleep(BEAT)
            with contextlib.suppress(JournalError):
                self.replaced = not await asyncio.to_thread(self._orders.beat, self._run, self._watcher)
