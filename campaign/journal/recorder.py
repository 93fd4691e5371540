"""Attempts and outcomes go on record while a run is delivered: group commit on one writer thread.

Many rows share a commit: whatever has queued up while the disk was busy is written together, so the event loop never
waits on the disk and a slow disk makes larger groups instead of a longer queue.
"""

from __future__ import annotations

import asyncio
import itertools
import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from campaign.journal.database import connect, plain_errors, transaction
from campaign.journal.records import State, Waiting, storable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from campaign.journal.records import Outcome

Result = TypeVar("Result")

LARGEST_GROUP = 500


class _Write(Generic[Result]):
    """Something to do on the writer thread, and where to leave the result."""

    def __init__(self, action: Callable[[sqlite3.Connection], Result], done: asyncio.Future[Result]) -> None:
        self.action = action
        self.done = done
        self.result: Result


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
        self._queue: queue.SimpleQueue[_Write[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
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
        attempt = next(self._attempts)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO attempt (attempt, run, seq, what, started_at) VALUES (?, ?, ?, 'send', ?)",
                (attempt, self._run, seq, at),
            )
            connection.execute(
                "UPDATE status SET state = 'sending', attempts = attempts + 1, at = ? WHERE run = ? AND seq = ?",
                (at, self._run, seq),
            )

        await self._submit(write)
        return attempt

    def end(self, seq: int, attempt: int, came: str, outcome: Outcome) -> None:
        """Put on record what an attempt came to and where its row stands now; committed soon, not awaited.

        Args:
            seq: the row.
            attempt: the number that `begin` gave.
            came: what came of the attempt itself, in a word.
            outcome: the row's state from now on.
        """
        outcome = _storable(outcome)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE attempt SET ended_at = ?, outcome = ?, http_status = ?, detail = ? WHERE attempt = ?",
                (outcome.at, came, outcome.http_status, outcome.reason, attempt),
            )
            self._settle(connection, seq, outcome)

        self._submit_later(write)

    def asked(self, seq: int, began: float, came: str, outcome: Outcome) -> None:
        """Put a read-back on record and where its row stands now; committed soon, not awaited."""
        attempt, outcome = next(self._attempts), _storable(outcome)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO attempt VALUES (?, ?, ?, 'read-back', ?, ?, ?, ?, ?)",
                (attempt, self._run, seq, began, outcome.at, came, outcome.http_status, outcome.reason),
            )
            self._settle(connection, seq, outcome)

        self._submit_later(write)

    def _settle(self, connection: sqlite3.Connection, seq: int, outcome: Outcome) -> None:
        connection.execute(
            "UPDATE status SET state = ?, kind = ?, reason = ?, message_id = ?, http_status = ?, at = ?, latency = ? "
            "WHERE run = ? AND seq = ?",
            (*outcome, self._run, seq),
        )

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

        return await self._submit(read)

    def _submit(self, action: Callable[[sqlite3.Connection], Result]) -> asyncio.Future[Result]:
        done: asyncio.Future[Result] = self._loop.create_future()
        self._queue.put(_Write(action, done))  # type: ignore[arg-type] # each write keeps its own result type
        return done

    def _submit_later(self, action: Callable[[sqlite3.Connection], object]) -> None:
        self._submit(action).add_done_callback(lambda done: done.exception())  # heard of already, as `_failure`

    # On the writer thread

    def _write_all(self) -> None:
        running = True
        while running:
            group = [self._queue.get()]
            while len(group) < LARGEST_GROUP and not self._queue.empty():
                group.append(self._queue.get())
            running = None not in group
            writes = [write for write in group if write is not None]
            if writes:
                self._commit(writes)

    def _commit(self, writes: list[_Write[object]]) -> None:
        failure: BaseException | None = None
        try:
            with plain_errors(self._path), transaction(self._connection):
                for write in writes:
                    write.result = write.action(self._connection)
        except BaseException as error:  # noqa: BLE001 - whoever waits in the event loop must hear of it, whatever it is
            self._failure = failure = error
        self._loop.call_soon_threadsafe(_tell, writes, failure)


def _storable(outcome: Outcome) -> Outcome:
    return outcome._replace(
        kind=storable(outcome.kind),
        reason=storable(outcome.reason),
        message_id=storable(outcome.message_id) if outcome.message_id is not None else None,
    )


def _tell(writes: list[_Write[object]], failure: BaseException | None) -> None:
    """Wake whoever waits, in the event loop: only once the whole group is safely on disk."""
    for write in writes:
        if write.done.cancelled():
            continue
        if failure is None:
            write.done.set_result(write.result)
        else:
            write.done.set_exception(failure)
