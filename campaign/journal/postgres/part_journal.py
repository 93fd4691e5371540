"""The journal of a run as one worker sees it: the rows of the shards that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from campaign.journal.postgres.attempt_log import PostgresAttemptLog, Wanted
from campaign.journal.postgres.errors import other_session
from campaign.journal.postgres.journal import PostgresJournal
from campaign.journal.postgres.parts import WAITS, held_of, waiting_values
from campaign.journal.postgres.sql import bounds_of
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from campaign.journal.cluster import HeldPart
    from campaign.journal.doubts import DoubtfulRow
    from campaign.journal.postgres.database import Connections, Database
    from campaign.journal.records import WaitingRow

_WAITING: LiteralString = f"""
WITH page AS MATERIALIZED (
    SELECT waits.* FROM campaign.shard AS held CROSS JOIN LATERAL (
        SELECT run, shard, seq, state, attempts, kind, at FROM campaign.status
        WHERE status.run = held.run AND status.shard = held.shard AND seq > %(after)s AND {WAITS}
        ORDER BY seq LIMIT %(most)s
    ) AS waits
    WHERE held.run = %(run)s AND held.shard = ANY(%(shards)s)
    ORDER BY seq LIMIT %(most)s
)
SELECT seq, row, destination, body, state, attempts, kind, at, shard FROM page CROSS JOIN LATERAL (
    SELECT row, destination, body FROM campaign.message
    WHERE message.run = page.run AND message.seq = page.seq OFFSET 0
) AS message
ORDER BY seq
"""


class PartAttemptLog(PostgresAttemptLog):
    """Records the attempts of a part."""

    def __init__(self, connections: Connections, part: HeldPart, wanted: Wanted) -> None:
        super().__init__(connections, part.key, part.epochs, wanted)
        self._part = part
        self._reads_lists = part.reads_lists

    def _read(self, after: int, most: int) -> list[WaitingRow]:
        waiting, retry, rows = self._wanted
        bounds = bounds_of(rows)
        order: tuple[Any, ...] = (self._part.last, list(map(str, retry)), bounds["first"], bounds["last"])
        values = {"run": self._part.key, "after": after, "most": most, "shards": list(self._part.epochs)}
        return self._noted(self._database.rows(_WAITING, {**values, **waiting_values(order, list(map(str, waiting)))}))


class PartJournal(PostgresJournal):
    """A campaign's journal over connections that others use too; what it writes is fenced by the part's epochs."""

    def __init__(self, database: Database, campaign: str, part: HeldPart, others: Connections) -> None:
        super().__init__(database, campaign)
        self._others = others
        self._part = part

    def attempt_log(
        self,
        run: int,  # noqa: ARG002 - the part's
        retry: Collection[State] = (),
        session: int | None = None,  # noqa: ARG002 - the part's epochs take its place
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> PartAttemptLog:
        """The record that the delivery of the part writes to."""
        return PartAttemptLog(self._others, self._part, Wanted(waiting, retry, rows))

    def doubtful_rows(self, run: int, after: int, most: int, timeout: float) -> list[DoubtfulRow]:
        """Rows in doubt of the part, in sheet order."""
        return self._doubtful_rows(run, after, most, timeout, list(self._part.epochs))

    def check_session(self, session: int) -> None:  # noqa: ARG002 - the part's epochs take its place
        """Check, within a transaction, that the part is still held.

        Raises:
            JournalBusyError: it is not.
        """
        with self._database.transaction() as connection:
            if len(held_of(connection, self._part.key, self._part.epochs)) != len(self._part.epochs):
                raise other_session(self.where)
