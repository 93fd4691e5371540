"""What the workers of a database share, over one connection: used by `campaign worker` and `campaign workers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from campaign.journal.cluster import HeldPart
from campaign.journal.manifests import decode_manifest
from campaign.journal.postgres import open_runs, orders, parts, waits, workers
from campaign.journal.postgres.address import parse_address
from campaign.journal.postgres.budget import PostgresLimits
from campaign.journal.postgres.database import Connections, Database
from campaign.journal.postgres.jobs import JobQueue, make_tables
from campaign.journal.postgres.migrations import prepare
from campaign.journal.postgres.part_journal import PartJournal, RunAttemptLog
from campaign.journal.postgres.unable import stuck_runs
from campaign.journal.records import RunRecord, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from campaign.journal.cluster import (
        EndedRun,
        LeaseTimes,
        OpenRun,
        RunProgress,
        SettlesCutOff,
        StuckRun,
        WorkerRecord,
    )
    from campaign.journal.postgres.budget import PostgresBudget

_WAITS_FOR_STANDBY: LiteralString = """
SELECT current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') <> 'local'
"""


class ClusterStore:
    """The workers of a database, the runs that are left to them, and the parts that each holds.

    Its methods block; they may be called from any thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._beats = database.another()  # no beat waits for anything else
        self._watch = database.another()  # is opened where metrics are asked for
        self._others = Connections(database)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> ClusterStore:
        """Connect, and make the tables in a database that has none.

        Raises:
            JournalError: the database cannot be reached, may forget what it has committed, or has no such tables.
        """
        database = Database(parse_address(url))
        try:
            database.open()
            prepare(database, create=create)
            make_tables(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close the connections."""
        for each in (self._others, self._watch, self._beats, self._database):
            each.close()

    @property
    def where(self) -> str:
        """The address of the database, without a password."""
        return self._database.address.shown

    def times(self) -> LeaseTimes:
        """The lease of the database."""
        return workers.lease_times(self._database)

    def set_lease(self, seconds: float) -> None:
        """Change the lease; workers take it when they start."""
        workers.set_lease(self._database, seconds)

    def has_synchronous_standby(self) -> bool:
        """Whether the operator has stated that a standby which takes over lacks nothing."""
        return self._database.row("SELECT synchronous_standby FROM campaign.version") == (True,)

    def state_standby(self, *, synchronous: bool) -> bool:
        """Put on record whether a standby that takes over lacks nothing.

        Returns:
            Whether the server's settings agree at the moment.
        """
        with self._database.transaction() as connection:
            connection.execute("UPDATE campaign.version SET synchronous_standby = %s", (synchronous,))
            waits = connection.execute(_WAITS_FOR_STANDBY).fetchone()
        return not synchronous or waits == (True,)

    def jobs(self, lease: float) -> JobQueue:
        """The jobs of runs."""
        return JobQueue(self._database.address, lease)

    # Workers

    def register(self, name: str, only: str | None) -> int:
        """Record this process as a worker; returns its number."""
        return workers.register(self._database, name, only)

    def beat(self, worker: int, rate: float | None) -> bool | None:
        """Say that a worker lives; returns whether it is to leave, and None where it is lost."""
        return workers.beat(self._beats, worker, rate)

    def clock(self) -> float:
        """The database's clock, in seconds since the epoch."""
        (now,) = self._beats.row(f"SELECT {waits.NOW}") or (0.0,)
        return float(now)

    def expire(self) -> None:
        """Declare those lost that have said nothing for a lease."""
        workers.expire(self._database)

    def leave(self, worker: int) -> None:
        """Record that a worker is gone, and free what it held."""
        workers.leave(self._database, worker)

    def drain(self, name: str) -> int:
        """Ask the workers of a name to leave; returns how many there are."""
        return workers.drain(self._database, name)

    def workers(self) -> Sequence[WorkerRecord]:
        """The workers that are at work, by name."""
        return workers.living(self._database)

    # Runs

    def open_runs(self, only: str | None = None) -> list[OpenRun]:
        """The runs that are left to workers; those of one campaign, where one is given."""
        return [each for each in open_runs.open_runs(self._database) if only in (None, each.campaign)]

    def unwatched(self) -> list[waits.UnwatchedRun]:
        """The runs that wait for a process that watches, where none does."""
        return waits.unwatched(self._database)

    def record(self, run: OpenRun) -> RunRecord | None:
        """A run as it is delivered now; None where it is gone."""
        found = self._database.row(
            "SELECT number, coalesce(delivery, facts), secret, planned, created_at, stop_reason FROM campaign.run "
            "WHERE run = %s",
            (run.key,),
        )
        if found is None:
            return None
        number, facts, secret, *rest = found
        return RunRecord(number, decode_manifest(facts), bytes(secret), *rest)

    def shards_of(self, run: OpenRun, job: int) -> range:
        """The shards of a job."""
        return orders.shards_of(job, run.jobs)

    def take_over(
        self, run: OpenRun, job: int, worker: tuple[int, str], settles_cut_off: SettlesCutOff
    ) -> HeldPart | None:
        """Take over the shards of a job.

        Returns:
            The part; None where the run is over, or another worker holds some of it.

        Raises:
            JournalError: nothing is taken, or that is not known.
        """
        record = self.record(run)
        if record is None:
            return None
        taken = parts.take_over(
            self._database, run.key, self.shards_of(run, job), worker, settles=settles_cut_off(record)
        )
        if taken is None:
            return None
        last, retry, first_rows, last_rows, reads_lists = taken.order
        rows = tuple(range(first, end + 1) for first, end in zip(first_rows, last_rows, strict=True))
        states = tuple(map(State, retry))
        return HeldPart(
            record, run.key, taken.epochs, states, rows, last, taken.taken_from, taken.in_doubt, reads_lists
        )

    def attempt_log(self, run: OpenRun) -> RunAttemptLog:
        """The record of the attempts of all parts of a run that this worker holds; it has a connection of its own."""
        return RunAttemptLog(self._others, run.key, reads_lists=run.lists_good_until is not None)

    def journal(self, run: OpenRun, part: HeldPart, log: RunAttemptLog) -> PartJournal:
        """The journal of a run, as far as a part is concerned."""
        return PartJournal(self._database, run.campaign, part, self._others, log)

    def budget(self, run: OpenRun, record: RunRecord, credentials: Mapping[str, str], egress: str) -> PostgresBudget:
        """What all workers of a run may send; it has a connection of its own."""
        limits = PostgresLimits(self._database, self._others, lambda _: run.key)
        return limits.budget(record.number, credentials, record.manifest.server, egress)

    def give_back(self, key: int, epochs: Mapping[int, int]) -> bool:
        """Give shards back; returns whether none of them has anything more to send."""
        return parts.give_back(self._database, key, epochs)

    def left_behind(self, worker: int) -> dict[int, dict[int, int]]:
        """The shards that a worker holds: by the run's key, the epoch of each."""
        return parts.left_behind(self._database, worker)

    def free_jobs(self, run: OpenRun) -> set[int]:
        """The jobs of a run that no worker has, and that are not done."""
        return {shard % run.jobs for shard in parts.free_shards(self._database, run.key)}

    def stop_run(self, run: OpenRun, reason: str) -> None:
        """Ask all workers to stop a run."""
        open_runs.stop_run(self._database, run.key, reason)

    def stuck_runs(self) -> list[StuckRun]:
        """The runs that none of the workers at work can deliver."""
        return stuck_runs(self._database)

    def set_reach(self, run: OpenRun, worker: int, seconds: float | None, why: str = "") -> None:
        """Put on record that a worker does not deliver a run; see `waits.set_reach`."""
        waits.set_reach(self._database, run.key, worker, seconds, why)

    def others_reach(self, run: OpenRun, worker: int) -> bool:
        """Whether another worker is at work that takes a run, and does not lack responses of its server."""
        return waits.others_reach(self._database, run.key, worker)

    def end_orders(self) -> list[EndedRun]:
        """End the runs that have nothing more to send, or are to stop and are held by no worker."""
        return open_runs.end_orders(self._database)

    # Metrics

    def progress(self) -> list[RunProgress]:
        """How far the runs are that are left to workers; over a connection that nothing else waits for."""
        return open_runs.progress(self._watch)

    @property
    def reconnects(self) -> int:
        """How often a connection that was lost was made anew."""
        lone = (self._database, self._beats, self._watch)
        return self._others.reconnects + sum(each.reconnects for each in lone)
