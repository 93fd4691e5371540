"""The stream of a delivery's events."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self

from campaign.runs.delivery import LEFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.delivery import RowEvent
    from campaign.runs.delivery import Delivery


class EventStream:
    """The events of a delivery, for `async for`. The delivery begins with the first event that is asked for.

    Leaving the loop stops it where nothing else refers to the stream. A stream that has a name of its own is an
    asynchronous context manager: leaving its block stops the delivery and waits for its end.
    """

    def __init__(self, delivery: Delivery, before: Callable[[], object]) -> None:
        """Make a stream.

        Args:
            delivery: the delivery to begin.
            before: called before it begins.
        """
        self._delivery = delivery
        self._before = before
        self._events: deque[RowEvent] = deque()
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        events, more = self._events, self._more  # the delivery must not keep this object alive

        def follow(event: RowEvent) -> None:
            events.append(event)
            more.set()

        delivery.follow(follow)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RowEvent:
        if self._task is None:
            self._before()
            more = self._more
            self._task = asyncio.create_task(self._delivery.perform_alone())
            self._task.add_done_callback(lambda _: more.set())
        while not self._events:
            if self._task.done():
                self._task.result()
                raise StopAsyncIteration
            self._more.clear()
            await self._more.wait()
        self._delivery.taken()
        return self._events.popleft()

    async def aclose(self) -> None:
        """Stop the delivery and wait until it has ended.

        Raises:
            JournalError: the delivery failed with it.
        """
        if self._task is not None and not self._task.done():
            self._delivery.stop(LEFT)
            await asyncio.wait([self._task])
            self._task.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if self._task is not None and not self._task.done():
            self._delivery.stop(LEFT)
