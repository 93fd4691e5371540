"""The thread that writes to a journal while a run is delivered: a group of events at a time."""

from __future__ import annotations

import contextlib
import queue
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from campaign.errors import JournalError, JournalWriteError
from campaign.journal.events import is_end

if TYPE_CHECKING:
    import asyncio

    from campaign.journal.activity import Activity
    from campaign.journal.events import Event

Note: TypeAlias = "tuple[int, Activity]"
"""A session, and what its delivery is doing."""

Callback: TypeAlias = Callable[[BaseException | None], object]
"""Called in the event loop when a group is on disk (None) or could not be written at all (the error)."""


class GroupWriter(ABC):
    """Writes groups in the order in which they are given.

    Attributes:
        failure: why something could not be written: then nothing more may be sent.
        notes: what the delivery is doing, to be written with the next group; the latest at most.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread.

        Args:
            loop: the event loop that callbacks run in.
        """
        self.failure: BaseException | None = None
        self.notes: deque[Note] = deque(maxlen=1)
        self._loop = loop
        self._queue: queue.SimpleQueue[tuple[Sequence[Event], Callback] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, events: Sequence[Event], callback: Callback) -> None:
        """Queue a group to be written as a whole or not at all."""
        self._queue.put((events, callback))

    def note(self, session: int, activity: Activity) -> None:
        """Write with the next group what the delivery is doing; an empty group writes it alone."""
        self.notes.append((session, activity))

    def take_note(self) -> Note | None:
        """The note to write; it is not written again."""
        return self.notes.popleft() if self.notes else None

    def close(self) -> None:
        """Wait until everything is written that can be."""
        self._queue.put(None)
        self._thread.join()

    @abstractmethod
    def write_group(self, events: Sequence[Event]) -> None:
        """Write events and the latest note, all or nothing; in the thread.

        Raises:
            JournalWriteError: nothing can be written.
            JournalError: these events cannot be written.
        """

    @abstractmethod
    def after_failure(self) -> None:
        """Do not wait long from now on: nothing is sent any more."""

    def _work(self) -> None:
        unwritten: list[Event] = []
        while (given := self._queue.get()) is not None:
            group, callback = given
            events = [*unwritten, *group]
            if not events:
                with contextlib.suppress(JournalError):  # left to the next attempt to report
                    self.write_group(events)
                self._loop.call_soon_threadsafe(callback, None)
                continue
            failure = self._failure_of(events)
            # An attempt that is not on record is not made; but the result of one may fit into the next group.
            unwritten = [event for event in events if is_end(event)] if failure else []
            self._loop.call_soon_threadsafe(callback, failure)
        for event in unwritten:  # one by one, because a single event may be at fault
            if isinstance(self._failure_of([event]), JournalWriteError):
                return  # nothing at all can be written

    def _failure_of(self, events: Sequence[Event]) -> BaseException | None:
        try:
            self.write_group(events)
        except BaseException as error:  # noqa: BLE001 - the waiting coroutines must learn of any error
            self.failure = error
            self.after_failure()
            return error
        return None
