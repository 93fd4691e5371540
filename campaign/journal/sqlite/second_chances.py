"""What a journal file keeps for second chances: who has a message already, decisions, stop requests and workbooks."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from typing import TYPE_CHECKING

from campaign.journal.decisions import ABANDONED, DELIVERED, SETTLED, Decision, EarlierRow
from campaign.journal.digests import digest_of
from campaign.journal.records import State, storable
from campaign.journal.sqlite.findings import RecordedFindings
from campaign.journal.sqlite.schema import plain_errors, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from campaign.journal.records import PlannedRow

_BY_DIGEST = """
SELECT coalesce(digest, digest_of(body)), run, row, state, at, NULL
FROM status JOIN message USING (run, seq) LEFT JOIN digest USING (run, seq)
"""
_BY_ORIGIN = """
SELECT coalesce(origin_run || ':' || origin_row, run || ':' || row), run, row, state, at, NULL
FROM status JOIN message USING (run, seq) LEFT JOIN origin USING (run, seq)
"""


class SecondChances(RecordedFindings):
    """The part of a journal that keeps people from getting a message twice by a second chance."""

    @contextlib.contextmanager
    def delivered_messages(self, runs: Sequence[int]) -> Iterator[Callable[[bytes], EarlierRow | None]]:
        """Looks up messages by digest; see `JournalStore.delivered_messages`."""
        with self._delivered("delivered_message", _BY_DIGEST, runs) as find:
            yield find

    @contextlib.contextmanager
    def delivered_rows(self, runs: Sequence[int]) -> Iterator[Callable[[tuple[int, int]], EarlierRow | None]]:
        """Looks up rows of first lists, by run and row; see `JournalStore.delivered_rows`."""
        with self._delivered("delivered_row", _BY_ORIGIN, runs) as find:
            yield lambda origin: find(f"{origin[0]}:{origin[1]}")

    @contextlib.contextmanager
    def _delivered(
        self, table: str, query: str, runs: Sequence[int]
    ) -> Iterator[Callable[[bytes | str], EarlierRow | None]]:
        """A temporary index of delivered rows: no run pays for an index that few runs need."""
        connection = self._connection
        connection.create_function("digest_of", 1, digest_of, deterministic=True)
        with plain_errors(self.path):
            connection.execute(
                f"CREATE TEMP TABLE {table} "
                "(key PRIMARY KEY, run INTEGER, row INTEGER, state TEXT, at REAL, digest BLOB) WITHOUT ROWID"
            )
            for state in DELIVERED:  # the first row is kept, and "sent" says more than "in doubt"
                for run in runs:
                    connection.execute(
                        f"INSERT OR IGNORE INTO {table} SELECT * FROM ({query} WHERE run = ? AND state = ?) "  # noqa: S608 - our own names
                        "WHERE true",
                        (run, state),
                    )

        def find(key: bytes | str) -> EarlierRow | None:
            with plain_errors(self.path):
                query = f"SELECT run, row, state, at, digest FROM {table} WHERE key = ?"  # noqa: S608 - as above
                found = connection.execute(query, (key,)).fetchone()
            return None if found is None else EarlierRow(found[0], found[1], State(found[2]), *found[3:])

        try:
            yield find
        finally:
            with contextlib.suppress(sqlite3.Error):
                connection.execute(f"DROP TABLE {table}")

    def row_states(self, run: int, rows: Sequence[range]) -> list[tuple[int, State]]:
        """The numbers of these rows that a run has, and their states; see `JournalStore.row_states`."""
        found: set[tuple[int, State]] = set()
        with plain_errors(self.path):
            for each in rows:
                found.update(
                    (row, State(state))
                    for row, state in self._connection.execute(
                        "SELECT row, state FROM message JOIN status USING (run, seq) "
                        "WHERE run = ? AND row BETWEEN ? AND ?",
                        (run, each.start, each.stop - 1),
                    )
                )
        return sorted(found)

    def leave_unsent(self, run: int, reason: str) -> int:
        """Skip every pending row of a run, which ends it; see `JournalStore.leave_unsent`."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("UPDATE run SET stop_reason = NULL WHERE run = ?", (run,))
            return self._connection.execute(
                "UPDATE status SET state = ?, kind = ?, reason = ? WHERE run = ? AND state = ?",
                (State.SKIPPED, ABANDONED, storable(reason), run, State.PENDING),
            ).rowcount

    def settle(self, run: int, rows: Sequence[range], state: State, reason: str) -> None:
        """Put these rows into a state, as far as they are in doubt."""
        with plain_errors(self.path), transaction(self._connection):
            for each in rows:
                self._connection.execute(
                    "UPDATE status SET state = ?, kind = ?, reason = ? WHERE run = ? AND state = ? AND seq IN "
                    "(SELECT seq FROM message WHERE run = ? AND row BETWEEN ? AND ?)",
                    (state, SETTLED, storable(reason), run, State.IN_DOUBT, run, each.start, each.stop - 1),
                )

    def forget(self, run: int) -> None:
        """Delete a run's personal data; see `JournalStore.forget`."""
        self._connection.create_function("digest_of", 1, digest_of, deterministic=True)
        with plain_errors(self.path):
            self._connection.execute("PRAGMA secure_delete = ON")
            with transaction(self._connection):
                self._forget(run)
            # Deleted text must not stay in free pages or in the write-ahead log either.
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _forget(self, run: int) -> None:
        found = self.run(run)
        blank = json.dumps([""] * len(found.manifest.headers if found else ()), separators=(",", ":"))
        execute = self._connection.execute
        execute(
            "INSERT OR IGNORE INTO digest SELECT run, seq, digest_of(body) FROM message "
            "WHERE run = ? AND digest_of(body) IS NOT NULL",
            (run,),
        )
        execute("UPDATE message SET destination = '', body = NULL, cells = ? WHERE run = ?", (blank, run))
        execute(
            "UPDATE status SET kind = '', reason = '', message_id = NULL WHERE run = ? AND kind NOT IN (?, ?)",
            (run, ABANDONED, SETTLED),
        )
        execute("DELETE FROM finding WHERE run = ?", (run,))  # they quote cells
        execute("UPDATE attempt SET detail = NULL WHERE run = ?", (run,))
        execute("UPDATE run SET stop_reason = NULL WHERE run = ?", (run,))
        execute("DELETE FROM workbook WHERE run = ?", (run,))

    def record_decision(self, run: int, what: str, by: str, detail: str = "") -> None:
        """Record what an operator decided, and when."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute(
                "INSERT INTO decision (run, what, by, at, detail) VALUES (?, ?, ?, ?, ?)",
                (run, what, storable(by), time.time(), storable(detail)),
            )

    def decisions(self, run: int) -> list[Decision]:
        """What operators decided about a run, oldest first."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT what, by, at, detail FROM decision WHERE run = ? ORDER BY decision", (run,)
            ).fetchall()
        return [Decision(*each) for each in found]

    def request_stop(self, by: str) -> None:
        """Ask the process that holds the journal to stop."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("INSERT INTO stop_request (by, at) VALUES (?, ?)", (storable(by), time.time()))

    def stop_requested(self) -> str | None:
        """Who asked for a stop; None where no one did."""
        with plain_errors(self.path):
            found = self._connection.execute("SELECT by FROM stop_request ORDER BY at LIMIT 1").fetchone()
        return None if found is None else str(found[0])

    def acknowledge_stop(self) -> None:
        """Remove the request, where there is one: most deliveries are never asked to stop."""
        if self.stop_requested() is not None:
            with plain_errors(self.path), transaction(self._connection):
                self._connection.execute("DELETE FROM stop_request")

    def record_workbook(self, run: int, digest: bytes) -> None:
        """Record the digest of a workbook that is written."""
        with plain_errors(self.path), transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO workbook VALUES (?, ?, ?)", (digest, run, time.time()))

    def wrote_workbook(self, digest: bytes) -> bool:
        """Whether a file with this digest is a workbook as this journal's campaign wrote it."""
        with plain_errors(self.path):
            found = self._connection.execute("SELECT 1 FROM workbook WHERE digest = ?", (digest,)).fetchone()
        return found is not None


def add_digests_and_origins(
    connection: sqlite3.Connection, run: int, first_seq: int, batch: Sequence[PlannedRow]
) -> None:
    """Store what a later run needs to know of a batch of a plan, within the caller's transaction."""
    placed = list(enumerate(batch, start=first_seq))
    digests = [(run, seq, each.digest) for seq, each in placed if each.digest is not None]
    origins = [(run, seq, *each.origin) for seq, each in placed if each.origin is not None]
    keys = [(run, seq, each.key) for seq, each in placed if each.key is not None and each.digest is not None]
    connection.executemany("INSERT INTO digest VALUES (?, ?, ?)", digests)
    if keys:
        connection.executemany("INSERT INTO row_key VALUES (?, ?, ?)", keys)
    if origins:
        connection.executemany("INSERT INTO origin VALUES (?, ?, ?, ?)", origins)
