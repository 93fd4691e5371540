"""What a journal in a database knows of workers: who they are, what a run asks of them, and which part each holds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import JournalError, Problem
from campaign.paths import INSTALL_CLUSTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from campaign.journal.postgres.cluster import ClusterStore
    from campaign.journal.records import RunManifest, RunRecord, State

WITHOUT_WORKERS = "no worker was at work on it, and a command took it over"
"""Stop reason of a run that was left to workers and that a command took over, which sends nothing of it."""

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
        server_change: why attempts of it may be missing in the database: nothing more of it may be sent; None where
            they are not.
        lists_good_until: rows begin only before that moment, in seconds since the epoch on the database's clock; None:
            its lists are not read again.
    """

    key: int
    campaign: str
    order: int
    jobs: int
    stops: bool
    server_change: str | None = None
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
        unable: the names of the workers at work, each with why it cannot deliver the run; (): none is at work; None:
            one may deliver it.
    """

    states: Mapping[State, int]
    open: bool
    whole: bool
    stop_reason: str | None
    workers: tuple[str, ...]
    now: float = 0.0
    lists_good_until: float | None = None
    paused: bool = False
    unable: tuple[str, ...] | None = None


class HeldPart(NamedTuple):
    """Shards of a run that a worker holds.

    Attributes:
        run: the run's record, with the settings by which it is delivered now.
        key: the run's key in the database.
        epochs: that under which each shard is held.
        retry: rows in these states are sent again.
        rows: the numbers of those; (): all.
        last: the place in the run of the last row that may be sent; None: no matter.
        taken_from: the names of the workers that held some of them until their lease was lost.
        in_doubt: how many rows are in doubt, because they were cut off.
        reads_lists: whether rows begin only while the run's lists are good.
    """

    run: RunRecord
    key: int
    epochs: Mapping[int, int]
    retry: tuple[State, ...]
    rows: tuple[range, ...]
    last: int | None
    taken_from: tuple[str, ...] = ()
    in_doubt: int = 0
    reads_lists: bool = False


class EndedRun(NamedTuple):
    """A run that has nothing more to send, or was to stop.

    Attributes:
        order: the number of its order.
        campaign: the campaign's name.
        run: the run's number.
        finished: whether no row of it waits.
    """

    order: int
    campaign: str
    run: int
    finished: bool


class RunProgress(NamedTuple):
    """How far workers are with a run that is left to them.

    Attributes:
        campaign: the campaign's name.
        run: the run's number.
        open_for: seconds since it was left to workers.
        states: its rows by state.
    """

    campaign: str
    run: int
    open_for: float
    states: Mapping[State, int]


class StuckRun(NamedTuple):
    """A run that is left to workers and that none of those at work can deliver.

    Attributes:
        key: its key in the database.
        campaign: the campaign's name.
        run: the run's number.
        unable: the names of the workers at work, each with why it cannot; (): none is at work.
    """

    key: int
    campaign: str
    run: int
    unable: tuple[str, ...]


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
        raise JournalError(Problem("campaign worker", what, INSTALL_CLUSTER)) from error
    store = ClusterStore.open(url, create=create)
    try:
        yield store
    finally:
        store.close()
