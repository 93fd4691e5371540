"""What stands in a journal, as the rest of campaign sees it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from campaign.sheets import CellValue


SANDBOX = "the sandbox"
"""What stands for the server's address in a rehearsal."""


class State(StrEnum):
    """The state of a row. Each row is in exactly one."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    INVALID = "invalid"
    SKIPPED = "skipped"


class PlannedMessage(NamedTuple):
    """One row as planned.

    Attributes:
        row: the row's number as a spreadsheet program shows it.
        destination: the conversation; "" where the row is invalid.
        body: the frozen JSON body; None where the row is invalid.
        digest: the same for rows whose recipient would get the same message twice; None where the row is invalid.
        cells: the row's cells, encoded by `encode_cells`.
        state: pending, invalid or skipped.
        kind: groups reasons that are alike; "" for pending rows.
        reason: why the row is invalid or skipped.
    """

    row: int
    destination: str
    body: bytes | None
    digest: bytes | None
    cells: str
    state: State
    kind: str = ""
    reason: str = ""


class Waiting(NamedTuple):
    """A row that delivery has to take care of.

    Attributes:
        seq: its place in the run, from 1.
        row: its number in the spreadsheet.
        cut_off: it was found `sending`: an attempt of it may have been taken.
        attempts: how many attempts there were.
        doubted: it was in doubt, and is sent once more on the operator's word.
    """

    seq: int
    row: int
    destination: str
    body: bytes
    cut_off: bool
    attempts: int
    doubted: bool = False


class Outcome(NamedTuple):
    """What one attempt came to, and the state that its row is in now. Times in seconds since the epoch."""

    state: State
    kind: str = ""
    reason: str = ""
    message_id: str | None = None
    http_status: int | None = None
    at: float = 0.0
    latency: float | None = None


class Cell(NamedTuple):
    """A cell of the original sheet: as displayed, and as stored where that was a number or a date."""

    text: str
    value: CellValue = None
    number_format: str = ""


class Result(NamedTuple):
    """What became of one row. Times in seconds."""

    row: int
    cells: tuple[Cell, ...]
    state: State
    kind: str
    reason: str
    message_id: str | None
    http_status: int | None
    attempts: int
    at: float | None
    latency: float | None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was planned with: all that a resume needs beside the rows.

    Attributes:
        channel: the channel's name.
        server: the base URL.
        template: the template's file name, for people.
        recipients: the recipients file, for people.
        sheet: the sheet read, where the file has sheets.
        headers: the headers as displayed, in sheet order.
        settings: throttle and delivery settings, by section.
    """

    channel: str
    server: str
    template: str
    recipients: str
    sheet: str | None
    headers: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def is_rehearsal(self) -> bool:
        """Whether no message of the run leaves this machine."""
        return self.server == SANDBOX


@dataclass(frozen=True, slots=True)
class Run:
    """One delivery of a campaign to a list, as it stands on record.

    Attributes:
        number: 1, 2, …
        facts: what it was planned with.
        secret: what the message ids of this run are derived from.
        planned: whether its plan is whole; only then anything may have been sent.
        created_at: when it was planned, in seconds since the epoch.
        stop_reason: why the last delivery of it ended early; None where it did not.
    """

    number: int
    facts: RunFacts
    secret: bytes
    planned: bool
    created_at: float
    stop_reason: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of a run.

    Attributes:
        states: number of rows by state.
        requests: HTTP requests on record, read-backs included; after a crash also those that were about to be made.
        throttled: answers that said "over the limit".
        seconds: time spent delivering.
        started_at: when delivery began, in seconds since the epoch.
        ended_at: when it last ended.
    """

    states: Mapping[State, int]
    requests: int
    throttled: int
    seconds: float
    started_at: float | None
    ended_at: float | None

    def count(self, *states: State) -> int:
        """How many rows are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def rows(self) -> int:
        """All rows of the run."""
        return sum(self.states.values())

    @property
    def finished(self) -> bool:
        """Whether no row waits any more."""
        return self.count(State.PENDING, State.SENDING) == 0


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Rows that share a state and a cause.

    Attributes:
        example: the reason in full, as the first of them has it.
        rows: the numbers of the first few.
    """

    state: State
    kind: str
    example: str
    count: int
    rows: tuple[int, ...]


def storable(text: str) -> str:
    """The text as it can be stored: half a character, from a sheet's or a server's text cut in two, becomes "?"."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def encode_cells(texts: Sequence[str], values: Sequence[CellValue], formats: Sequence[str]) -> str:
    """A row's cells as JSON: the text alone, or text, value and number format where the value is no text."""
    if not formats:
        return _ENCODER.encode(texts)
    cells = [
        text if value is None or isinstance(value, str) else (text, value, code)
        for text, value, code in zip(texts, values, formats, strict=True)
    ]
    return _ENCODER.encode(cells)


def decode_cells(text: str) -> tuple[Cell, ...]:
    """The cells of `encode_cells`."""
    return tuple(
        Cell(cell) if isinstance(cell, str) else Cell(cell[0], _decode_value(cell[1]), cell[2])
        for cell in json.loads(text)
    )


def _encode_time(value: object) -> list[object]:
    if isinstance(value, timedelta):
        return ["timedelta", [value.days, value.seconds, value.microseconds]]
    assert isinstance(value, date | time)  # noqa: S101 - the rest of CellValue is JSON
    return [type(value).__name__, value.isoformat()]


_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False, default=_encode_time)


def _decode_value(value: Any) -> CellValue:  # noqa: ANN401 - parsed JSON
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    kind, stored = value
    if kind == "timedelta":
        return timedelta(*stored)
    if kind == "time":
        return time.fromisoformat(stored)
    return date.fromisoformat(stored) if kind == "date" else datetime.fromisoformat(stored)
