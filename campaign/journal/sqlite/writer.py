"""The thread that writes to a journal while a run is delivered: group after group of events, each one commit."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from campaign.errors import JournalWriteError
from campaign.journal.sqlite.attempt_events import is_end, write
from campaign.journal.sqlite.schema import plain_errors

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from campaign.journal.sqlite.attempt_events import Event

SHORT_TIMEOUT = 500
"""Milliseconds to wait for a locked journal once a write has failed."""

Callback: TypeAlias = Callable[[BaseException | None], object]
"""Called in the event loop when a group is on disk (None) or could not be written at all (the error)."""


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
            loop: the event loop that callbacks run in.
        """
        self.failure: BaseException | None = None
        self._path = path
        self._connection = connection
        self._loop = loop
        self._queue: queue.SimpleQueue[tuple[Sequence[Event], Callback] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, events: Sequence[Event], callback: Callback) -> None:
        """Queue a group to be written as a whole or not at all."""
        self._queue.put((events, callback))

    def close(self) -> None:
        """Wait until everything is written that can be."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        unwritten: list[Event] = []
        while (given := self._queue.get()) is not None:
            group, callback = given
            events = [*unwritten, *group]
            failure = self._failure_of(events)
            # An attempt that is not on record is not made; but the result of one may fit into the next group.
            unwritten = [event for event in events if is_end(event)] if failure else []
            self._loop.call_soon_threadsafe(callback, failure)
        for event in unwritten:  # one by one, because a single event may be at fault
            if isinstance(self._failure_of([event]), JournalWriteError):
                return  # nothing at all can be written

    def _failure_of(self, events: Sequence[Event]) -> BaseException | None:
        try:
            with plain_errors(self._path):
                write(self._connection, events)
        except BaseException as error:  # noqa: BLE001 - the waiting coroutines must learn of any error
            self.failure = error
            self._be_short()
            return error
        return None

    def _be_short(self) -> None:
        """Stop waiting long for another program that has locked the journal: nothing is sent any more."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {SHORT_TIMEOUT}")
