"""The journal in a SQLite file: every run, every message and what became of it."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.journal.records import CUT_OFF_REASON, RunManifest, RunRecord, State, storable
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.journal.sqlite.lock import DeliveryLock
from campaign.journal.sqlite.reader import WaitingStates, encode_manifest
from campaign.journal.sqlite.schema import connect, create, plain_errors, transaction
from campaign.journal.sqlite.second_chances import SecondChances, add_digests_and_origins
from campaign.journal.store import end_deliveries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Self

    from campaign.journal.records import PlannedRow
    from campaign.journal.store import ActiveDelivery


class SqliteJournal(SecondChances):
    """One campaign's journal. Made by `open` and `open_or_create`; closed by `with` or `async with`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, connection)
        self._lock = DeliveryLock(path)
        self.deliveries: list[ActiveDelivery] = []

    @classmethod
    def open(cls, where: str | Path) -> SqliteJournal:
        """Open an existing journal.

        Raises:
            JournalError: it is missing, damaged, from a newer version, or cannot be read.
        """
        path = Path(where)
        return cls(path, connect(path))

    @classmethod
    def open_or_create(cls, where: str | Path) -> SqliteJournal:
        """Open a journal, or create it.

        Raises:
            JournalError: it is damaged, from a newer version, or the folder cannot be written.
        """
        path = Path(where)
        return cls(path, connect(path) if path.exists() else create(path))

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await end_deliveries(self)
        self._connection.close()

    def reopened(self) -> AbstractContextManager[SqliteJournal]:
        """The same file through a connection of its own."""
        return SqliteJournal.open(self.path)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the journal for planning or delivery; see `JournalStore.exclusive`."""
        with self._lock.held():
            self.acknowledge_stop()  # a wish that an earlier holder did not live to see
            yield

    def attempt_log(
        self,
        run: int,
        retry: Collection[State] = (),
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> SqliteAttemptLog:
        """The record that delivery writes to; see `JournalStore.attempt_log`."""
        return SqliteAttemptLog(self.path, run, WaitingStates(tuple(waiting), tuple(retry), tuple(rows)))

    def begin_run(self, manifest: RunManifest) -> RunRecord:
        """Start planning a new run."""
        last = self.last_run()
        run = last.number + 1 if last else 1
        secret, now = secrets.token_bytes(32), time.time()
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "INSERT INTO run (run, facts, secret, created_at) VALUES (?, ?, ?, ?)",
                (run, encode_manifest(manifest), secret, now),
            )
        return RunRecord(run, manifest, secret, planned=False, created_at=now, stop_reason=None)

    def add(self, run: int, first_seq: int, batch: Sequence[PlannedRow]) -> None:
        """Store a batch of a plan; `first_seq` is the place of its first row in the run."""
        messages = [
            (run, seq, each.number, each.destination, each.body, each.cells)
            for seq, each in enumerate(batch, start=first_seq)
        ]
        statuses = [
            (run, seq, each.state, storable(each.kind), storable(each.reason))
            for seq, each in enumerate(batch, start=first_seq)
        ]
        with plain_errors(self.path), transaction(self._connection):
            self._connection.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", messages)
            add_digests_and_origins(self._connection, run, first_seq, batch)
            self._connection.executemany(
                "INSERT INTO status (run, seq, state, kind, reason) VALUES (?, ?, ?, ?, ?)", statuses
            )

    def seal(self, run: int) -> None:
        """Declare a plan complete and confirmed: from now on it may be delivered."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("UPDATE run SET planned = 1 WHERE run = ?", (run,))

    def discard(self, run: int) -> None:
        """Delete a plan of which nothing was sent."""
        with plain_errors(self.path), transaction(self._connection):
            for table in ("message", "status", "digest", "origin", "run"):
                self._connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - our own names

    def begin_session(self, run: int) -> int:
        """Record that this process delivers a run from now on, and that earlier sessions have ended."""
        with plain_errors(self.path), transaction(self._connection):
            # A session that was cut off lasted at least until the last attempt on record.
            self._connection.execute(
                "UPDATE session SET ended_at = max(started_at, coalesce((SELECT max(coalesce(ended_at, started_at)) "
                "FROM attempt WHERE attempt.run = session.run), 0)) WHERE ended_at IS NULL"
            )
            self._connection.execute("UPDATE run SET stop_reason = NULL WHERE run = ?", (run,))
            cursor = self._connection.execute(
                "INSERT INTO session (run, host, process, started_at) VALUES (?, ?, ?, ?)",
                (run, platform.node(), os.getpid(), time.time()),
            )
        return int(cursor.lastrowid or 0)

    def end_session(self, session: int, stop_reason: str | None) -> None:
        """Record that a delivery has ended, and why where it ended early."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("UPDATE session SET ended_at = ? WHERE session = ?", (time.time(), session))
            self._connection.execute(
                "UPDATE run SET stop_reason = ? WHERE run = (SELECT run FROM session WHERE session = ?)",
                (None if stop_reason is None else storable(stop_reason), session),
            )

    def mark_cut_off_in_doubt(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for servers without a read-back."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "UPDATE status SET state = ?, kind = 'cut off', reason = ? WHERE run = ? AND state = ?",
                (State.IN_DOUBT, CUT_OFF_REASON, run, State.SENDING),
            )
