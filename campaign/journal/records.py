"""What a journal contains, as the rest of campaign sees it, and how the cells of a row are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.origin import Origin
from campaign.settings import DeliverySettings, PaceSettings

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from campaign.channels import Payload
    from campaign.errors import Problem
    from campaign.journal.cells import RecordedCell
    from campaign.recipients.suppression import SuppressionRule


class State(StrEnum):
    """The state of a row. Each row is in exactly one."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    INVALID = "invalid"
    SKIPPED = "skipped"
    DELETED = "deleted"


class PlannedRow(NamedTuple):
    """One row as planned.

    Attributes:
        number: the row's number as a spreadsheet program shows it.
        state: pending, invalid or skipped.
        destination: the conversation; "" where the row is invalid.
        payload: the message without the id that a run gives it; None where the row is invalid.
        problems: why the row is invalid, by cell.
        kind: groups reasons that are alike; "" for pending rows.
        reason: why the row is invalid or skipped, in one text.
        texts: the row's cells as displayed.
        body: the frozen JSON body; None where the row is invalid.
        digest: equal for rows whose recipient would get the same message twice; None where the row is invalid.
        cells: the row's cells, encoded by `cells.encode_cells`; "" where the plan is not for a journal.
        origin: run and row of the first list, where the row comes from the sheet To fix of an earlier run.
        label: what the row is called besides its number; "" where the campaign names no column for that.
        key: equal for rows that are the same from run to run; None where what is sent to whom tells that.
    """

    number: int
    state: State
    destination: str = ""
    payload: Payload | None = None
    problems: tuple[Problem, ...] = ()
    kind: str = ""
    reason: str = ""
    texts: tuple[str, ...] = ()
    body: bytes | None = None
    digest: bytes | None = None
    cells: str = ""
    origin: tuple[int, int] | None = None
    label: str = ""
    key: bytes | None = None


class WaitingRow(NamedTuple):
    """A row that delivery has to send or to settle.

    Attributes:
        seq: its place in the run, from 1.
        row: its number in the spreadsheet.
        cut_off: it was found `sending`: one of its attempts may have been accepted.
        attempts: how many attempts there were.
        doubted: it was in doubt, and the operator asked to send it again.
        absent: an attempt had no conclusive result and a read-back did not find its message, which the server may
            have stored later.
        failed: it has failed, and the operator asked to send it again.
    """

    seq: int
    row: int
    destination: str
    body: bytes
    cut_off: bool
    attempts: int
    doubted: bool = False
    absent: bool = False
    failed: bool = False

    @property
    def again(self) -> bool:
        """Whether it had a final state, and the operator asked to send it again."""
        return self.doubted or self.failed

    @property
    def state(self) -> State:
        """Its state on record."""
        if self.cut_off:
            return State.SENDING
        return State.IN_DOUBT if self.doubted else State.FAILED if self.failed else State.PENDING


class Outcome(NamedTuple):
    """The result of one attempt, and the state of its row from now on. Times in seconds since the epoch."""

    state: State
    kind: str = ""
    reason: str = ""
    message_id: str | None = None
    http_status: int | None = None
    at: float = 0.0
    latency: float | None = None


class Reservation(NamedTuple):
    """A row's first attempt that is on record, or about to be, before its turn has come.

    Attributes:
        seq: the row's place in the run.
        attempt: the attempt's number.
        durable: done when the attempt would survive a power cut.
    """

    seq: int
    attempt: int
    durable: asyncio.Future[None]


class RowResult(NamedTuple):
    """What became of one row. Times in seconds; `seq` is its place in the run; an invalid row's destination is "".

    Attributes:
        body: the message as it was, or would be, sent; None where the row is invalid, or it was deleted.
    """

    row: int
    cells: tuple[RecordedCell, ...]
    state: State
    kind: str
    reason: str
    message_id: str | None
    http_status: int | None
    attempts: int
    at: float | None
    latency: float | None
    seq: int
    destination: str
    body: bytes | None

    @property
    def sent_at(self) -> float | None:
        """When the server took the message, which may be deleted by now; None where nobody knows that it did."""
        return self.at if self.state in (State.SENT, State.DELETED) else None


