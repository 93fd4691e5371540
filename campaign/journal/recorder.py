"""Attempts and outcomes go on record while a run is delivered: group commit on one writer thread.

Many rows share a commit: whatever has queued up while the disk was busy is written together, so the event loop never
waits on the disk and a slow disk makes larger groups instead of a longer queue. Where rows are sent so fast that even
this holds them up, attempts are announced: put on record before their turn comes, many together.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.database import connect, plain_errors
from campaign.journal.events import VIEW, Announcement, Event, begun, ended, withdrawn
from campaign.journal.records import State
from campaign.journal.waiting_rows import read_page
from campaign.journal.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from campaign.journal.records import Outcome, Waiting

LATE = 0.1
"""Seconds after which a commit makes everybody wait: it may be that nothing can be written any more."""

AT_LEISURE = 0.02
"""Seconds for which outcomes gather while attempts are announced: nobody waits for a commit, and each has its price."""


class _Write(NamedTuple):
    """An event to write, and who waits until it is on disk or may come to wait: where attempts begin, somebody does."""

    event: Event
    done: asyncio.Future[None] | None = None


class _Announced(NamedTuple):
    """An attempt that has yet to be made: its number, and whether it is on disk."""

    attempt: int
    done: asyncio.Future[None]


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
        self._announced: dict[int, _Announced] = {}
        self._handing_over: asyncio.Handle | None = None
        self._soon = self._writing = False
        self._handed_over_at = 0.0
        self._writer_is_free = asyncio.Event()
        self._reading = threading.Lock()
        self._attempts: itertools.count[int]

    async def __aenter__(self) -> Self:
        """Open the journal on a thread of its own.

        Raises:
            JournalError: it cannot be opened.
        """
        self._loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as opened:
            connection = opened.enter_context(contextlib.closing(connect(self._path)))
            self._reader = opened.enter_context(contextlib.closing(connect(self._path)))
            with plain_errors(self._path):
                connection.executescript(VIEW)
                last = connection.execute("SELECT coalesce(max(attempt), 0) FROM attempt").fetchone()[0]
            self._writer = Writer(self._path, connection, self._loop)
            self._connections = opened.pop_all()
        self._attempts = itertools.count(last + 1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is left, also after a failure, withdraw what was announced and not made, and close.

        Raises:
            JournalWriteError: something is not on record.
        """
        for seq, (attempt, _) in self._announced.items():
            self._group.append(_Write(withdrawn(attempt, self._run, seq)))
        self._writing = False  # whether or not it is: nothing more will come
        self._hand_over()
        await asyncio.to_thread(self._close)
        if error is None and self._writer.failure is not None:
            raise self._writer.failure

    @property
    def failed(self) -> bool:
        """Whether something could not be written: then nothing more may be sent."""
        return self._writer.failure is not None

    def announce(self, rows: Sequence[int], at: float) -> None:
        """Put first attempts on record that are about to be made; `begin` then need not wait for each.

        After a crash they are found `sending`, so this is only for rows of which the server can be asked.

        Args:
            rows: which, each once, of those that were never tried; those that are announced already are passed over.
            at: now, in seconds since the epoch.
        """
        attempts = [(next(self._attempts), seq) for seq in rows if seq not in self._announced]
        if attempts:
            done = self._loop.create_future()
            self._announced.update((seq, _Announced(attempt, done)) for attempt, seq in attempts)
            self._group.append(_Write(Announcement(self._run, at, attempts), done))
            self._hand_over_later()

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
        if self._writer.failure is not None:
            raise self._writer.failure
        if seq in self._announced:
            return await self._begin_announced(seq)
        attempt, done = next(self._attempts), self._loop.create_future()
        self._group.append(_Write(begun(attempt, self._run, seq, at), done))
        self._hand_over_soon()
        await done
        return attempt

    async def _begin_announced(self, seq: int) -> int:
        attempt, done = self._announced[seq]
        if not done.done():
            self._hand_over_soon()
            await asyncio.shield(done)  # others wait for it too
        elif self._writing and self._loop.time() - self._handed_over_at > LATE:
            await self._writer_is_free.wait()
            if self._writer.failure is not None:
                raise self._writer.failure
        del self._announced[seq]
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
        return await asyncio.to_thread(self._read, after, count)

    def _write(self, event: Event) -> None:
        self._group.append(_Write(event))
        if self._announced:
            self._hand_over_later()
        else:
            self._hand_over_soon()

    def _hand_over_soon(self) -> None:
        """Have what there is written with all else of this round of the event loop, as soon as the writer is free."""
        if not self._soon:
            self._soon = True
            if self._handing_over is not None:
                self._handing_over.cancel()
            self._handing_over = self._loop.call_soon(self._hand_over)

    def _hand_over_later(self) -> None:
        if self._handing_over is None:
            self._handing_over = self._loop.call_later(AT_LEISURE, self._hand_over)

    def _hand_over(self) -> None:
        self._handing_over = None
        self._soon = self._writing
        if self._writing:
            return  # `_written` comes back to it
        group, self._group = [write for write in self._group if self._is_wanted(write)], []
        if group:
            self._writing = True
            self._handed_over_at = self._loop.time()
            self._writer_is_free.clear()
            self._writer.write([write.event for write in group], partial(self._written, group))

    def _is_wanted(self, write: _Write) -> bool:
        """Whether to write an event: an attempt that was cancelled, or may not be made any more, would raise doubts."""
        if write.done is None:
            return True
        if self._writer.failure is not None:
            _tell(write.done, self._writer.failure)
        return not write.done.done()

    def _written(self, group: Sequence[_Write], failure: BaseException | None) -> None:
        """Tell who waits that a whole group is safely on disk, or is not there at all."""
        self._writing = False
        self._writer_is_free.set()
        for _, done in group:
            if done is not None:
                _tell(done, failure)
        if self._soon or not self._announced:
            self._soon = False
            self._hand_over_soon()  # with what those who are woken now have to write
        elif self._group:
            self._hand_over_later()

    # On other threads

    def _read(self, after: int, count: int) -> list[Waiting]:
        with self._reading, plain_errors(self._path):
            return read_page(self._reader, self._run, self._states, after, count)

    def _close(self) -> None:
        self._writer.close()
        with self._reading:  # a delivery that was cancelled may have left somebody reading
            self._connections.close()


def _tell(done: asyncio.Future[None], failure: BaseException | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
        done.exception()  # it may be that nobody has come to wait yet
