"""What a journal file tells of a delivery that is under way; see `journal.activity`."""

from __future__ import annotations

import contextlib
import sqlite3

from campaign.journal.activity import NOT_SENT, Activity, FirstRows
from campaign.journal.records import State
from campaign.journal.sqlite.reader import JournalReader
from campaign.journal.sqlite.schema import decoding, plain_errors

PATIENCE = 1.0
"""Seconds to wait for another writer: the next activity is as good."""

_COLUMNS = "run, at, rate, eta_seconds, waiting_for, until, waited"


class RecordedActivity(JournalReader):
    """The part of a journal file in which a delivery says what it is doing."""

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what a session is doing; see `ActivityStore.record_activity`.

        Over a connection of its own, which does not wait for the disk: the others must.
        """
        with plain_errors(self.path), contextlib.closing(_connect(self.path.as_uri())) as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO activity (session, {_COLUMNS}) "  # noqa: S608 - our own names
                "SELECT ?, ?, ?, ?, ?, ?, ?, ? "
                "WHERE EXISTS (SELECT 1 FROM session WHERE session = ? AND ended_at IS NULL)",
                (session, *activity, session),
            )

    def activity(self) -> Activity | None:
        """What the session that has not ended is doing; see `ActivityStore.activity`."""
        with plain_errors(self.path):
            found = self._connection.execute(
                f"SELECT {', '.join(f'activity.{name}' for name in _COLUMNS.split(', '))} "  # noqa: S608 - our own names
                "FROM activity JOIN session USING (session) WHERE ended_at IS NULL ORDER BY session DESC LIMIT 1"
            ).fetchone()
        return None if found is None else Activity(*found)

    def first_rows(self, run: int, count: int) -> FirstRows:
        """The first rows of a run, and their states; see `ActivityStore.first_rows`."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT state, count(*), max(seq) FROM (SELECT seq, state FROM status "
                "WHERE run = ? AND state NOT IN (?, ?) ORDER BY seq LIMIT ?) GROUP BY state",
                (run, *NOT_SENT, count),
            ).fetchall()
        with decoding(self.path):
            states = {State(state): number for state, number, _ in found}
        return FirstRows(max((last for _, _, last in found), default=0), states)


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{uri}?mode=rw", uri=True, isolation_level=None, timeout=PATIENCE)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # checkpoints are the guard's
    return connection
