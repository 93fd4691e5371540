"""Attempts and outcomes go on record while a run is delivered: group commit on one writer thread.

Many rows share a commit: whatever has queued up while the disk was busy is written together, so the event loop never
waits on the disk and a slow disk makes larger groups instead of a longer queue.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from campaign.journal.database import connect, plain_errors
from campaign.journal.events import VIEW, Event, begun, ended, write
from campaign.journal.records import State, Waiting

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from campaign.journal.records import Outcome

Result = TypeVar("Result")


class _Group(NamedTuple):
    """Events to write together, and who waits until they are on disk."""

    events: list[Event]
    waiting: list[asyncio.Future[None]]


class _Read(NamedTuple):
    """Something to read on the writer thread, and whom to tell."""

    action: Callable[[sqlite3.Connection], list[Waiting]]
    done: asyncio.Future[list[Waiting]]


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
        self._waiting = (State.PENDING, State.SENDING, *retry)
        self._group = _Group([], [])
        self._scheduled = self._writing = False
        self._queue: queue.SimpleQueue[_Group | _Read | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._failure: BaseException | None = None
        self._attempts: itertools.count[int]

    async def __aenter__(self) -> Self:
        """Open the journal on a thread of its own.

        Raises:
            JournalError: it cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        self._connection = connect(self._path)
        try:
            with plain_errors(self._path):
                self._connection.executescript(VIEW)
                last = self._connection.execute("SELECT coalesce(max(attempt), 0) FROM attempt").fetchone()[0]
        except BaseException:
            self._connection.close()
            raise
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
        await asyncio.to_thread(self._thread.join)
        self._connection.close()
        if error is None and self._failure is not None:
            raise self._failure

    @property
    def failed(self) -> bool:
        """Whether an outcome could not be written: then nothing more may be sent."""
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
        self._group.waiting.append(done)
        self._write(begun(attempt, self._run, seq, at))
        await done
        if self._failure is not None:  # of others, meanwhile
            raise self._failure
        return attempt

    def end(self, seq: int, attempt: int, came: str, outcome: Outcome) -> None:
        """Put on record what an attempt came to and where its row stands now; committed soon, not awaited.

        Args:
            seq: the row.
            attempt: the number that `begin` gave.
            came: what came of the attempt itself, in a word.
            outcome: the row's state from now on.
        """
        self._write(ended(attempt, self._run, seq, came, outcome))

    def asked(self, seq: int, began: float, came: str, outcome: Outcome) -> None:
        """Put a read-back on record and where its row stands now; committed soon, not awaited."""
        self._write(ended(next(self._attempts), self._run, seq, came, outcome, asked_at=began))

    async def waiting(self, after: int, count: int) -> list[Waiting]:
        """The next rows that are pending, were cut off, or are to be sent once more, in sheet order.

        Args:
            after: the place in the run after which to look.
            count: how many at the most.

        Raises:
            JournalError: the journal cannot be read.
        """
        marks = ", ".join("?" for _ in self._waiting)

        def read(connection: sqlite3.Connection) -> list[Waiting]:
            found = connection.execute(
                "SELECT seq, row, destination, body, state, attempts FROM status JOIN message USING (run, seq) "  # noqa: S608 - only marks
                f"WHERE run = ? AND seq > ? AND state IN ({marks}) ORDER BY seq LIMIT ?",
                (self._run, after, *self._waiting, count),
            )
            return [
                Waiting(seq, row, destination, body, state == State.SENDING, attempts, state == State.IN_DOUBT)
                for seq, row, destination, body, state, attempts in found
            ]

        done: asyncio.Future[list[Waiting]] = self._loop.create_future()
        self._queue.put(_Read(read, done))
        return await done

    def _write(self, event: Event) -> None:
        """Have an event written with all others of this round of the event loop, as soon as the writer is free."""
        self._group.events.append(event)
        self._hand_over_soon()

    def _hand_over_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._hand_over)

    def _hand_over(self) -> None:
        self._scheduled = False
        if self._group.events and not self._writing:
            self._writing = True
            self._queue.put(self._group)
            self._group = _Group([], [])

    def _written(self, waiting: Sequence[asyncio.Future[None]], failure: BaseException | None) -> None:
        """Wake whoever waits: only once the whole group is safely on disk."""
        self._writing = False
        for done in waiting:
            _tell(done, None, failure)
        self._hand_over_soon()  # with what those who are woken now have to write

    # On the writer thread

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, _Group):
                self._loop.call_soon_threadsafe(self._written, item.waiting, self._failure_of(item.events))
            else:
                self._loop.call_soon_threadsafe(_tell, item.done, *self._found(item.action))

    def _failure_of(self, events: Sequence[Event]) -> BaseException | None:
        try:
            with plain_errors(self._path):
                write(self._connection, events)
        except BaseException as error:  # noqa: BLE001 - whoever waits in the event loop must hear of it, whatever it is
            self._failure = error
            return error
        return None

    def _found(
        self, action: Callable[[sqlite3.Connection], list[Waiting]]
    ) -> tuple[list[Waiting], BaseException | None]:
        try:
            with plain_errors(self._path):
                return action(self._connection), None
        except BaseException as error:  # noqa: BLE001 - as above
            return [], error


def _tell(done: asyncio.Future[Result], result: Result, failure: BaseException | None) -> None:
    if done.cancelled():
        return
    if failure is None:
        done.set_result(result)
    else:
        done.set_exception(failure)
