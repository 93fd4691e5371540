"""The one thread that writes to a journal while a run is delivered: group after group of events, each a commit."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from campaign.errors import JournalWriteError
from campaign.journal.database import plain_errors
from campaign.journal.events import is_end, write

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from campaign.journal.events import Event

_SHORT = 500
"""Milliseconds."""

Then: TypeAlias = Callable[[BaseException | None], object]
"""Is told, in the event loop, that a group is on disk, or why it is not there at all."""


class Writer:
    """Writes groups in the order in which they are given.

    Attributes:
        failure: why something could not be written: then nothing more may be sent.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread.

        Args:
            path: the journal, for errors.
            connection: open, and from now on the thread's alone until `close`.
            loop: where those are told who wait for a group.
        """
        self.failure: BaseException | None = None
        self._path = path
        self._connection = connection
        self._loop = loop
        self._queue: queue.SimpleQueue[tuple[Sequence[Event], Then] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, events: Sequence[Event], then: Then) -> None:
        """Have a group written, whole or not at all."""
        self._queue.put((events, then))

    def close(self) -> None:
        """Wait until everything is written that can be."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        unwritten: list[Event] = []
        while (given := self._queue.get()) is not None:
            group, then = given
            events = [*unwritten, *group]
            failure = self._failure_of(events)
            # An attempt that is not on record is not made; but what came of one may find room with the next group.
            unwritten = [event for event in events if is_end(event)] if failure else []
            self._loop.call_soon_threadsafe(then, failure)
        for event in unwritten:  # each by itself, as one of them may be at fault
            if isinstance(self._failure_of([event]), JournalWriteError):
                return  # nothing at all can be written

    def _failure_of(self, events: Sequence[Event]) -> BaseException | None:
        try:
            with plain_errors(self._path):
                write(self._connection, events)
        except BaseException as error:  # noqa: BLE001 - whoever waits in the event loop must hear of it, whatever it is
            self.failure = error
            self._be_short()
            return error
        return None

    def _be_short(self) -> None:
        """Wait no longer for another program that has the journal locked: nothing is sent any more."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {_SHORT}")
