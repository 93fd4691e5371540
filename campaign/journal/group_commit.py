"""The attempt log of a run: group commit on one writer thread.

Many rows share a commit: all that has queued up while the disk was busy is written together, so the event loop never
waits for the disk, and a slow disk makes larger groups instead of a longer queue.
"""

from __future__ import annotations

import asyncio
import itertools
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.deletions import UNDO
from campaign.journal.doubts import NO_ROW
from campaign.journal.events import Event, ReservedAttempts, begun, ended, withdrawn
from campaign.journal.gathering import Gathering
from campaign.journal.records import Reservation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from campaign.journal.activity import Activity
    from campaign.journal.group_writer import GroupWriter
    from campaign.journal.records import Outcome, State, WaitingRow

SLOW_COMMIT = 0.1
"""Seconds after which a running commit holds up every attempt: perhaps nothing can be written any more."""
FLUSH_INTERVAL = 0.02
"""Seconds for which outcomes gather while attempts are reserved: none waits for them, and each commit is an fsync."""

LONGEST_NOTE = 0.5
"""Seconds for which the record of an activity waits for a commit to go along with."""


class _Write(NamedTuple):
    """An event, or none; a future that is done once it is on disk, where something waits; the attempt that begins."""

    event: Event | None
    durable: asyncio.Future[None] | None = None
    attempt: int | None = None


