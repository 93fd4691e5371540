"""The journal as the rest of campaign uses it: every run, every message and what became of it.

`sqlite.SqliteJournal`, `memory.MemoryJournal` and `postgres.PostgresJournal` implement it, and one suite of contract
tests runs over all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from campaign.journal.attempts import AttemptStore
from campaign.journal.doubts import DoubtStore
from campaign.journal.finding_store import FindingStore
from campaign.journal.gate import GateStore
from campaign.journal.records import State
from campaign.journal.selection_store import SelectionStore
from campaign.journal.status_store import StatusStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from campaign.delivery.budget import Limits
    from campaign.delivery.ports import DeliveryLog
    from campaign.errors import Problem
    from campaign.journal.active_deliveries import ActiveDelivery
    from campaign.journal.decisions import Decision, EarlierRow
    from campaign.journal.records import PlannedRow, ReasonCount, RowResult, RunManifest, RunRecord, Tally


PER_REASON, MOST_REASONS = 5, 50
"""Example rows of a reason, and reasons, returned at most: a summary with more of them is none."""


class JournalStore(DoubtStore, FindingStore, AttemptStore, StatusStore, SelectionStore, GateStore, Protocol):
    """One campaign's journal: the single source of truth. Use with `with` or `async with`.

    Leaving `async with` stops the deliveries that are still under way through this object, and waits for them.
    """

    @property
    def deliveries(self) -> list[ActiveDelivery]:
        """The deliveries under way through this object."""
        ...

    @property
    def where(self) -> str:
        """Where it is kept, for people: a path or an address, without a password."""
        ...

    @property
    def name(self) -> str:
        """The name of the campaign; "memory" where none is known."""
        ...

    @property
    def label(self) -> str:
        """What it is called where its place is known: the name of its file, or the campaign."""
        ...

    @property
    def notes(self) -> Sequence[Problem]:
        """What was put right when it was opened, or is worth knowing; stops nothing."""
        ...

    @property
    def displaced(self) -> Problem | None:
        """Why it may not be the journal that belongs here; None where it is. Then it can be read, but not held."""
        ...

    @property
    def may_lack(self) -> bool:
        """Whether something of it may be missing: files of it are lost, or it is a copy that may be an older one."""
        ...

    def accept_place(self) -> None:
        """Record that it was moved here on purpose."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    def reopened(self) -> AbstractContextManager[JournalStore]:
        """The same journal, usable after this object was closed; for reading results later."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the journal for planning or delivery; released when its holder dies.

        Raises:
            JournalBusyError: it is held already, by this or another process; says by which.
            JournalError: it is `displaced`.
            JournalWriteError: the holder cannot be recorded.
        """
        ...

    def begin_run(self, manifest: RunManifest) -> RunRecord:
        """Start planning a new run."""
        ...

    def add(self, run: int, first_seq: int, batch: Sequence[PlannedRow]) -> None:
        """Store a batch of a plan; `first_seq` is the place of its first row in the run."""
        ...

    def seal(self, run: int) -> None:
        """Declare a plan complete and confirmed: from now on it may be delivered."""
        ...

    def discard(self, run: int) -> None:
        """Delete a plan of which nothing was sent."""
        ...

    # Delivery

    def begin_session(self, run: int, retry: Collection[State] = (), *, sends: bool = True, by: str = "") -> int:
        """Record that this process delivers a run from now on, and that earlier sessions have ended.

        Args:
            run: the run's number.
            retry: rows in these states are delivered again.
            sends: whether it sends what waits; else why the run stopped stays on record.
            by: the operator, as user@host.

        Raises:
            JournalWriteError: nothing may be sent, because the journal cannot be written or is not in its place.
        """
        ...

    def check_session(self, session: int) -> None:
        """Check that a session has not ended, because another one has begun.

        Raises:
            JournalBusyError: it has.
        """
        ...

    def end_session(self, session: int, stop_reason: str | None) -> None:
        """Record that a delivery has ended, and why where it ended early.

        Raises:
            JournalBusyError: another session has begun since.
        """
        ...

    def mark_cut_off_in_doubt(self, run: int) -> None:
        """Mark every row found `sending` as in doubt: for servers without a read-back."""
        ...

    def recover(self, run: int) -> None:
        """Treat every row that seems to wait as cut off while sending, because what came of it may be lost."""
        ...

    def server_change(self, run: int) -> Problem | None:
        """Why attempts of a run may be missing: its database has moved to another server since they were recorded.

        None where it has not. Nothing is sent until `recover`.
        """
        ...

    def attempt_log(
        self,
        run: int,
        retry: Collection[State] = (),
        session: int | None = None,
        *,
        rows: Sequence[range] = (),
        waiting: Collection[State] = (State.PENDING, State.SENDING),
    ) -> AbstractAsyncContextManager[DeliveryLog]:
        """The record that delivery writes to.

        Args:
            run: the run's number.
            retry: rows in these states are delivered again. Each keeps its state until its own turn comes, so that a
                delivery cut short changes nothing about the others.
            session: the session that delivers. No attempt is recorded once another one has begun. None: unchecked.
            rows: the numbers of the rows to deliver again; (): all that are in these states.
            waiting: the states of the other rows to deliver.
        """
        ...

    @property
    def limits(self) -> Limits | None:
        """What the workers of several machines may send together; None where only one process uses the journal."""
        ...

    # Second chances

    def delivered_messages(self, runs: Sequence[int]) -> AbstractContextManager[Callable[[bytes], EarlierRow | None]]:
        """Looks up messages by digest: the row of these runs that sent one already, or may have."""
        ...

    def delivered_rows(
        self, runs: Sequence[int]
    ) -> AbstractContextManager[Callable[[tuple[int, int]], EarlierRow | None]]:
        """Looks up rows of first lists, by run and row: the row that was sent for it already, or may have been.

        That is the row itself, or a row of a later run that was planned from the sheet To fix.
        """
        ...

    def row_states(self, run: int, rows: Sequence[range]) -> list[tuple[int, State]]:
        """The numbers of these rows that a run has, in sheet order, and their states."""
        ...

    def leave_unsent(self, run: int, reason: str) -> int:
        """Skip every pending row of a run, and return how many there were; what had stopped it does not count then."""
        ...

    def settle(self, run: int, rows: Sequence[range], state: State, reason: str) -> None:
        """Put these rows into a state, as far as they are in doubt."""
        ...

    def forget(self, run: int) -> None:
        """Delete a run's personal data: cells, messages, destinations and reasons. States and digests stay.

        Its workbooks are not known any more: they still contain what was deleted here, so they are never replaced.

        Raises:
            JournalWriteError: there is no room to write the file anew.
        """
        ...

    def record_decision(self, run: int, what: str, by: str, detail: str = "") -> None:
        """Record what an operator decided, and when."""
        ...

    def decisions(self, run: int) -> list[Decision]:
        """What operators decided about a run, oldest first."""
        ...

    def request_stop(self, by: str) -> None:
        """Ask the process that holds the journal to stop; the request ends with that process's hold on the journal."""
        ...

    def stop_requested(self) -> str | None:
        """Who asked for a stop; None where no one did."""
        ...

    def acknowledge_stop(self) -> None:
        """Remove the request: the delivery has begun to stop."""
        ...

    def record_workbook(self, run: int, digest: bytes) -> None:
        """Record the digest of a workbook that is written."""
        ...

    def wrote_workbook(self, digest: bytes) -> bool:
        """Whether a file with this digest is a workbook as this journal's campaign wrote it."""
        ...

    # Reading

    def last_run(self) -> RunRecord | None:
        """The newest run; None where there is none."""
        ...

    def run(self, number: int) -> RunRecord | None:
        """A run by its number; None where there is no such run."""
        ...

    def runs(self) -> list[RunRecord]:
        """Every run on record, oldest first."""
        ...

    def tally(self, run: int) -> Tally:
        """The figures of a run."""
        ...

    def reasons(self, run: int) -> list[ReasonCount]:
        """Why rows were not sent, the most common reason first, and last those skipped on purpose.

        Also which rows were deleted, and why others were not although that was asked for.
        """
        ...

    def results(self, run: int, states: Sequence[State] = ()) -> Iterator[RowResult]:
        """Every row of a run in sheet order, or those in some states."""
        ...

    def sent_by_time(self, run: int) -> tuple[int, list[tuple[float, int]]]:
        """When messages were sent, in up to `MOST_SPANS` spans of equal length, except for very long runs.

        Returns:
            The length of a span in seconds; and for every span with a message in it, its beginning (seconds since the
            epoch) and the number of messages sent in it.
        """
        ...
