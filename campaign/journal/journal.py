"""The journal: every run, every message and what became of it. The one source of truth."""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from campaign.journal.database import connect, create, plain_errors, transaction
from campaign.journal.reader import JournalReader
from campaign.journal.records import Run, RunFacts, State, storable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from campaign.journal.records import PlannedMessage


class Journal(JournalReader):
    """One campaign's journal. Made by `open` and `open_or_create`; closed by `with`."""

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open a journal that is there.

        Raises:
            JournalError: it is damaged, from a newer version, or cannot be read.
        """
        return cls(path, connect(path))

    @classmethod
    def open_or_create(cls, path: Path) -> Journal:
        """Open a journal, or make a new one.

        Raises:
            JournalError: it is damaged, from a newer version, or the folder cannot be written.
        """
        return cls(path, connect(path) if path.exists() else create(path))

    def __enter__(self) -> Self:
        """Use for a while."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._connection.close()

    def begin_run(self, facts: RunFacts) -> Run:
        """Start planning a new run."""
        last = self.last_run()
        run = last.number + 1 if last else 1
        secret, now = secrets.token_bytes(32), time.time()
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "INSERT INTO run (run, facts, secret, created_at) VALUES (?, ?, ?, ?)",
                (run, json.dumps(asdict(facts)), secret, now),
            )
        return Run(run, facts, secret, planned=False, created_at=now, stop_reason=None)

    def add(self, run: int, first_seq: int, batch: Sequence[PlannedMessage]) -> None:
        """Write a batch of a plan."""
        messages = [
            (run, seq, each.row, each.destination, each.body, each.cells)
            for seq, each in enumerate(batch, start=first_seq)
        ]
        statuses = [
            (run, seq, each.state, storable(each.kind), storable(each.reason))
            for seq, each in enumerate(batch, start=first_seq)
        ]
        with plain_errors(self.path), transaction(self._connection):
            self._connection.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)", messages)
            self._connection.executemany(
                "INSERT INTO status (run, seq, state, kind, reason) VALUES (?, ?, ?, ?, ?)", statuses
            )

    def seal(self, run: int) -> None:
        """Declare a plan whole and agreed to: from now on it may be delivered."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("UPDATE run SET planned = 1 WHERE run = ?", (run,))

    def discard(self, run: int) -> None:
        """Take back a plan of which nothing was sent."""
        with plain_errors(self.path), transaction(self._connection):
            for table in ("message", "status", "run"):
                self._connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - our own names

    # Delivery's beginning and end; what lies between is the Recorder's

    def begin_session(self, run: int) -> int:
        """Put on record that this process delivers a run from now on, and that those before it do so no more."""
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
        """Put on record that the delivery has ended, and why, where it ended early."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("UPDATE session SET ended_at = ? WHERE session = ?", (time.time(), session))
            self._connection.execute(
                "UPDATE run SET stop_reason = ? WHERE run = (SELECT run FROM session WHERE session = ?)",
                (None if stop_reason is None else storable(stop_reason), session),
            )

    def doubt_cut_off(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for channels that cannot be asked."""
        reason = "cut off while sending: the server may have taken the message"
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "UPDATE status SET state = ?, kind = 'cut off', reason = ? WHERE run = ? AND state = ?",
                (State.IN_DOUBT, reason, run, State.SENDING),
            )
