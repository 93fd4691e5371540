"""Blocking twins: asynchronous work in a thread of its own, so that it also works where an event loop is running."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from campaign.delivery import RowEvent
    from campaign.runs.options import RunOptions
    from campaign.runs.run import Run

EVENTS_AHEAD = 1000
"""Events that wait for the caller before delivery waits for the caller."""


def run_blocking(work: Coroutine[Any, Any, object]) -> None:
    """Run a coroutine to its end in a thread of its own; an error in it is raised here."""
    errors: list[BaseException] = []

    def in_thread() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=in_thread, name="campaign", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


def iterate_blocking(run: Run, options: RunOptions) -> Iterator[RowEvent]:
    """Deliver a run in a thread of its own, and yield its events; see `Run.deliver`."""
    events: queue.Queue[RowEvent | BaseException | None] = queue.Queue(EVENTS_AHEAD)

    async def work() -> None:
        async for event in run.deliver(rate=options.rate, concurrency=options.concurrency, limit=options.limit):
            try:
                events.put_nowait(event)
            except queue.Full:
                await asyncio.to_thread(events.put, event)

    def in_thread() -> None:
        try:
            asyncio.run(work())
            events.put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the caller iterates
            events.put(error)

    thread = threading.Thread(target=in_thread, name="campaign delivery", daemon=True)
    thread.start()
    try:
        while (event := events.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event
    finally:
        while thread.is_alive():
            run.stop("stopped by the calling program")  # again, because the delivery may not have begun yet
            with contextlib.suppress(queue.Empty):
                events.get_nowait()
            thread.join(0.01)