class GroupCommitLog(ABC):
    """Records one run's attempts; implements `delivery.ports.AttemptLog`. Use with `async with`."""

    _writer: GroupWriter
    _attempts: itertools.count[int]

    def __init__(self, run: int) -> None:
        """Write nothing yet.

        Args:
            run: the run's number in the events.
        """
        self._run = run
        self._group: list[_Write] = []
        self._open_reservations = 0
        self._flush: asyncio.Handle | None = None
        self._flush_soon = self._writing = False
        self._flushed_at = 0.0
        self._writer_idle = asyncio.Event()
        self._gathering = Gathering()

    async def __aenter__(self) -> Self:
        """Open the journal and start the writer thread.

        Raises:
            JournalError: the journal cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        self._writer, last = await self._open()
        self._attempts = itertools.count(last + 1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left, also after a failure, and close.

        Raises:
            JournalWriteError: something is not on record.
        """
        self._writing = False  # whether or not a commit is running: nothing more is submitted
        self._hand_over()
        await asyncio.to_thread(self._close)
        if error is None and self._writer.failure is not None:
            raise self._writer.failure

    @abstractmethod
    async def _open(self) -> tuple[GroupWriter, int]:
        """Open the journal, and start its writer.

        Returns:
            The writer, and the highest number of an attempt on record.

        Raises:
            JournalError: the journal cannot be opened.
        """

    @abstractmethod
    def _read(self, after: int, most: int) -> list[WaitingRow]:
        """The next rows to deliver; in a thread of its own. See `waiting`."""

    @abstractmethod
    def _close(self) -> None:
        """Close the writer and the journal; in a thread of its own."""

    @property
    def failed(self) -> bool:
        """Whether something could not be written; then nothing more may be sent."""
        return self._writer.failure is not None

    async def begin(self, seq: int, at: float, what: str = "send") -> int:
        """Record an attempt, "send" or "undo", and return its number once it would survive a power cut.

        Raises:
            JournalWriteError: it is not on record, or an earlier outcome is not, so the request must not leave.
        """
        self._raise_failure()
        attempt, durable = next(self._attempts), self._loop.create_future()
        self._group.append(_Write(begun(attempt, self._run, seq, at, what), durable, attempt))
        self._flush_gathered()
        await durable
        return attempt

    def reserve(self, rows: Sequence[int], at: float) -> list[Reservation]:
        """Record the first attempts of rows that are about to be sent, without waiting for the disk.

        After a crash they are found `sending`, so this is only for servers with a read-back.

        Args:
            rows: places in the run, each once, of rows that were never attempted.
            at: now, in seconds since the epoch.
        """
        durable = self._loop.create_future()
        reserved = [Reservation(seq, next(self._attempts), durable) for seq in rows]
        attempts = [(each.attempt, each.seq) for each in reserved]
        self._open_reservations += len(reserved)
        self._group.append(_Write(ReservedAttempts(self._run, at, attempts), durable))
        self._flush_later(FLUSH_INTERVAL)
        return reserved

    async def begin_reserved(self, reservation: Reservation) -> None:
        """Return once a reserved attempt would survive a power cut and no commit is overdue.

        Raises:
            JournalWriteError: it is not on record, or an earlier outcome is not, so the request must not leave.
        """
        self._raise_failure()
        if not reservation.durable.done():
            self._flush_now()
            await asyncio.shield(reservation.durable)  # other rows wait for it too
        elif self._writing and self._loop.time() - self._flushed_at > SLOW_COMMIT:
            await self._writer_idle.wait()
            self._raise_failure()
        self._open_reservations -= 1

    def withdraw(self, reservation: Reservation) -> None:
        """Take back a reserved attempt that was not made."""
        self._open_reservations -= 1
        self._write(withdrawn(reservation.attempt, self._run, reservation.seq))

    def retract(self, seq: int, attempt: int, state: State) -> None:
        """Take back an attempt that was begun and whose request was not made; its row returns to a state."""
        self._gathering.end(attempt, self._loop.time())
        self._write(withdrawn(attempt, self._run, seq, state))

    def record_outcome(self, seq: int, attempt: int, result: str, outcome: Outcome) -> None:
        """Record the result of an attempt, in a word, and the row's state from now on; committed soon, not awaited."""
        self._gathering.end(attempt, self._loop.time())
        self._write(ended(attempt, self._run, seq, result, outcome))

    def record_read_back(self, seq: int, began_at: float, result: str, outcome: Outcome) -> None:
        """Record a read-back and the row's state from now on; committed soon, not awaited."""
        self._write(ended(next(self._attempts), self._run, seq, result, outcome, asked=("read-back", began_at)))

    def record_undo(self, seq: int, attempt: int, began_at: float, result: str, outcome: Outcome) -> None:
        """Record the result of an undo, and what it settles, if its outcome has a kind; committed soon, not awaited."""
        self._gathering.end(attempt, self._loop.time())
        self._write(ended(attempt, self._run, seq, result, outcome, asked=(UNDO, began_at)))

    def record_look_up(self, began_at: float, result: str, outcome: Outcome) -> None:
        """Record a look-up, which is no single row's; committed soon, not awaited."""
        self._write(ended(next(self._attempts), self._run, NO_ROW, result, outcome, asked=("look-up", began_at)))

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what the delivery is doing: with the next commit, or alone where none comes soon."""
        self._writer.note(session, activity)
        self._loop.call_later(LONGEST_NOTE, self._writer.write, (), _ignore)

    async def on_disk(self) -> None:
        """Return once all that was recorded so far would survive a power cut.

        Raises:
            JournalWriteError: some of it is not on record.
        """
        durable = self._loop.create_future()
        self._group.append(_Write(None, durable))
        self._flush_now()
        await durable

    async def waiting(self, after: int, most: int) -> list[WaitingRow]:
        """The next rows that are pending, were cut off, or are to be retried, in sheet order.

        Args:
            after: the place in the run after which to look.
            most: how many at most.

        Raises:
            JournalError: the journal cannot be read.
        """
        return await asyncio.to_thread(self._read, after, most)

    def _raise_failure(self) -> None:
        if self._writer.failure is not None:
            raise self._writer.failure

    def _write(self, event: Event) -> None:
        self._group.append(_Write(event))
        if self._open_reservations:
            self._flush_later(FLUSH_INTERVAL)
        else:
            self._flush_gathered()

    def _flush_gathered(self) -> None:
        """Write the group now, or together with what is expected within the time of a commit."""
        wait = self._gathering.wait
        if wait and not self._open_reservations:
            self._flush_later(wait)
        else:
            self._flush_now()

    def _flush_now(self) -> None:
        """Write the group at the end of this round of the event loop, or as soon as the writer is idle."""
        if not self._flush_soon:
            self._flush_soon = True
            if self._flush is not None:
                self._flush.cancel()
            self._flush = self._loop.call_soon(self._hand_over)

    def _flush_later(self, seconds: float) -> None:
        if self._flush is None:
            self._flush = self._loop.call_later(seconds, self._hand_over)

    def _hand_over(self) -> None:
        self._flush = None
        self._flush_soon = self._writing
        if self._writing:
            return  # `_written` returns to it
        group, self._group = [write for write in self._group if self._is_wanted(write)], []
        if group:
            self._writing = True
            self._flushed_at = self._loop.time()
            self._writer_idle.clear()
            events = [write.event for write in group if write.event is not None]
            self._writer.write(events, partial(self._written, group))

    def _is_wanted(self, write: _Write) -> bool:
        """Whether to write an event: an attempt that was cancelled, or may not be made any more, would raise doubts."""
        if write.durable is None:
            return True
        if self._writer.failure is not None:
            _settle(write.durable, self._writer.failure)
        return not write.durable.done()

    def _written(self, group: Sequence[_Write], failure: BaseException | None) -> None:
        """Settle the futures of a group that is on disk as a whole, or not at all."""
        self._writing = False
        self._writer_idle.set()
        now = self._loop.time()
        self._gathering.note_commit(now - self._flushed_at)
        for _, durable, attempt in group:
            if durable is not None:
                _settle(durable, failure)
            if attempt is not None:
                self._gathering.begin(attempt, now)
        if self._flush_soon or not self._open_reservations:
            self._flush_soon = False
            self._flush_gathered()  # together with what the coroutines that wake now have to write
        elif self._group:
            self._flush_later(FLUSH_INTERVAL)


def _ignore(_failure: BaseException | None) -> None:
    """Nothing waits for the record of an activity."""


def _settle(durable: asyncio.Future[None], failure: BaseException | None) -> None:
    if durable.done():
        return
    if failure is None:
        durable.set_result(None)
    else:
        durable.set_exception(failure)
        durable.exception()  # perhaps no coroutine waits for it yet
