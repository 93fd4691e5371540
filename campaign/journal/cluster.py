"""What a journal in a database knows of workers: who they are, what a run asks of them, and which part each holds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from campaign.errors import JournalError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from campaign.journal.postgres.cluster import ClusterStore
    from campaign.journal.records import RunManifest, RunRecord, State

SHARES = 12
"""A lease is so many beats long, and its margin is one of them."""


class LeaseTimes(NamedTuple):
    """How long a worker that says nothing is waited for, in seconds, and what follows from that.

    Attributes:
        lease: after so long without a beat, others take over what it holds.
    """

    lease: float

    @property
    def beat(self) -> float:
        """Seconds between two beats."""
        return self.lease / SHARES

    @property
    def margin(self) -> float:
        """Seconds by which requests end before others may take over."""
        return self.lease / SHARES

    @property
    def longest_timeout(self) -> float:
        """The longest time-out for a response that leaves room for three missing beats."""
        return self.lease - self.margin - 3 * self.beat


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A worker, as the database knows it.

    Attributes:
        number: of this life of it.
        name: by which an operator calls it.
        version: of campaign.
        only: the campaign that it works for; None: any.
        started_at: in seconds since the epoch.
        silent: seconds since its last beat.
        rate: rows a second that it has brought to an end lately; None where that is not known yet.
        shards: how many it holds.
        draining: whether it ends what it has, and leaves.
    """

    number: int
    name: str
    host: str
    process: int
    version: str
    only: str | None
    started_at: float
    silent: float
    rate: float | None
    shards: int
    draining: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What a run asks of the workers.

    Attributes:
        manifest: the run's, with the settings by which it is delivered now.
        retry: rows in these states are sent again.
        rows: the numbers of those; (): all.
        limit: how many rows may be sent; None: all.
        gate: the place in the run of the last row before its gate, after which `Orders.pass_gate` lets it go on; None:
            there is no gate.
        early_end: why rows are waiting once it ends as planned.
        by: the operator, for the record.
        reads_lists: whether its lists of those who get nothing are read again before rows begin; then none does before
            `Orders.let_begin`.
    """

    manifest: RunManifest
    retry: tuple[State, ...] = ()
    rows: tuple[range, ...] = ()
    limit: int | None = None
    gate: int | None = None
    early_end: str = ""
    by: str = ""
    reads_lists: bool = False


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that workers deliver.

    Attributes:
        key: its key in the database.
        campaign: the campaign's name.
        order: the number of its order: of the session that ends with it.
        jobs: into how many jobs its shards are divided.
        stops: whether it is to stop.
        lists_good_until: rows begin only before that moment, in seconds since the epoch on the database's clock; None:
            its lists are not read again.
    """

    key: int
    campaign: str
    order: int
    jobs: int
    stops: bool
    lists_good_until: float | None = None


class OrderState(NamedTuple):
    """How far the workers are with a run.

    Attributes:
        states: its rows by state.
        open: whether they go on.
        whole: whether every row that may be sent was brought to an end.
        stop_reason: why it stops, or has stopped; None where it does not.
        workers: the names of those who are at work in this database.
        now: the database's clock, in seconds since the epoch.
        lists_good_until: rows begin only before that moment on it; None: the run's lists are not read again.
        paused: whether rows wait behind its gate.
    """

    states: Mapping[State, int]
    open: bool
    whole: bool
    stop_reason: str | None
    workers: tuple[str, ...]
    now: float = 0.0
    lists_good_until: float | None = None
    paused: bool = False


class HeldPart(NamedTuple):
    """Shards of a run that a worker holds.

    Attributes:
        run: the run's record, with the settings by which it is delivered now.
        key: the run's key in the database.
        epochs: that under which each shard is held.
        retry: rows in these states are sent again.
        rows: the numbers of those; (): all.
        last: the place in the run of the last row that may be sent; None: no matter.
        reads_lists: whether rows begin only while the run's lists are good.
    """

    run: RunRecord
    key: int
    epochs: Mapping[int, int]
    retry: tuple[State, ...]
    rows: tuple[range, ...]
    last: int | None
    reads_lists: bool = False


class Watched(NamedTuple):
    """What a run was left to the workers with, for a process that begins to watch it.

    Attributes:
        record: the run's record, with the settings and lists by which it is delivered now.
        retry: rows in these states are sent again.
        rows: the numbers of those; (): all.
        early_end: why rows are waiting once it ends as planned; "" where none is.
    """

    record: RunRecord
    retry: tuple[State, ...]
    rows: tuple[range, ...]
    early_end: str


class Orders(Protocol):
    """A journal's way of leaving deliveries to workers."""

    def workers(self) -> Sequence[WorkerRecord]:
        """The workers that are at work in this database and take this campaign's runs."""
        ...

    def times(self) -> LeaseTimes:
        """The lease of this database."""
        ...

    def place(self, run: int, order: Order) -> int:
        """Leave a run that is planned to the workers; the caller holds the journal. All or nothing.

        Returns:
            The number of its session.
        """
        ...

    def state(self, run: int) -> OrderState:
        """How far the workers are."""
        ...

    def pass_gate(self, run: int) -> None:
        """Let the rows behind the gate be sent too."""
        ...

    def stop(self, reason: str, *, run: int | None = None) -> bool:
        """Ask all workers to stop the campaign's run; returns whether one is open."""
        ...

    def under_way(self, run: int) -> Watched | None:
        """What a run was left to the workers with; None where none is at work on it, or a process watches it."""
        ...

    def begin_watch(self, run: int, watcher: str) -> bool:
        """Put on record that this process watches a run; returns whether it does, and no other one."""
        ...

    def beat(self, run: int, watcher: str) -> bool:
        """Say every few seconds that it goes on; returns whether no other one watches in its place."""
        ...

    def end_watch(self, run: int, watcher: str) -> None:
        """Put on record that this process watches no more."""
        ...

    def unwatched(self, run: int) -> str:
        """For what a run waits for a process that watches, where there is none: "lists" or "gate"; "" for nothing."""
        ...

    def let_begin(self, run: int, until: float) -> None:
        """Let rows begin until a moment on the database's clock: the lists were read, and their rows skipped."""
        ...

    def retried(self, run: int) -> set[int]:
        """Places of rows that failed or are in doubt after the run was left to the workers."""
        ...


SettlesCutOff = Callable[["RunRecord"], bool]
"""Whether rows of a run that were cut off are in doubt, rather than read back."""


@contextlib.contextmanager
def open_cluster(url: str, *, create: bool = True) -> Iterator[ClusterStore]:
    """What the workers of a database share.

    Args:
        url: the address of the database.
        create: whether to make the tables.

    Raises:
        JournalError: the database cannot be reached, may forget what it has committed, or has no such tables; or
            `campaign[cluster]` is not installed.
    """
    try:
        from campaign.journal.postgres.cluster import ClusterStore  # noqa: PLC0415 - loaded when it is used
    except ImportError as error:
        what = f"workers need {error.name}, which is not installed"
        raise JournalError(Problem("campaign worker", what, 'pip install "campaign[cluster]"')) from error
    store = ClusterStore.open(url, create=create)
    try:
        yield store
    finally:
        store.close()