@dataclass(frozen=True, slots=True)
class RunManifest:
    """What a run was planned with: all that a resume needs besides the rows.

    Attributes:
        channel: the channel's name.
        server: the base URL; "" in a rehearsal.
        template: the template's file name, for display.
        recipients: the absolute path of the recipients file.
        sheet: the sheet read, where the file has sheets.
        headers: the headers as displayed, in sheet order.
        settings: how the run is delivered.
        rehearsal: whether it is delivered to a sandbox, so that no message leaves the machine.
        origin: the files that it was planned from.
        server_in_file: the address that the campaign file named, where the run was started from one by a command.
        label: the header of the column by whose text rows are called; None: by their number alone.
        trial: whether its messages go to a conversation of the operator's own.
        by: the operator who started it, as user@host; "" where that is not known.
        key: the names of what makes two rows the same from run to run; (): what is sent to whom.
        key_headers: the headers of the columns that these names meant; (): not on record.
        suppress: what is looked for in which suppression lists, each time before sending begins.
        pace_in_file: what the campaign file itself said about pace, schedule and gate; None where there was none.
    """

    channel: str
    server: str
    template: str
    recipients: str
    sheet: str | None
    headers: tuple[str, ...]
    settings: DeliverySettings = field(default_factory=DeliverySettings)
    rehearsal: bool = False
    origin: Origin = field(default_factory=Origin)
    server_in_file: str | None = None
    label: str | None = None
    trial: bool = False
    by: str = ""
    key: tuple[str, ...] = ()
    key_headers: tuple[str, ...] = ()
    suppress: tuple[SuppressionRule, ...] = ()
    pace_in_file: PaceSettings | None = None

    @property
    def server_name(self) -> str:
        """The server for display."""
        return "the sandbox" if self.rehearsal else self.server


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One delivery of a campaign to a list, as recorded.

    Attributes:
        number: 1, 2, …
        manifest: what it was planned with.
        secret: the key from which the message ids of this run are derived.
        planned: whether its plan is complete; nothing is sent before.
        created_at: when it was planned, in seconds since the epoch.
        stop_reason: why its last delivery ended early; None where it did not.
    """

    number: int
    manifest: RunManifest
    secret: bytes = field(repr=False)
    planned: bool
    created_at: float
    stop_reason: str | None

    @property
    def id(self) -> str:
        """Identifies this run of this journal in the workbooks written from it; says nothing about the secret."""
        return blake2b(self.secret, digest_size=16, person=b"campaign run id").hexdigest()


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of a run.

    Attributes:
        states: number of rows by state.
        requests: HTTP requests on record, read-backs included; after a crash also reserved ones that were never made.
        throttled: responses that said "over the limit".
        seconds: time spent delivering.
        started_at: when delivery began, in seconds since the epoch.
        ended_at: when it last ended.
        unended: whether no end of the last delivery is on record: it is under way, or was cut off.
    """

    states: Mapping[State, int]
    requests: int
    throttled: int
    seconds: float
    started_at: float | None
    ended_at: float | None
    unended: bool = False

    def count(self, *states: State) -> int:
        """How many rows are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def rows(self) -> int:
        """All rows of the run."""
        return sum(self.states.values())

    @property
    def finished(self) -> bool:
        """Whether no row is waiting any more."""
        return self.count(State.PENDING, State.SENDING) == 0


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Rows that share a state and a cause.

    Attributes:
        example: the reason in full, as the first of them has it.
        rows: the numbers of the first few.
        seq: the place of the first in the run.
    """

    state: State
    kind: str
    example: str
    count: int
    rows: tuple[int, ...]
    seq: int = 0


ABSENT = "absent"
"""Kind of a row whose message was asked for last, and was not there."""

CUT_OFF_REASON = "cut off while sending: the server may have taken the message"
"""Reason of a row in doubt whose delivery was cut off."""


def storable(text: str) -> str:
    """The text as it can be stored: a lone surrogate, from text that a sheet or a server cut in two, becomes "?"."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
