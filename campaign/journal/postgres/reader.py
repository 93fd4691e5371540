"""Reading the journal of one campaign in a database: runs, figures, reasons, results."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, LiteralString

from campaign.journal.attempts import RecordedAttempt
from campaign.journal.cells import decode_cells
from campaign.journal.doubts import NO_ROW
from campaign.journal.durations import RecordedSpan
from campaign.journal.manifests import decode_manifest
from campaign.journal.postgres.sql import ROWS
from campaign.journal.records import ReasonCount, RowResult, RunRecord, State, Tally
from campaign.journal.spans import spread
from campaign.journal.store import MOST_REASONS, PER_REASON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from campaign.journal.postgres.database import Database

PAGE = 1000

NO_RUN = 0
"""The key of a run that is not there."""

_RUNS: LiteralString = """
SELECT number, facts, secret, planned, created_at, stop_reason FROM campaign.run WHERE campaign = %s
"""

_RESULTS: LiteralString = f"""
SELECT row, cells, state, kind, reason, message_id, http_status, attempts, at, latency, seq, destination, body
FROM {ROWS}
WHERE run = %(run)s AND seq > %(after)s AND state = ANY(%(states)s) ORDER BY seq LIMIT %(most)s
"""

_REASONS: LiteralString = """
SELECT state, kind, reason,
    (SELECT row FROM campaign.message WHERE message.run = counted.run AND message.seq = counted.seq), count, seq
FROM (
    SELECT *, count(*) OVER alike AS count, row_number() OVER (alike ORDER BY seq) AS place FROM campaign.status
    WHERE run = %s AND (state NOT IN ('sent', 'pending') OR state = 'sent' AND kind LIKE 'not deleted%%')
    WINDOW alike AS (PARTITION BY state, kind)
) AS counted WHERE place <= %s
ORDER BY state = 'skipped', count DESC, state COLLATE "C", kind COLLATE "C", place LIMIT %s
"""

_UNDER_WAY: LiteralString = """
state = 'sending' AND attempts > 0 AND at IS NOT NULL AND NOT EXISTS (
    SELECT FROM campaign.attempt WHERE attempt.run = status.run AND attempt.shard = status.shard
        AND attempt.seq = status.seq AND attempt.n = status.attempts AND attempt.what = 'send'
)
"""
"""Of a row whose last attempt is under way: its status alone tells of it."""

_ATTEMPTS: LiteralString = f"""
WITH page AS MATERIALIZED (
    SELECT run, shard, seq FROM campaign.message WHERE run = %(run)s AND seq BETWEEN %(first)s AND %(last)s
    UNION ALL SELECT %(run)s, generate_series(0, 255), {NO_ROW} WHERE %(first)s = {NO_ROW}
)
SELECT seq, what, started_at, ended_at, outcome, http_status, detail FROM page CROSS JOIN LATERAL (
    SELECT what, started_at, ended_at, outcome, http_status, detail, epoch, n FROM campaign.attempt
    WHERE attempt.run = page.run AND attempt.shard = page.shard AND attempt.seq = page.seq
    UNION ALL
    SELECT 'send', at, NULL, NULL, NULL, '', epoch, attempts FROM campaign.status
    WHERE status.run = page.run AND status.shard = page.shard AND status.seq = page.seq AND {_UNDER_WAY}
    OFFSET 0
) AS made
ORDER BY seq, started_at, epoch, n
"""

_REQUESTS: LiteralString = f"""
WITH begun AS (SELECT at FROM campaign.status WHERE run = %(run)s AND {_UNDER_WAY})
SELECT count(*) + (SELECT count(*) FROM begun), count(*) FILTER (WHERE outcome = 'not_taken'),
    greatest(max(coalesce(ended_at, started_at)), (SELECT max(at) FROM begun), 0)
FROM campaign.attempt WHERE run = %(run)s
"""

LAST_EVENT: LiteralString = """
greatest(
    (SELECT max(coalesce(ended_at, started_at)) FROM campaign.attempt WHERE attempt.run = session.run),
    (SELECT max(at) FROM campaign.status WHERE status.run = session.run AND state = 'sending'), 0
)
"""
"""When the last attempt of a session's run began or ended, in SQL; 0 where there is none."""


