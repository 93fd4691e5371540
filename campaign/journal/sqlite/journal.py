"""The journal in a SQLite file: every run, every message and what became of it."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.delivery.ports import SystemClock
from campaign.errors import JournalError, Problem
from campaign.journal.active_deliveries import end_deliveries
from campaign.journal.manifests import encode_manifest
from campaign.journal.records import CUT_OFF_REASON, RunManifest, RunRecord, State, storable
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.journal.sqlite.guard import DeliveryGuard, displaced
from campaign.journal.sqlite.imported import ImportedJournal
from campaign.journal.sqlite.lock import DeliveryLock, busy
from campaign.journal.sqlite.opening import NOTHING, Accepted, Opened, close_file, open_file
from campaign.journal.sqlite.place import arm, checkpoint, disarm, last_attempt, read_place, release, take, write_place
from campaign.journal.sqlite.reader import WaitingStates
from campaign.journal.sqlite.schema import cannot_write, connect, other_session, plain_errors, transaction
from campaign.journal.sqlite.second_chances import add_digests_and_origins
from campaign.journal.sqlite.wholeness import not_whole, suspect_all, wal_of
from campaign.journal.sqlite.witness import read_witness
from campaign.operating_system import spot_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Self

    from campaign.delivery.ports import Clock
    from campaign.journal.active_deliveries import ActiveDelivery
    from campaign.journal.records import PlannedRow

AUTOCHECKPOINT = 1000
"""Pages of write-ahead log after which SQLite checkpoints by itself, while nothing is delivered: its default."""


class SqliteJournal(ImportedJournal):
    """One campaign's journal. Made by `open` and `open_or_create`; closed by `with` or `async with`.

    Attributes:
        notes: what was put right when it was opened, or is worth knowing.
        displaced: why it may not be the journal that belongs here; None where it is.
        may_lack: whether something of it may be missing.
    """

    limits = None

    def __init__(self, path: Path, opened: Opened, clock: Clock | None = None) -> None:
        super().__init__(path, opened.connection)
        self.notes = opened.notes
        self.displaced = opened.displaced
        self.may_lack = opened.lack is not None or opened.displaced is not None or opened.was_displaced
        self._opened, self._lack = opened, opened.lack
        self._lock = DeliveryLock(path)
        self.deliveries: list[ActiveDelivery] = []
        self._clock = clock or SystemClock()
        self._closed = False
        self._began: dict[int, float] = {}
        self._tokens: dict[int, int] = {}

    @classmethod
    def open(cls, where: str | Path, accepted: Accepted = NOTHING) -> SqliteJournal:
        """Open an existing journal.

        Raises:
            JournalError: it is missing, damaged, not whole, from a newer version, or cannot be read.
        """
        path = Path(where).absolute()  # also where the folder of the process changes
        return cls(path, open_file(path, accepted, or_create=False))

    @classmethod
    def open_or_create(cls, where: str | Path, accepted: Accepted = NOTHING) -> SqliteJournal:
        """Open a journal, or create it.

        Raises:
            JournalError: it is damaged, not whole, from a newer version, or the folder cannot be written.
        """
        path = Path(where).absolute()
        return cls(path, open_file(path, accepted, or_create=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await end_deliveries(self)
        self._close()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            close_file(self._opened)

    def reopened(self) -> AbstractContextManager[SqliteJournal]:
        """The same file through a connection of its own; only this one still has a file that was taken away."""
        if not self._closed and not (self._is_in_place() and wal_of(self.path).exists()):
            return contextlib.nullcontext(self)
        journal = SqliteJournal(self.path, open_file(self.path, NOTHING, or_create=False), self._clock)
        journal._lock, journal._began, journal._tokens = self._lock, self._began, self._tokens
        return journal

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the journal for planning or delivery; see `JournalStore.exclusive`."""
        if self.displaced is not None:
            raise JournalError(self.displaced)
        with self._lock.held():
            self.refuse_imported()
            with plain_errors(self.path):
                token, holder = take(self._connection)
            if holder is not None:
                raise busy(self.path, holder)
            self._testify()
            self.acknowledge_stop()  # a request that an earlier holder did not live to see
            if not self._lock.supported:
                what = "this file system has no locks: another machine that works on it is not noticed at once"
                self.notes = (*self.notes, Problem(self.where, what, "run campaign on one machine only", "no-locks"))
            try:
                yield
            finally:
                self._release(token)

    def _release(self, token: int) -> None:
        """Hold the journal no more, also where the caller has closed it meanwhile."""
        with contextlib.suppress(JournalError), plain_errors(self.path), contextlib.ExitStack() as stack:
            own = self._connection
            connection = stack.enter_context(contextlib.closing(connect(self.path))) if self._closed else own
            connection.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT}")
            release(connection, token)

    def accept_place(self) -> None:
        """Record that the journal was moved here on purpose."""
        with plain_errors(self.path), transaction(self._connection):
            write_place(self._connection, self.path, self._opened.identity)
        self.displaced = None

    def recover(self, run: int) -> None:
        """Treat every row that seems to wait as cut off while sending; see `JournalStore.recover`."""
        with plain_errors(self.path):
            with transaction(self._connection):
                suspect_all(self._connection, run)
                disarm(self._connection, read_witness(self.path).epoch)
            self._rest()
        self._lack, self.may_lack = None, False

    def server_change(self, run: int) -> None:
        """None: it has no server."""

    def attempt_log(
        self,
        run: int,
        retry: Collection[State] = (),
        session: int | None = None,
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> SqliteAttemptLog:
        """The record that delivery writes to; see `JournalStore.attempt_log`."""
        guard = None
        if session is not None:
            guard = DeliveryGuard(self.path, session, self._tokens[session], self._lock.witness)
        return SqliteAttemptLog(self.path, run, WaitingStates(tuple(waiting), tuple(retry), tuple(rows)), guard)

    def begin_run(self, manifest: RunManifest) -> RunRecord:
        """Start planning a new run."""
        self.refuse_imported()
        last = self.last_run()
        run = last.number + 1 if last else 1
        secret, now = secrets.token_bytes(32), self._clock.epoch()
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
        with plain_errors(self.path):
            with transaction(self._connection):
                self._connection.execute("UPDATE run SET planned = 1 WHERE run = ?", (run,))
            checkpoint(self._connection)  # the plan is in the main file before the first send

    def discard(self, run: int) -> None:
        """Delete a plan of which nothing was sent."""
        with plain_errors(self.path), transaction(self._connection):
            for table in ("message", "status", "digest", "origin", "looked", "finding", "accepted", "row_key", "run"):
                self._connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - our own names

    def begin_session(self, run: int, retry: Collection[State] = (), *, sends: bool = True, by: str = "") -> int:
        """Record that this process delivers a run from now on, and that earlier sessions have ended."""
        if not self._is_in_place():
            raise displaced(self.path)
        if self._lack is not None:
            raise not_whole(self.path, self._lack)
        self.refuse_imported()
        token = secrets.randbits(62)
        with plain_errors(self.path):
            with transaction(self._connection):
                # A session that was cut off lasted at least until the last attempt on record.
                self._connection.execute(
                    "UPDATE session SET ended_at = max(started_at, coalesce((SELECT max(coalesce(ended_at, "
                    "started_at)) FROM attempt WHERE attempt.run = session.run), 0)) WHERE ended_at IS NULL"
                )
                self._connection.execute("UPDATE run SET stop_reason = NULL WHERE run = ? AND ?", (run, sends))
                values = (run, platform.node(), os.getpid(), self._clock.epoch(), token, " ".join(retry), storable(by))
                cursor = self._connection.execute(
                    "INSERT INTO session (run, host, process, started_at, token, retry, by) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    values,
                )
            self._connection.execute("PRAGMA wal_autocheckpoint = 0")  # checkpoints are the guard's
            self._lock.witness.note(attempt=last_attempt(self._connection))
            if not arm(self._connection, self._lock.witness):
                raise cannot_write(self.path, "the file is locked by a program that reads it")
        session = int(cursor.lastrowid or 0)
        self._began[session], self._tokens[session] = self._clock.now(), token
        return session

    def check_session(self, session: int) -> None:
        """Check that no other session has begun since; see `JournalStore.check_session`."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT 1 FROM session WHERE session = ? AND token = ? AND ended_at IS NULL",
                (session, self._tokens[session]),
            ).fetchone()
        if found is None:
            raise other_session(self.path)

    def end_session(self, session: int, stop_reason: str | None) -> None:
        """Record that a delivery has ended, and why where it ended early."""
        self.check_session(session)
        with plain_errors(self.path):
            with transaction(self._connection):
                self._connection.execute(
                    "UPDATE session SET ended_at = ?, seconds = ? WHERE session = ?",
                    (self._clock.epoch(), self._clock.now() - self._began[session], session),
                )
                self._connection.execute(
                    "UPDATE run SET stop_reason = ? WHERE run = (SELECT run FROM session WHERE session = ?)",
                    (None if stop_reason is None else storable(stop_reason), session),
                )
                disarm(self._connection)
            self._rest()

    def _testify(self) -> None:
        """Write down in the lock file which journal it is beside, where it was removed or is of another one."""
        with plain_errors(self.path):
            place, attempt = read_place(self._connection), last_attempt(self._connection)
        witness = read_witness(self.path)
        self._lock.witness.continue_from(witness)
        if place is not None and witness.journal != place.journal:
            self._lock.witness.note(journal=place.journal, epoch=place.epoch, opened=True, attempt=attempt)

    def _is_in_place(self) -> bool:
        try:
            return spot_of(self.path) == self._opened.spot
        except OSError:
            return False

    def mark_cut_off_in_doubt(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for servers without a read-back."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "UPDATE status SET state = ?, kind = 'cut off', reason = ? WHERE run = ? AND state = ?",
                (State.IN_DOUBT, CUT_OFF_REASON, run, State.SENDING),
            )
