"""The rows in doubt of a journal file, and what a look-up at the server says of them."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from array import array
from typing import TYPE_CHECKING, Any

from campaign.journal.doubts import FOUND, DoubtfulRow, SentRow, nearest
from campaign.journal.records import State, storable
from campaign.journal.sqlite.schema import decoding, plain_errors, transaction
from campaign.journal.sqlite.second_chances import SecondChances

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.journal.doubts import Settlement, Span

# An attempt without an outcome was cut off. Attempts of a row whose record was lost began when its run was planned, at
# the earliest.
_DOUBTFUL = """
SELECT status.seq, row, destination, body, attempts, coalesce(lost, 0),
    coalesce(began, at, (SELECT created_at FROM run WHERE run = :run)),
    coalesce(last, at, (SELECT created_at FROM run WHERE run = :run)),
    over,
    CASE WHEN looked.attempts_then = attempts THEN looked_at END, reason
FROM status JOIN message USING (run, seq)
LEFT JOIN (
    SELECT seq, min(started_at) AS began, max(started_at) AS last, count(*) AS lost,
        max(coalesce(ended_at, started_at + :timeout)) AS over
    FROM attempt
    WHERE run = :run AND what = 'send' AND coalesce(outcome, 'unclear') = 'unclear' GROUP BY seq
) AS unclear ON unclear.seq = status.seq
LEFT JOIN looked ON looked.run = :run AND looked.seq = status.seq
WHERE status.run = :run AND state = 'in_doubt' AND status.seq > :after AND body IS NOT NULL AND destination NOT IN (
    SELECT destination FROM status JOIN message USING (run, seq) WHERE run = :run AND state = 'sending'
)
ORDER BY status.seq LIMIT :most
"""

_HAS_DOUBTS = "SELECT 1 FROM status WHERE run = ? AND state = 'in_doubt' LIMIT 1"

_SENT_THERE = """
SELECT run, seq, body, message_id, at, latency, kind FROM status JOIN message USING (run, seq)
WHERE state = 'sent' AND body IS NOT NULL AND at IS NOT NULL AND (at >= ? OR message_id IS NOT NULL)
    AND destination IN (SELECT destination FROM doubted)
"""
_SENT_AS = """
SELECT run, seq, body, message_id, at, latency, kind FROM status JOIN message USING (run, seq)
WHERE run = ? AND body IS NOT NULL AND seq IN
"""
_KNOWN = """
SELECT seq, at - coalesce(latency, 0), at FROM status
WHERE run = ? AND state = 'sent' AND kind = ? AND at IS NOT NULL ORDER BY at
"""
_AT_ONCE = 500
"""Rows that one statement names."""


class SqliteDoubts(SecondChances):
    """The part of a journal file that a look-up of rows in doubt reads and writes."""

    def has_doubts(self, run: int) -> bool:
        """Whether any row of a run is in doubt."""
        with plain_errors(self.path):
            return self._connection.execute(_HAS_DOUBTS, (run,)).fetchone() is not None

    def doubtful_rows(self, run: int, after: int, most: int, timeout: float) -> list[DoubtfulRow]:
        """Rows in doubt in sheet order; see `DoubtStore.doubtful_rows`."""
        wanted = {"run": run, "after": after, "most": most, "timeout": timeout}
        with plain_errors(self.path):
            rows = self._connection.execute(_DOUBTFUL, wanted).fetchall()
        with decoding(self.path):
            return [DoubtfulRow(*row) for row in rows]

    def sent_rows(self, destinations: Sequence[str], since: float) -> list[SentRow]:
        """Rows that were sent to some conversations; see `DoubtStore.sent_rows`."""
        with plain_errors(self.path), self._temporary(destinations):
            rows = self._connection.execute(_SENT_THERE, (since,)).fetchall()
        return self._sent_rows(rows)

    def rows_around(self, run: int, spans: Sequence[Span]) -> list[SentRow]:
        """Rows whose messages the server has; see `DoubtStore.rows_around`."""
        rows: list[tuple[object, ...]] = []
        with plain_errors(self.path):
            wanted = sorted(self._around(run, spans, "") + self._around(run, spans, FOUND))
            for first in range(0, len(wanted), _AT_ONCE):
                some = wanted[first : first + _AT_ONCE]
                marks = ", ".join("?" for _ in some)
                rows += self._connection.execute(f"{_SENT_AS} ({marks})", (run, *some))
        return self._sent_rows(rows)

    def _around(self, run: int, spans: Sequence[Span], kind: str) -> list[int]:
        """The places in a run of the rows of one kind that were sent around some spans."""
        seqs, began, ended = array("q"), array("d"), array("d")
        for seq, start, end in self._connection.execute(_KNOWN, (run, kind)):
            seqs.append(seq)
            began.append(start)
            ended.append(end)
        return [seqs[place] for place in nearest(spans, began, ended)]

    def _sent_rows(self, rows: Sequence[Sequence[Any]]) -> list[SentRow]:
        with decoding(self.path):
            return [SentRow(*row) for row in rows]

    @contextlib.contextmanager
    def _temporary(self, destinations: Sequence[str]) -> Iterator[None]:
        """The table `doubted` of destinations, of this connection's own."""
        self._connection.execute("CREATE TEMP TABLE doubted (destination PRIMARY KEY) WITHOUT ROWID")
        try:
            self._connection.executemany(
                "INSERT OR IGNORE INTO doubted VALUES (?)", ((destination,) for destination in destinations)
            )
            yield
        finally:
            self._connection.execute("DROP TABLE doubted")

    def settle_doubts(self, run: int, settlements: Sequence[Settlement], session: int | None = None) -> None:
        """Record what a look-up says of rows in doubt; see `DoubtStore.settle_doubts`."""
        with plain_errors(self.path), transaction(self._connection):
            if session is not None:
                self.check_session(session)
            for each in settlements:
                self._settle_doubt(run, each)

    @abstractmethod
    def check_session(self, session: int) -> None:
        """Check that a session has not ended; see `JournalStore.check_session`."""

    def _settle_doubt(self, run: int, settlement: Settlement) -> None:
        seq, attempts, state, kind, reason, message_id, looked_at = settlement
        changed = self._connection.execute(
            "UPDATE status SET state = ?, kind = coalesce(?, kind), reason = ?, message_id = coalesce(?, message_id) "
            "WHERE run = ? AND seq = ? AND state = ? AND attempts = ?",
            (state, kind, storable(reason), message_id and storable(message_id), run, seq, State.IN_DOUBT, attempts),
        ).rowcount
        if changed and looked_at is not None:
            self._connection.execute(
                "INSERT OR REPLACE INTO looked (run, seq, attempts_then, looked_at) VALUES (?, ?, ?, ?)",
                (run, seq, attempts, looked_at),
            )
        elif changed:
            self._connection.execute("DELETE FROM looked WHERE run = ? AND seq = ?", (run, seq))
