"""The attempt log of a run in a SQLite file."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from campaign.journal.group_commit import GroupCommitLog
from campaign.journal.sqlite.events import view
from campaign.journal.sqlite.reader import WaitingStates, read_waiting
from campaign.journal.sqlite.schema import connect, decoding, plain_errors
from campaign.journal.sqlite.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.journal.records import WaitingRow
    from campaign.journal.sqlite.guard import DeliveryGuard


class SqliteAttemptLog(GroupCommitLog):
    """Records one run's attempts in a journal file."""

    _writer: Writer

    def __init__(
        self, path: Path, run: int, wanted: WaitingStates | None = None, guard: DeliveryGuard | None = None
    ) -> None:
        super().__init__(run)
        self._path = path
        self._guard = guard
        self._wanted = wanted or WaitingStates()
        self._reading = threading.Lock()

    async def _open(self) -> tuple[Writer, int]:
        with contextlib.ExitStack() as opened:
            connection = opened.enter_context(contextlib.closing(connect(self._path)))
            self._reader = opened.enter_context(contextlib.closing(connect(self._path)))
            with plain_errors(self._path):
                connection.executescript(view(self._guard.condition if self._guard else "0"))
                if self._guard is not None:
                    connection.execute("PRAGMA wal_autocheckpoint = 0")  # checkpoints are the guard's
                    self._guard.before_commit(connection)
                last = connection.execute("SELECT coalesce(max(attempt), 0) FROM attempt").fetchone()[0]
            writer = Writer(self._path, connection, self._loop, self._guard)
            self._connections = opened.pop_all()
        return writer, last

    def _read(self, after: int, most: int) -> list[WaitingRow]:
        with self._reading, plain_errors(self._path), decoding(self._path):
            return read_waiting(self._reader, self._run, self._wanted, after, most)

    def _close(self) -> None:
        self._writer.close()
        with self._reading:  # a cancelled delivery may have left a read under way
            self._connections.close()
