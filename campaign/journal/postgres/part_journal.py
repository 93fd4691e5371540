"""The journal of a run as one worker sees it: the rows of the shards that it holds."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, LiteralString, Self

from campaign.errors import JournalError
from campaign.journal.postgres.attempt_log import PostgresAttemptLog, Wanted
from campaign.journal.postgres.errors import other_session
from campaign.journal.postgres.journal import PostgresJournal
from campaign.journal.postgres.parts import WAITS, held_of, waiting_values
from campaign.journal.postgres.sql import bounds_of
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from campaign.journal.cluster import HeldPart
    from campaign.journal.doubts import DoubtfulRow
    from campaign.journal.postgres.database import Connections, Database
    from campaign.journal.records import Outcome, WaitingRow

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


_HAS_DOUBTS: LiteralString = (
    "SELECT 1 FROM campaign.status WHERE run = %s AND shard = ANY(%s) AND state = 'in_doubt' LIMIT 1"
)


class RunAttemptLog(PostgresAttemptLog):
    """Records the attempts of all parts of a run that a worker holds, so that they share its commits."""

    def __init__(self, connections: Connections, run: int, *, reads_lists: bool) -> None:
        """Write nothing yet.

        Args:
            connections: to the database; the log uses one.
            run: the run's key.
            reads_lists: whether sends begin only while the run's lists are good.
        """
        self._reads_lists = reads_lists
        self._held: dict[int, int] = {}
        self._ended: dict[int, int] = {}
        super().__init__(connections, run, {}, Wanted())

    def begin_part(self, epochs: Mapping[int, int]) -> None:
        """Write acts of these shards under these epochs from now on."""
        self._held.update(epochs)
        self._name_epochs()

    def end_part(self, epochs: Mapping[int, int]) -> None:
        """Forget what is on record of the rows of these shards: it may be changed by others now."""
        for shard, epoch in epochs.items():
            if self._held.get(shard) == epoch:
                self._ended[shard] = self._held.pop(shard)
        self._name_epochs()
        known = self._writer.known
        for seq, row in list(known.items()):
            if row.shard in epochs:
                known.pop(seq, None)

    def _name_epochs(self) -> None:
        # What is no single row's is kept under the first: under one that is another's by now it would not count.
        self._writer.epochs = {**self._held, **self._ended, **self._held}


class PartAttemptLog:
    """Records the attempts of a part; implements `delivery.ports.AttemptLog`. Use with `async with`."""

    def __init__(
        self,
        log: RunAttemptLog,
        connections: Connections,
        part: HeldPart,
        wanted: Wanted,
        results: Counter[str],
    ) -> None:
        """Write nothing yet.

        Args:
            log: that of all parts, which writes.
            connections: to the database; reading uses one.
            part: the part.
            wanted: which rows to deliver.
            results: counts how attempts end.
        """
        self.begin, self.reserve, self.begin_reserved = log.begin, log.reserve, log.begin_reserved
        self.withdraw, self.retract = log.withdraw, log.retract
        self.record_read_back, self.record_look_up = log.record_read_back, log.record_look_up
        self.record_undo, self.record_activity = log.record_undo, log.record_activity
        self._log = log
        self._connections = connections
        self._part = part
        self._wanted = wanted
        self._results = results

    @property
    def failed(self) -> bool:
        """Whether something could not be written; then nothing more may be sent."""
        return self._log.failed

    async def __aenter__(self) -> Self:
        self._database = self._connections.take()
        self._log.begin_part(self._part.epochs)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until everything is on record.

        Raises:
            JournalWriteError: something is not.
        """
        try:
            await self._log.on_disk()
        except JournalError:
            if kind is None:
                raise
        finally:
            self._log.end_part(self._part.epochs)
            self._connections.give_back(self._database)

    def record_outcome(self, seq: int, attempt: int, result: str, outcome: Outcome) -> None:
        """Record the result of an attempt, and count it."""
        self._results[result] += 1
        self._log.record_outcome(seq, attempt, result, outcome)

    async def waiting(self, after: int, most: int) -> list[WaitingRow]:
        """The next rows of the part; see `GroupCommitLog.waiting`."""
        return await asyncio.to_thread(self._read, after, most)

    def _read(self, after: int, most: int) -> list[WaitingRow]:
        waiting, retry, rows = self._wanted
        bounds = bounds_of(rows)
        order: tuple[Any, ...] = (self._part.last, list(map(str, retry)), bounds["first"], bounds["last"])
        values = {"run": self._part.key, "after": after, "most": most, "shards": list(self._part.epochs)}
        values.update(waiting_values(order, list(map(str, waiting))))
        return self._log.noted(self._database.rows(_WAITING, values))


class PartJournal(PostgresJournal):
    """A campaign's journal over connections that others use too; what it writes is fenced by the part's epochs.

    Attributes:
        attempt_results: how many attempts of the part ended with each result so far.
    """

    def __init__(
        self, database: Database, campaign: str, part: HeldPart, others: Connections, log: RunAttemptLog
    ) -> None:
        super().__init__(database, campaign)
        self.attempt_results: Counter[str] = Counter()
        self._others = others
        self._log = log
        self._part = part

    def attempt_log(  # type: ignore[override] # the protocol asks for no more
        self,
        run: int,  # noqa: ARG002 - the part's
        retry: Collection[State] = (),
        session: int | None = None,  # noqa: ARG002 - the part's epochs take its place
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> PartAttemptLog:
        """The record that the delivery of the part writes to."""
        wanted = Wanted(waiting, retry, rows)
        return PartAttemptLog(self._log, self._others, self._part, wanted, self.attempt_results)

    def has_doubts(self, run: int) -> bool:  # noqa: ARG002 - the part's
        """Whether any row of the part is in doubt."""
        found = self._database.row(_HAS_DOUBTS, (self._part.key, list(self._part.epochs)))
        return found is not None

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
