"""The request to stop that another process leaves in the journal, looked for while a run is delivered."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from campaign.delivery import StopReason
from campaign.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from campaign.delivery import Shutdown
    from campaign.journal import JournalStore

POLL_INTERVAL = 1.0
"""Seconds between two looks."""


@contextlib.asynccontextmanager
async def stop_watch(journal: JournalStore, shutdown: Shutdown) -> AsyncIterator[None]:
    """Stop a delivery once the journal contains the request; looks at once, and then about every second."""
    ended = asyncio.Event()
    watching = asyncio.create_task(_watch(journal, shutdown, ended))
    try:
        yield
    finally:
        ended.set()
        await watching  # a look under way uses the journal's connection, which the caller needs next


async def _watch(journal: JournalStore, shutdown: Shutdown, ended: asyncio.Event) -> None:
    while not ended.is_set():
        by = None
        with contextlib.suppress(JournalError):  # a journal that cannot be read stops the delivery by itself
            by = await asyncio.to_thread(journal.stop_requested)
        if by is not None:
            shutdown.request(StopReason(f"stopped by `campaign stop` ({by})", interrupted=True))
            with contextlib.suppress(JournalError):
                await asyncio.to_thread(journal.acknowledge_stop)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), POLL_INTERVAL)
