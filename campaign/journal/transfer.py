"""What is carried over where a journal is copied from one store to another, as frozen records without SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from campaign.journal.activity import Activity
    from campaign.journal.decisions import Acceptance, Decision, StatedQuota


JOURNAL_IMPORTED = "journal-imported"
"""Code of the problem of a journal file that is gone on with in a database."""


class ImportMark(NamedTuple):
    """What a journal file has on record once its import into a database was begun. Times in seconds since the epoch.

    Attributes:
        database: the address of the database, without a password.
        database_id: which database that is, by whichever address it is called.
        by: the operator, as user@host.
        begun_at: when the import was begun; from then on nothing is sent from the file.
        done_at: when it was known to be in the database; None where that is not known.
    """

    database: str
    database_id: str
    by: str
    begun_at: float
    done_at: float | None = None


class TransferredAttempt(NamedTuple):
    """A request; `number` tells it from all others of its journal. Otherwise as in `RecordedAttempt`."""

    number: int
    what: str
    started_at: float
    ended_at: float | None
    outcome: str | None
    http_status: int | None
    detail: str


class TransferredRow(NamedTuple):
    """A row with its message, what became of it, and every attempt in order; the attributes as in `RowResult`.

    Attributes:
        cells: as `cells.encode_cells` has encoded them.
        digest: that of the message; None where there is no message.
        key: equal for rows that are the same from run to run; None where the row has none.
        origin_run: the run of the row of the first list, where the row comes from a sheet To fix.
        origin_row: its number there.
        looked_after: how many attempts the row had when it was looked for at the server and was not there.
        looked_at: when that was first the case.
        made: the attempts.
    """

    seq: int
    row: int
    destination: str
    body: bytes | None
    cells: str
    digest: bytes | None
    key: bytes | None
    origin_run: int | None
    origin_row: int | None
    state: str
    kind: str
    reason: str
    message_id: str | None
    http_status: int | None
    attempts: int
    at: float | None
    latency: float | None
    looked_after: int | None
    looked_at: float | None
    made: tuple[TransferredAttempt, ...] = ()


class TransferredSession(NamedTuple):
    """One delivery by one process; `retry` are the states of rows that were to be sent again."""

    host: str
    process: int
    started_at: float
    ended_at: float | None
    seconds: float | None
    retry: tuple[str, ...]
    by: str
    activity: Activity | None


class TransferredRun(NamedTuple):
    """A run without its rows.

    Attributes:
        facts: the manifest, as `manifests.encode_manifest` has encoded it.
        to_fix: whether it was planned from a sheet To fix.
        findings: the findings of its plan in JSON, in order.
        workbooks: digests of the workbooks that were written, and when.
        look_ups: requests that are no single row's.
    """

    number: int
    facts: str
    secret: bytes
    created_at: float
    planned: bool
    stop_reason: str | None
    to_fix: bool
    findings: Sequence[str]
    accepted: Sequence[Acceptance]
    decisions: Sequence[Decision]
    sessions: Sequence[TransferredSession]
    workbooks: Sequence[tuple[bytes, float]]
    look_ups: Sequence[TransferredAttempt]


class TransferSource(Protocol):
    """A journal that is copied: everything of one moment."""

    @property
    def journal_id(self) -> str:
        """Tells the journal from all others; a copy of its file has the same."""
        ...

    @property
    def last_attempt(self) -> int:
        """The number of the last attempt on record; 0 where there is none."""
        ...

    def runs(self) -> Iterator[TransferredRun]:
        """The runs, oldest first."""
        ...

    def batches(self, run: int) -> Iterator[list[TransferredRow]]:
        """The rows of a run in their order, some thousand at a time."""
        ...

    def quotas(self) -> Sequence[tuple[str, StatedQuota]]:
        """The limits that servers stated last."""
        ...


class Transferred(NamedTuple):
    """How many runs and rows were copied."""

    runs: int
    rows: int
