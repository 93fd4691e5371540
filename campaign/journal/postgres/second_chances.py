"""What a journal in a database keeps for second chances: who has a message already, decisions, requests, workbooks."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, LiteralString, NamedTuple

from campaign.journal.cells import encode_cells
from campaign.journal.decisions import ABANDONED, DELIVERED, SETTLED, Decision, EarlierRow
from campaign.journal.postgres.findings import PostgresFindings
from campaign.journal.postgres.open_runs import end_orders_without_workers
from campaign.journal.postgres.sql import NUMBERED, ROWS, bounds_of
from campaign.journal.postgres.texts import text_of
from campaign.journal.records import State
from campaign.journal.sqlite.lookup import EarlierRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_DELIVERED: LiteralString = f"""
SELECT seq, row, state, at, identity, key, origin_run, origin_row, cells
FROM {ROWS}
WHERE run = %(run)s AND seq > %(after)s AND state = %(state)s ORDER BY seq LIMIT %(most)s
"""

_PERSONAL: tuple[LiteralString, ...] = (
    "UPDATE campaign.message SET destination = '', body = NULL, cells = %(blank)s WHERE run = %(run)s",
    """UPDATE campaign.status SET kind = '', reason = '', message_id = NULL
    WHERE run = %(run)s AND kind <> ALL(%(kept)s)""",
    "DELETE FROM campaign.finding WHERE run = %(run)s",  # they quote cells
    "UPDATE campaign.attempt SET detail = '' WHERE run = %(run)s AND detail <> ''",
    # An answer that comes late, to a worker that was taken for dead, is not put on record any more: it may quote them.
    "UPDATE campaign.status SET epoch = -1 WHERE run = %(run)s AND state IN ('in_doubt', 'sending')",
    "UPDATE campaign.attempt SET epoch = -1 WHERE run = %(run)s AND ended_at IS NULL",
    "UPDATE campaign.run SET stop_reason = NULL WHERE run = %(run)s",
    "DELETE FROM campaign.workbook WHERE run = %(run)s",
)


class DeliveredRow(NamedTuple):
    """A row that was sent, or may have been, and by what it is known."""

    row: EarlierRow
    identity: bytes | None
    key: bytes | None
    origin: tuple[int, int]
    cells: str


class PostgresSecondChances(PostgresFindings):
    """The part of a journal that keeps people from getting a message twice by a second chance."""

    @contextlib.contextmanager
    def delivered_messages(self, runs: Sequence[int]) -> Iterator[Callable[[bytes], EarlierRow | None]]:
        """Looks up messages by digest; see `JournalStore.delivered_messages`."""
        with EarlierRows() as found:
            for page in self._delivered(runs):
                found.add((each.identity, each.row._replace(digest=None)) for each in page if each.identity is not None)
            yield found.find

    @contextlib.contextmanager
    def delivered_rows(self, runs: Sequence[int]) -> Iterator[Callable[[tuple[int, int]], EarlierRow | None]]:
        """Looks up rows of first lists, by run and row; see `JournalStore.delivered_rows`."""
        with EarlierRows() as found:
            for page in self._delivered(runs):
                found.add((_place(each.origin), each.row._replace(digest=None)) for each in page)
            yield lambda origin: found.find(_place(origin))

    def _delivered(self, runs: Sequence[int]) -> Iterator[list[DeliveredRow]]:
        """The rows that were sent, or may have been, a page at a time: those that surely were come first."""
        for state in DELIVERED:
            for run in runs:
                values = {"run": self._key(run), "state": str(state)}
                for page in self._pages(_DELIVERED, values, place=0):
                    yield [_delivered_row(run, *each) for each in page]

    def row_states(self, run: int, rows: Sequence[range]) -> list[tuple[int, State]]:
        """The numbers of these rows that a run has, and their states; see `JournalStore.row_states`."""
        found = self._database.rows(
            f"SELECT DISTINCT row, state FROM {ROWS} WHERE run = %(run)s AND {NUMBERED} ORDER BY row",
            {"run": self._key(run), **bounds_of(rows)},
        )
        return [(row, State(state)) for row, state in found]

    def leave_unsent(self, run: int, reason: str) -> int:
        """Skip every pending row of a run, which ends it; see `JournalStore.leave_unsent`."""
        key = self._key(run)
        with self._database.transaction() as connection:
            end_orders_without_workers(self._database, self.campaign, self.where)
            connection.execute("UPDATE campaign.run SET stop_reason = NULL WHERE run = %s", (key,))
            return connection.execute(
                "UPDATE campaign.status SET state = 'skipped', kind = %s, reason = %s "
                "WHERE run = %s AND state = 'pending'",
                (ABANDONED, text_of(reason), key),
            ).rowcount

    def settle(self, run: int, rows: Sequence[range], state: State, reason: str) -> None:
        """Put these rows into a state, as far as they are in doubt."""
        values = {"state": str(state), "kind": SETTLED, "reason": text_of(reason), "run": self._key(run)}
        with self._database.transaction() as connection:
            end_orders_without_workers(self._database, self.campaign, self.where)
            connection.execute(
                "UPDATE campaign.status SET state = %(state)s, kind = %(kind)s, reason = %(reason)s "
                "WHERE run = %(run)s AND state = 'in_doubt' AND EXISTS (SELECT FROM campaign.message "
                f"WHERE message.run = status.run AND message.seq = status.seq AND {NUMBERED} OFFSET 0)",
                {**values, **bounds_of(rows)},
            )

    def forget(self, run: int) -> None:
        """Delete a run's personal data; see `JournalStore.forget`.

        The bytes leave the server's disk with its next vacuum, and its backups and archives when these end.
        """
        found = self.run(run)
        blank = encode_cells([""] * len(found.manifest.headers if found else ()), (), ())
        values = {"run": self._key(run), "blank": blank, "kept": [ABANDONED, SETTLED]}
        with self._database.transaction() as connection:
            for statement in _PERSONAL:
                connection.execute(statement, values)

    def record_decision(self, run: int, what: str, by: str, detail: str = "") -> None:
        """Record what an operator decided, and when."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO campaign.decision (run, what, by, at, detail) VALUES (%s, %s, %s, %s, %s)",
                (self._key(run), what, text_of(by), time.time(), text_of(detail)),
            )

    def decisions(self, run: int) -> list[Decision]:
        """What operators decided about a run, oldest first."""
        query: LiteralString = "SELECT what, by, at, detail FROM campaign.decision WHERE run = %s ORDER BY decision"
        return [Decision(*each) for each in self._database.rows(query, (self._key(run),))]

    def request_stop(self, by: str) -> None:
        """Ask the process that holds the journal to stop."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO campaign.hold AS hold (campaign, stop_by) VALUES (%s, %s) "
                "ON CONFLICT (campaign) DO UPDATE SET stop_by = coalesce(hold.stop_by, excluded.stop_by)",
                (self.campaign, text_of(by)),
            )

    def stop_requested(self) -> str | None:
        """Who asked for a stop; None where no one did."""
        found = self._database.row("SELECT stop_by FROM campaign.hold WHERE campaign = %s", (self.campaign,))
        return None if found is None or found[0] is None else str(found[0])

    def acknowledge_stop(self) -> None:
        """Remove the request, where there is one: most deliveries are never asked to stop."""
        if self.stop_requested() is not None:
            with self._database.transaction() as connection:
                connection.execute("UPDATE campaign.hold SET stop_by = NULL WHERE campaign = %s", (self.campaign,))

    def record_workbook(self, run: int, digest: bytes) -> None:
        """Record the digest of a workbook that is written."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO campaign.workbook VALUES (%s, %s, %s, %s) ON CONFLICT (campaign, digest) "
                "DO UPDATE SET run = excluded.run, at = excluded.at",
                (self.campaign, digest, self._key(run), time.time()),
            )

    def wrote_workbook(self, digest: bytes) -> bool:
        """Whether a file with this digest is a workbook as this journal's campaign wrote it."""
        query: LiteralString = "SELECT 1 FROM campaign.workbook WHERE campaign = %s AND digest = %s"
        return self._database.row(query, (self.campaign, digest)) is not None


def _delivered_row(  # noqa: PLR0913, PLR0917 - a row of the answer
    run: int,
    _seq: int,
    row: int,
    state: str,
    at: float | None,
    identity: bytes | None,
    key: bytes | None,
    origin_run: int | None,
    origin_row: int | None,
    cells: str,
) -> DeliveredRow:
    origin = (run, row) if origin_run is None or origin_row is None else (origin_run, origin_row)
    return DeliveredRow(EarlierRow(run, row, State(state), at, identity), identity, key, origin, cells)


def _place(origin: tuple[int, int]) -> bytes:
    """The key of a row of a first list."""
    return b"%d:%d" % origin
