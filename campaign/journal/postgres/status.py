"""What a journal in a database tells of its runs while they are planned and delivered; see `journal.status_store`."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, LiteralString

from campaign.journal.activity import Activity, Coverage, Holder, SessionRecord, runs_of_one_key
from campaign.journal.decisions import ALREADY_IN_DOUBT, ALREADY_SENT, DUPLICATE, SAME_KEY, named_earlier_row
from campaign.journal.gate import NOT_SENT, FirstRows
from campaign.journal.manifests import decode_manifest
from campaign.journal.postgres.activity import write_activity
from campaign.journal.postgres.doubts import PostgresDoubts
from campaign.journal.postgres.hold import IS_HELD, lock_of
from campaign.journal.postgres.orders import PostgresOrders
from campaign.journal.postgres.sql import ROWS, STATUSES
from campaign.journal.postgres.waits import NOW
from campaign.journal.postgres.workers import IS_ALIVE, RATE_NOW
from campaign.journal.records import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIRST: LiteralString = f"""
SELECT state, count(*), max(seq) FROM (
    SELECT seq, state FROM {ROWS}
    WHERE run = %(run)s AND NOT state = ANY(%(not_sent)s) ORDER BY seq LIMIT %(most)s
) AS first GROUP BY state
"""

_RANK: LiteralString = "CASE state WHEN 'sent' THEN 2 WHEN 'in_doubt' THEN 1 ELSE 0 END"
"""What is known of a row's message: 2: it was sent, 1: it may have been, 0: it was not."""

# Rows of different runs are the same where their messages are, or where one comes from the other's line of a sheet To
# fix.
_COVERAGE: LiteralString = f"""
WITH delivered AS (
    SELECT CASE WHEN run = ANY(%(keyed)s) THEN coalesce(key, identity) ELSE identity END AS identity,
        origin_run, origin_row, {_RANK} AS rank
    FROM {STATUSES}
    WHERE run = ANY(%(runs)s) AND state IN ('sent', 'in_doubt')
), alike AS (
    SELECT identity, max(rank) AS rank FROM delivered WHERE identity IS NOT NULL GROUP BY identity
), fixed AS (
    SELECT origin_row AS row, max(rank) AS rank FROM delivered WHERE origin_run = %(number)s GROUP BY origin_row
), ranked AS (
    SELECT CASE WHEN state = 'sent' OR (kind = %(already_sent)s AND NOT seq = ANY(%(taken_back)s)) THEN 2 ELSE greatest(
        {_RANK}, fixed.rank, CASE WHEN state <> 'invalid' THEN greatest(alike.rank, keyed.rank) END
    ) END AS rank
    FROM {STATUSES} LEFT JOIN alike USING (identity) LEFT JOIN alike AS keyed ON keyed.identity = key
    LEFT JOIN fixed USING (row)
    WHERE run = %(run)s
)
SELECT count(*), count(*) FILTER (WHERE rank = 2), count(*) FILTER (WHERE rank = 1) FROM ranked
"""

_WORK: LiteralString = f"""
SELECT (
    SELECT CASE WHEN bool_and(worker.campaign IS NOT NULL) OR NOT EXISTS (
        SELECT FROM campaign.session AS others JOIN campaign.run AS another ON others.session = another.ordered
        WHERE others.ended_at IS NULL AND another.run <> run.run AND coalesce(another.wish, '') = ''
    ) THEN sum({RATE_NOW}) END
    FROM campaign.worker WHERE {IS_ALIVE} AND coalesce(worker.campaign, run.campaign) = run.campaign
),
    (SELECT extract(epoch FROM max(beat_at))::double precision FROM campaign.worker WHERE {IS_ALIVE}),
    (SELECT sum(rows) FROM campaign.tally WHERE tally.run = run.run AND state IN ('pending', 'sending')),
    wish = 'pause' AND NOT EXISTS (SELECT FROM campaign.shard WHERE shard.run = run.run AND NOT done),
    coalesce(lists_good_until <= {NOW}, false), delivery, {NOW}
FROM campaign.run JOIN campaign.session ON session = ordered
WHERE campaign = %(campaign)s AND session.ended_at IS NULL
"""
"""How fast the run's workers are, unless they may have other runs too; when one said so last, how many rows of the run
wait, and whether at its gate or for its lists; how it is delivered, and the time."""

_ALIKE: LiteralString = """
SELECT EXISTS (SELECT FROM campaign.status WHERE run = %s AND state = 'skipped' AND kind = ANY(%s))
"""


