"""Hands the events of a delivery to its caller, and holds rows back while too many of them wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.delivery import RowEvent, Shutdown

EVENTS_AHEAD = 64
"""Events that wait for the caller before no further row begins."""


class EventFeed:
    """The events of one delivery.

    Attributes:
        follow: called in the event loop for each row that has reached a final state; None where no caller follows.
    """

    def __init__(self) -> None:
        self.follow: Callable[[RowEvent], object] | None = None
        self._ahead = 0
        self._room = asyncio.Event()
        self._room.set()

    def publish(self, event: RowEvent) -> None:
        """Hand over an event."""
        if self.follow is not None:
            self._ahead += 1
            self.follow(event)

    def taken(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Count an event that the caller has received; from any thread."""
        self._ahead -= 1
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._room.set)

    async def wait_for_room(self, shutdown: Shutdown) -> None:
        """Wait until fewer than `EVENTS_AHEAD` events are on their way."""
        while self._ahead >= EVENTS_AHEAD and not shutdown:
            self._room.clear()
            if self._ahead >= EVENTS_AHEAD:  # else it was taken in another thread meanwhile
                await shutdown.wait_for(self._room.wait())
