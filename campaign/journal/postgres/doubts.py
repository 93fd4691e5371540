"""The rows in doubt of a journal in a database, and what a look-up at the server says of them."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from typing import TYPE_CHECKING, LiteralString

from campaign.journal.doubts import FOUND, DoubtfulRow, SentRow, nearest
from campaign.journal.postgres.second_chances import PostgresSecondChances
from campaign.journal.postgres.sql import ROWS, STATUSES, given
from campaign.journal.postgres.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.doubts import Settlement, Span

# Attempts of a row whose record was lost began when its run was planned, at the earliest.
_DOUBTFUL: LiteralString = f"""
WITH page AS MATERIALIZED (
    SELECT run, shard, seq, row, destination, body, attempts, at, reason,
        CASE WHEN looked_after = attempts THEN looked_at END AS looked_at
    FROM {ROWS}
    WHERE run = %(run)s AND state = 'in_doubt' AND seq > %(after)s AND body IS NOT NULL
    AND (cardinality(%(shards)s::smallint[]) = 0 OR shard = ANY(%(shards)s)) AND destination NOT IN (
        SELECT destination FROM {STATUSES} WHERE run = %(run)s AND state = 'sending'
    )
    ORDER BY seq LIMIT %(most)s
)
SELECT seq, row, destination, body, attempts, lost, coalesce(began, at, created_at), coalesce(last, at, created_at),
    ended, looked_at, reason
FROM page JOIN campaign.run USING (run) CROSS JOIN LATERAL (
    SELECT count(*) AS lost, min(started_at) AS began, max(started_at) AS last,
        max(coalesce(attempt.ended_at, started_at + %(timeout)s)) AS ended
    FROM campaign.attempt
    WHERE attempt.run = page.run AND attempt.shard = page.shard AND attempt.seq = page.seq AND what = 'send'
        AND coalesce(outcome, 'unclear') = 'unclear'
) AS unclear
ORDER BY seq
"""

_HAS_DOUBTS: LiteralString = "SELECT 1 FROM campaign.tally WHERE run = %s AND state = 'in_doubt' HAVING sum(rows) > 0"

_SENT: LiteralString = f"""
SELECT number, seq, body, message_id, at, latency, kind FROM campaign.run JOIN {ROWS} USING (run)
"""

_SENT_THERE: LiteralString = f"""{_SENT}
WHERE campaign = %s AND destination = ANY(%s) AND state = 'sent' AND body IS NOT NULL AND at IS NOT NULL
    AND (at >= %s OR message_id IS NOT NULL)
"""

_SENT_AS: LiteralString = f"{_SENT} WHERE run = %s AND seq = ANY(%s) AND body IS NOT NULL ORDER BY seq"

_SENT_WHEN: LiteralString = """
SELECT seq, at - coalesce(latency, 0), at FROM campaign.status
WHERE run = %s AND state = 'sent' AND kind = %s AND at IS NOT NULL ORDER BY at
"""

_SETTLE: LiteralString = f"""
UPDATE campaign.status AS status SET state = given.state, kind = coalesce(given.kind, status.kind),
    reason = given.reason, message_id = coalesce(given.message_id, status.message_id),
    looked_after = CASE WHEN given.looked_at IS NOT NULL THEN last END, looked_at = given.looked_at
FROM {given("seq", "last", "state", "kind", "reason", "message_id", "looked_at")}
    JOIN campaign.message USING (run, seq)
WHERE status.run = given.run AND status.shard = message.shard AND status.seq = given.seq
    AND status.state = 'in_doubt' AND status.attempts = last
"""


class PostgresDoubts(PostgresSecondChances):
    """The part of a journal that a look-up of rows in doubt reads and writes."""

    def has_doubts(self, run: int) -> bool:
        """Whether any row of a run is in doubt."""
        return self._database.row(_HAS_DOUBTS, (self._key(run),)) is not None

    def doubtful_rows(self, run: int, after: int, most: int, timeout: float) -> list[DoubtfulRow]:
        """Rows in doubt in sheet order; see `DoubtStore.doubtful_rows`."""
        return self._doubtful_rows(run, after, most, timeout, ())

    def _doubtful_rows(
        self, run: int, after: int, most: int, timeout: float, shards: Sequence[int]
    ) -> list[DoubtfulRow]:
        """The same of some shards; (): of all."""
        values = {"run": self._key(run), "after": after, "most": most, "timeout": timeout, "shards": list(shards)}
        found = self._database.rows(_DOUBTFUL, values)
        return [DoubtfulRow(seq, row, to, bytes(body), *rest) for seq, row, to, body, *rest in found]

    def sent_rows(self, destinations: Sequence[str], since: float) -> list[SentRow]:
        """Rows that were sent to some conversations; see `DoubtStore.sent_rows`."""
        wanted = [text_of(each) for each in destinations]
        found = self._database.rows(_SENT_THERE, (self.campaign, wanted, since))
        return [SentRow(run, seq, bytes(body), *rest) for run, seq, body, *rest in found]

    def rows_around(self, run: int, spans: Sequence[Span]) -> list[SentRow]:
        """Rows whose messages the server has; see `DoubtStore.rows_around`."""
        key = self._key(run)
        wanted = self._around(key, spans, "") + self._around(key, spans, FOUND)
        found = self._database.rows(_SENT_AS, (key, wanted)) if wanted else []
        return [SentRow(number, seq, bytes(body), *rest) for number, seq, body, *rest in found]

    def _around(self, key: int, spans: Sequence[Span], kind: str) -> list[int]:
        """The places in a run of the rows of one kind that were sent around some spans."""
        seqs, began, ended = array("q"), array("d"), array("d")
        for seq, start, end in self._database.rows(_SENT_WHEN, (key, kind)):
            seqs.append(seq)
            began.append(start)
            ended.append(end)
        return [seqs[place] for place in nearest(spans, began, ended)]

    def settle_doubts(self, run: int, settlements: Sequence[Settlement], session: int | None = None) -> None:
        """Record what a look-up says of rows in doubt; see `DoubtStore.settle_doubts`."""
        key = self._key(run)
        values = {
            "run": key,
            "seq": [each.seq for each in settlements],
            "last": [each.attempts for each in settlements],
            "state": [str(each.state) for each in settlements],
            "kind": [each.kind and text_of(each.kind) for each in settlements],
            "reason": [text_of(each.reason) for each in settlements],
            "message_id": [each.message_id and text_of(each.message_id) for each in settlements],
            "looked_at": [each.looked_at for each in settlements],
        }
        with self._database.transaction() as connection:
            if session is not None:
                self.check_session(session)
            connection.execute(_SETTLE, values)

    @abstractmethod
    def check_session(self, session: int) -> None:
        """Check that a session has not ended; see `JournalStore.check_session`."""