class PostgresStatus(PostgresDoubts):
    """The part of a journal that tells how its runs are: `campaign status` and a gate read it."""

    def record_activity(self, session: int, activity: Activity) -> None:
        """Record what a delivery does at the moment; see `JournalStore.record_activity`."""
        with self._database.transaction() as connection:
            write_activity(connection, session, activity)

    def activity(self) -> Activity | None:
        """What the delivery under way did when that was last recorded; see `JournalStore.activity`."""
        found = self._database.row(
            "SELECT rate, eta_seconds, waiting_for, until, at, stopping, waited "
            "FROM campaign.activity JOIN campaign.session USING (session) JOIN campaign.run USING (run) "
            "WHERE campaign = %s AND session.ended_at IS NULL ORDER BY session DESC LIMIT 1",
            (self.campaign,),
        )
        return self._activity_of_workers() if found is None else Activity(*found)

    def orders(self) -> PostgresOrders:
        """How deliveries are left to workers; see `JournalStore.orders`."""
        return PostgresOrders(self._database, self.campaign, self._key)

    def stop_requested(self) -> str | None:
        """Who asked for a stop; None where no one did, or it has come to that."""
        stopping = self._database.row(
            "SELECT stop_reason FROM campaign.run JOIN campaign.session ON session = ordered "
            "WHERE campaign = %s AND wish = 'stop' AND session.ended_at IS NULL",
            (self.campaign,),
        )
        return super().stop_requested() if stopping is None else str(stopping[0])

    def _activity_of_workers(self) -> Activity | None:
        """What the workers do that deliver a run; None where none do."""
        found = self._database.row(_WORK, {"campaign": self.campaign})
        if found is None or found[1] is None:
            return None
        rate, at, waiting, holds, reads_lists, delivery, now = found
        if holds:
            return Activity(rate, None, "gate", None, at)
        opens = decode_manifest(delivery).settings.schedule.opening(now)
        if opens > now or reads_lists:
            return Activity(rate, None, "window", opens if opens > now else None, at)
        return Activity(rate, float(waiting) / rate if rate else None, None, None, at)

    def _ordered(self) -> Holder | None:
        """Who has left a run to workers that are at work."""
        found = self._database.row(
            "SELECT host, process, started_at FROM campaign.session JOIN campaign.run ON session = ordered "
            "WHERE campaign = %s AND session.ended_at IS NULL",
            (self.campaign,),
        )
        names = tuple(dict.fromkeys(each.name for each in self.orders().workers())) if found else ()
        if found is None or not names:
            return None
        host, process, since = found
        return Holder(host, process, since, is_local=False, workers=names)

    def holder(self) -> Holder | None:
        """The process that holds the journal; see `JournalStore.holder`."""
        found = self._database.row(
            f"SELECT host, process, held_since FROM campaign.hold WHERE campaign = %(campaign)s AND {IS_HELD}",
            {"campaign": self.campaign, "lock": lock_of(self.campaign)},
        )
        if found is None or found[0] is None:
            return self._ordered()
        host, process, since = found
        return Holder(host, process, since, is_local=host == platform.node())

    def sessions(self, run: int) -> list[SessionRecord]:
        """The deliveries of a run, oldest first."""
        found = self._database.rows(
            "SELECT session, host, process, started_at, ended_at, by FROM campaign.session "
            "WHERE run = %s ORDER BY session",
            (self._key(run),),
        )
        return [SessionRecord(*each) for each in found]

    def first_rows(self, run: int, count: int) -> FirstRows:
        """The first rows of a run, and their states; see `GateStore.first_rows`."""
        values = {"run": self._key(run), "not_sent": list(map(str, NOT_SENT)), "most": count}
        found = self._database.rows(_FIRST, values)
        return FirstRows(max((last for _, _, last in found), default=0), {State(state): n for state, n, _ in found})

    def coverage(self, runs: Sequence[int]) -> Coverage | None:
        """How much of the latest list has its messages; see `JournalStore.coverage`."""
        known = self._database.rows(
            "SELECT number, run, to_fix FROM campaign.run WHERE campaign = %s AND number = ANY(%s) ORDER BY to_fix, "
            "number DESC",
            (self.campaign, list(runs)),
        )
        if not known:
            return None
        number, key, _ = known[0] if not known[0][2] else max(known)
        elsewhere = [DUPLICATE, SAME_KEY, ALREADY_SENT, ALREADY_IN_DOUBT]
        if len(known) == 1 and self._database.row(_ALIKE, (key, elsewhere)) == (False,):
            tally = self.tally(number)
            return Coverage(number, tally.rows, tally.count(State.SENT), tally.count(State.IN_DOUBT))
        records = [self.run(of_run) for of_run, _, _ in known]
        keyed = runs_of_one_key({each.number: each.manifest for each in records if each is not None}, number)
        values = {
            "runs": [each for _, each, _ in known],
            "run": key,
            "number": number,
            "already_sent": ALREADY_SENT,
            "keyed": [each for of_run, each, _ in known if of_run in keyed],
            "taken_back": self._taken_back(key, {each: of_run for of_run, each, _ in known}),
        }
        return Coverage(number, *(self._database.row(_COVERAGE, values) or (0, 0, 0)))

    def _taken_back(self, key: int, numbers: Mapping[int, int]) -> list[int]:
        """Rows of a run that were skipped because an earlier run had sent them, and whose message was deleted since."""
        of_runs = "SELECT run, row FROM " + STATUSES + " WHERE run = ANY(%s) AND state = 'deleted'"
        deleted = {(numbers[run], row) for run, row in self._database.rows(of_runs, (list(numbers),))}
        if not deleted:
            return []
        skipped = "SELECT seq, reason FROM campaign.status WHERE run = %s AND kind = %s"
        found = self._database.rows(skipped, (key, ALREADY_SENT))
        return [seq for seq, reason in found if named_earlier_row(reason) in deleted]
