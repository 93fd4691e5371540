"""What a journal file tells of its runs while they are planned and delivered; see `journal.status_store`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.activity import SessionRecord
from campaign.journal.gate import NOT_SENT, FirstRows
from campaign.journal.records import State
from campaign.journal.sqlite.activity import read_activity, write_activity
from campaign.journal.sqlite.coverage import read_coverage
from campaign.journal.sqlite.doubts import SqliteDoubts
from campaign.journal.sqlite.place import living_holder
from campaign.journal.sqlite.schema import decoding, plain_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.journal.activity import Activity, Coverage, Holder


class SqliteStatus(SqliteDoubts):
    """The part of a journal that tells how its runs are: `campaign status` and a gate read it."""

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what a delivery does at the moment; see `JournalStore.record_activity`."""
        with plain_errors(self.path):
            write_activity(self._connection, session, activity)

    def activity(self) -> Activity | None:
        """What the delivery under way did when that was last recorded; see `JournalStore.activity`."""
        with plain_errors(self.path):
            return read_activity(self._connection)

    def holder(self) -> Holder | None:
        """The process that holds the journal; see `JournalStore.holder`."""
        with plain_errors(self.path):
            return living_holder(self._connection)

    def orders(self) -> None:
        """One process at a time delivers from a file."""

    def sessions(self, run: int) -> list[SessionRecord]:
        """The deliveries of a run, oldest first."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT session, host, process, started_at, ended_at, by FROM session WHERE run = ? ORDER BY session",
                (run,),
            ).fetchall()
        return [SessionRecord(*each) for each in found]

    def coverage(self, runs: Sequence[int]) -> Coverage | None:
        """How much of the latest list has its messages; see `JournalStore.coverage`."""
        records = [self.run(number) for number in runs]
        manifests = {record.number: record.manifest for record in records if record is not None}
        with plain_errors(self.path):
            return read_coverage(self._connection, manifests) if manifests else None

    def first_rows(self, run: int, count: int) -> FirstRows:
        """The first rows of a run, and their states; see `GateStore.first_rows`."""
        with plain_errors(self.path):
            found = self._connection.execute(
                "SELECT state, count(*), max(seq) FROM (SELECT seq, state FROM status "
                "WHERE run = ? AND state NOT IN (?, ?) ORDER BY seq LIMIT ?) GROUP BY state",
                (run, *NOT_SENT, count),
            ).fetchall()
        with decoding(self.path):
            states = {State(state): number for state, number, _ in found}
        return FirstRows(max((last for _, _, last in found), default=0), states)
