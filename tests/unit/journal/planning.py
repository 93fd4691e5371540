"""Journals that contain a planned run."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from campaign.journal import Outcome, PlannedRow, RunManifest, State
from campaign.journal.cells import encode_cells
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.settings import DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from campaign.journal import JournalStore, RunRecord

NOON = 1_800_000_000.0
SENT = Outcome(State.SENT, message_id="abc", http_status=200, at=NOON + 1, latency=0.5)
STATUS = "SELECT state, attempts FROM status WHERE run = 1 AND seq = ?"

FACTS = RunManifest(
    channel="livechat",
    server="https://chat.example.com",
    template="offer.json",
    recipients="/lists/customers.xlsx",
    sheet="Khách hàng",
    headers=("Tên", "Số"),
    settings=DeliverySettings(timeout=12.0),
)


def message(row: int, state: State = State.PENDING, kind: str = "", reason: str = "") -> PlannedRow:
    sendable = state is not State.INVALID
    return PlannedRow(
        number=row,
        destination=f"t/r{row}" if sendable else "",
        body=b'{"msg":"%d"}' % row if sendable else None,
        digest=b"%16d" % row if sendable else None,
        cells=encode_cells((f"name {row}", str(row)), (f"name {row}", row), ("General", "0")),
        state=state,
        kind=kind,
        reason=reason,
    )


def plan(journal: JournalStore, messages: Sequence[PlannedRow], manifest: RunManifest = FACTS) -> RunRecord:
    """Write a whole planned run to a journal."""
    run = journal.begin_run(manifest)
    journal.add(run.number, 1, messages)
    journal.seal(run.number)
    return run


def planned(path: Path, count: int) -> Path:
    """A journal whose run 1 has `count` pending rows."""
    with SqliteJournal.open_or_create(path) as journal:
        plan(journal, [message(row) for row in range(2, count + 2)])
    return path


def query(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Query the file over another connection."""
    with closing(sqlite3.connect(path)) as other:
        return other.execute(statement, values).fetchall()


def execute(path: Path, statement: str, *values: object) -> None:
    """Change the file over another connection."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(statement, values)


def in_state(
    journal: SqliteJournal, seq: int, state: State, kind: str = "", *, reason: str = "", at: float = NOON
) -> None:
    """A row in a state, as delivery would leave it."""
    values = (state, kind, reason, at, seq)
    execute(journal.path, "UPDATE status SET state = ?, kind = ?, reason = ?, at = ? WHERE seq = ?", *values)


def attempt(journal: SqliteJournal, started_at: float, outcome: str | None = "sent", what: str = "send") -> None:
    execute(
        journal.path,
        "INSERT INTO attempt (run, seq, what, started_at, ended_at, outcome) VALUES (1, 1, ?, ?, ?, ?)",
        *(what, started_at, started_at + 1 if outcome else None, outcome),
    )


async def until_written(log: SqliteAttemptLog) -> None:
    """Wait until every event submitted so far was written or failed."""
    async with asyncio.timeout(10):
        while log._group or log._writing:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)
