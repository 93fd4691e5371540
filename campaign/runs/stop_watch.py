"""Looks into the journal while a run is delivered: another process may ask it to stop, or may have damaged it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from campaign.delivery import StopReason
from campaign.errors import JournalError, JournalWriteError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from campaign.delivery import Shutdown
    from campaign.journal import JournalStore

Record: TypeAlias = Callable[[], Awaitable[None]]

POLL_INTERVAL = 1.0
"""Seconds between two looks."""


@contextlib.asynccontextmanager
async def stop_watch(journal: JournalStore, shutdown: Shutdown, record: Record) -> AsyncIterator[None]:
    """Stop a delivery once the journal contains the request or is damaged; looks at once, then about every second.

    Args:
        journal: the journal.
        shutdown: is requested.
        record: records that the delivery is stopping; until then the request stands for it.
    """
    ended = asyncio.Event()
    watching = asyncio.create_task(_watch(journal, shutdown, record, ended))
    try:
        yield
    finally:
        ended.set()
        await watching  # a look under way uses the journal's connection, which the caller needs next


async def _watch(journal: JournalStore, shutdown: Shutdown, record: Record, ended: asyncio.Event) -> None:
    while not ended.is_set():
        by = None
        try:
            by = await asyncio.to_thread(journal.stop_requested)
        except JournalWriteError:
            pass  # perhaps only locked for a moment; the next write says whether it is more than that
        except JournalError as error:
            shutdown.request(StopReason(str(error)))
            return
        if by is not None:
            shutdown.request(StopReason(f"stopped by `campaign stop` ({by})", interrupted=True))
            await record()
            with contextlib.suppress(JournalError):
                await asyncio.to_thread(journal.acknowledge_stop)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), POLL_INTERVAL)