class PostgresReader:
    """The reading half of a journal.

    Attributes:
        campaign: the campaign's name.
    """

    def __init__(self, database: Database, campaign: str) -> None:
        self.campaign = campaign
        self._database = database

    @property
    def where(self) -> str:
        """The address of the database, and the campaign."""
        return f"{self._database.address.shown}, campaign {self.campaign}"

    @property
    def name(self) -> str:
        """The campaign's name."""
        return self.campaign

    @property
    def label(self) -> str:
        """The campaign."""
        return f"campaign {self.campaign}"

    def _key(self, number: int) -> int:
        """The key of a run in the database, which contains those of other campaigns too; `NO_RUN` where it has none."""
        query: LiteralString = "SELECT run FROM campaign.run WHERE campaign = %s AND number = %s"
        found = self._database.row(query, (self.campaign, number))
        return NO_RUN if found is None else int(found[0])

    def last_run(self) -> RunRecord | None:
        """The newest run; None where there is none."""
        found = self._database.row(f"{_RUNS} ORDER BY number DESC LIMIT 1", (self.campaign,))
        return None if found is None else _run_record(*found)

    def run(self, number: int) -> RunRecord | None:
        """A run by its number; None where there is no such run."""
        found = self._database.row(f"{_RUNS} AND number = %s", (self.campaign, number))
        return None if found is None else _run_record(*found)

    def runs(self) -> list[RunRecord]:
        """Every run on record, oldest first."""
        return [_run_record(*each) for each in self._database.rows(f"{_RUNS} ORDER BY number", (self.campaign,))]

    def tally(self, run: int) -> Tally:
        """The figures of a run."""
        key = self._key(run)
        states = self._database.rows(
            "SELECT state, sum(rows)::bigint FROM campaign.tally WHERE run = %s GROUP BY state HAVING sum(rows) > 0",
            (key,),
        )
        requests, throttled, last = self._database.row(_REQUESTS, {"run": key}) or (0, 0, 0.0)
        sessions = self._database.rows(
            "SELECT started_at, ended_at, seconds, coalesce(activity.at, 0), coalesce(waited, 0) FROM campaign.session "
            "LEFT JOIN campaign.activity USING (session) WHERE session.run = %s ORDER BY session",
            (key,),
        )
        delivered = [RecordedSpan(*each) for each in sessions]
        return Tally(
            states={State(state): count for state, count in states},
            requests=requests,
            throttled=throttled,
            seconds=sum(each.seconds(last) for each in delivered),
            started_at=delivered[0].started if delivered else None,
            ended_at=delivered[-1].ended_at(last) if delivered else None,
            unended=bool(delivered) and delivered[-1].ended is None,
        )

    def reasons(self, run: int) -> list[ReasonCount]:
        """Why rows were not sent, or not deleted; see `JournalStore.reasons`."""
        found = self._database.rows(_REASONS, (self._key(run), PER_REASON, PER_REASON * MOST_REASONS))
        groups = [_reason(list(examples)) for _, examples in groupby(found, key=itemgetter(0, 1))]
        return groups[:MOST_REASONS]

    def results(self, run: int, states: Sequence[State] = ()) -> Iterator[RowResult]:
        """Every row of a run in sheet order, or those in some states, a page at a time."""
        values = {"run": self._key(run), "states": list(map(str, states or State))}
        for page in self._pages(_RESULTS, values, place=10):
            yield from [_result(*row) for row in page]

    def _pages(self, query: LiteralString, values: Mapping[str, object], place: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in their order, a page at a time; the row's number is at a place in each."""
        after = 0
        while True:
            page = self._database.rows(query, {**values, "after": after, "most": PAGE})
            if not page:
                return
            after = page[-1][place]
            yield page

    def attempts(self, run: int) -> Iterator[RecordedAttempt]:
        """Every request of a run in the order of its rows; see `AttemptStore.attempts`."""
        key = self._key(run)
        (last,) = self._database.row("SELECT max(seq) FROM campaign.message WHERE run = %s", (key,)) or (None,)
        for first in range(NO_ROW, (last or NO_ROW) + 1, PAGE):
            page = self._database.rows(_ATTEMPTS, {"run": key, "first": first, "last": first + PAGE - 1})
            yield from [RecordedAttempt(*row) for row in page]

    def sent_by_time(self, run: int) -> tuple[int, list[tuple[float, int]]]:
        """When messages were sent; see `JournalStore.sent_by_time`."""
        found = self._database.rows(
            "SELECT floor(at), count(*), min(at), max(at) FROM campaign.status "
            "WHERE run = %s AND state = 'sent' AND at IS NOT NULL GROUP BY floor(at) ORDER BY floor(at)",
            (self._key(run),),
        )
        length = found[-1][3] - found[0][2] if found else 0.0
        return spread([(second, count) for second, count, _, _ in found], length)


def _run_record(number: int, facts: str, secret: bytes, *rest: Any) -> RunRecord:  # noqa: ANN401 - as the server gives them
    return RunRecord(number, decode_manifest(facts), bytes(secret), *rest)


def _result(row: int, cells: str, state: str, *rest: Any) -> RowResult:  # noqa: ANN401 - as the server gives them
    *others, body = rest
    return RowResult(*(row, decode_cells(cells), State(state), *others, body and bytes(body)))


def _reason(examples: list[tuple[Any, ...]]) -> ReasonCount:
    state, kind, reason, _, count, seq = examples[0]
    return ReasonCount(State(state), kind, reason, count, tuple(row for _, _, _, row, _, _ in examples), seq)
