"""Attempts and outcomes go on record while a run is delivered: group commit on one writer thread.

Many rows share a commit: whatever has queued up while the disk was busy is written together, so the event loop never
waits on the disk and a slow disk makes larger groups instead of a longer queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import threading
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.database import connect, plain_errors
from campaign.journal.events import VIEW, Event, begun, ended, is_end, write
from campaign.journal.records import State, Waiting

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from campaign.journal.records import Outcome


class _Write(NamedTuple):
    """An event to write, and who waits until it is on disk: where an attempt begins, somebody does."""

    event: Event
    done: asyncio.Future[None] | None = None


class Recorder:
    """Writes what delivery does, for one run. Use with `async with`."""

    def __init__(self, path: Path, run: int, retry: Collection[State] = ()) -> None:
        """Record one run.

        Args:
            path: the journal.
            run: the run's number.
            retry: rows in these states are sent once more, on the operator's word. Each keeps its state until its own
                turn comes, so that a delivery cut short changes nothing about the others.
        """
        self._path = path
        self._run = run
        self._states = (State.PENDING, State.SENDING, *retry)
        self._group: list[_Write] = []
        self._scheduled = self._writing = False
        self._queue: queue.SimpleQueue[list[_Write] | None] = queue.SimpleQueue()
        self._reading = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._failure: BaseException | None = None
        self._attempts: itertools.count[int]

    async def __aenter__(self) -> Self:
        """Open the journal on a thread of its own.

        Raises:
            JournalError: it cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as opened:
            self._connection = opened.enter_context(contextlib.closing(connect(self._path)))
            self._reader = opened.enter_context(contextlib.closing(connect(self._path)))
            with plain_errors(self._path):
                self._connection.executescript(VIEW)
                last = self._connection.execute("SELECT coalesce(max(attempt), 0) FROM attempt").fetchone()[0]
            self._connections = opened.pop_all()
        self._attempts = itertools.count(last + 1)
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left, also after a failure, and close.

        Raises:
            JournalWriteError: something is not on record.
        """
        self._writing = False  # whether or not it is: nothing more will come
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._close)
        if error is None and self._failure is not None:
            raise self._failure

    @property
    def failed(self) -> bool:
        """Whether something could not be written: then nothing more may be sent."""
        return self._failure is not None

    async def begin(self, seq: int, at: float) -> int:
        """Put an attempt on record before its first byte leaves; returns when it would survive a power cut.

        Args:
            seq: the row.
            at: now, in seconds since the epoch.

        Returns:
            The attempt's number.

        Raises:
            JournalWriteError: it is not on record, or an outcome before it is not, and nothing may be sent.
        """
        if self._failure is not None:
            raise self._failure
        attempt, done = next(self._attempts), self._loop.create_future()
        self._write(_Write(begun(attempt, self._run, seq, at), done))
        await done
        return attempt

    def end(self, seq: int, attempt: int, came: str, outcome: Outcome) -> None:
        """Put on record what an attempt came to and where its row stands now; committed soon, not awaited.

        Args:
            seq: the row.
            attempt: the number that `begin` gave.
            came: what came of the attempt itself, in a word.
            outcome: the row's state from now on.
        """
        self._write(_Write(ended(attempt, self._run, seq, came, outcome)))

    def asked(self, seq: int, began: float, came: str, outcome: Outcome) -> None:
        """Put a read-back on record and where its row stands now; committed soon, not awaited."""
        self._write(_Write(ended(next(self._attempts), self._run, seq, came, outcome, asked_at=began)))

    async def waiting(self, after: int, count: int) -> list[Waiting]:
        """The next rows that are pending, were cut off, or are to be sent once more, in sheet order.

        Args:
            after: the place in the run after which to look.
            count: how many at the most.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await asyncio.to_thread(self._read, after, count)

    def _write(self, write: _Write) -> None:
        """Have an event written with all others of this round of the event loop, as soon as the writer is free."""
        self._group.append(write)
        self._hand_over_soon()

    def _hand_over_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._scheduled = False
        if self._writing:
            return
        group, self._group = [write for write in self._group if self._is_wanted(write)], []
        if group:
            self._writing = True
            self._queue.put(group)

    def _is_wanted(self, write: _Write) -> bool:
        """Whether to write an event: an attempt that was cancelled, or may not be made any more, would raise doubts."""
        if write.done is None:
            return True
        if self._failure is not None and not write.done.done():
            write.done.set_exception(self._failure)
        return not write.done.done()

    def _written(self, group: Sequence[_Write], failure: BaseException | None) -> None:
        """Tell who waits that a whole group is safely on disk, or is not there at all."""
        self._writing = False
        for _, done in group:
            if done is None or done.done():
                continue
            if failure is None:
                done.set_result(None)
            else:
                done.set_exception(failure)
        self._hand_over_soon()  # with what those who are woken now have to write

    # On other threads

    def _read(self, after: int, count: int) -> list[Waiting]:
        marks = ", ".join("?" for _ in self._states)
        with self._reading, plain_errors(self._path):
            found = self._reader.execute(
                "SELECT seq, row, destination, body, state, attempts FROM status JOIN message USING (run, seq) "  # noqa: S608 - only marks
                f"WHERE run = ? AND seq > ? AND state IN ({marks}) ORDER BY seq LIMIT ?",
                (self._run, after, *self._states, count),
            )
            return [
                Waiting(seq, row, destination, body, state == State.SENDING, attempts, state == State.IN_DOUBT)
                for seq, row, destination, body, state, attempts in found
            ]

    def _close(self) -> None:
        self._thread.join()
        with self._reading:  # a delivery that was cancelled may have left somebody reading
            self._connections.close()

    def _work(self) -> None:
        unwritten: list[Event] = []
        while (group := self._queue.get()) is not None:
            events = [*unwritten, *(write.event for write in group)]
            failure = self._failure_of(events)
            # An attempt that is not on record is not made; but what came of one may find room with the next group.
            unwritten = [event for event in events if is_end(event)] if failure else []
            self._loop.call_soon_threadsafe(self._written, group, failure)
        for event in unwritten:  # each by itself, as one of them may be at fault
            self._failure_of([event])

    def _failure_of(self, events: Sequence[Event]) -> BaseException | None:
        try:
            with plain_errors(self._path):
                write(self._connection, events)
        except BaseException as error:  # noqa: BLE001 - whoever waits in the event loop must hear of it, whatever it is
            self._failure = error
            return error
        return None
