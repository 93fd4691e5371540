"""Journals with runs on record, made the way a run makes them, and the workbooks written from them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl

from campaign.journal import Outcome, PlannedRow, RunManifest, RunRecord, State
from campaign.journal.cells import encode_cells
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.attempt_log import SqliteAttemptLog
from campaign.review.results_workbook import write_results

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openpyxl import Workbook

    from campaign.sheets import CellValue

HEADERS = ("Id", "Name", "Phone")
MORNING = 1_767_578_400.0  # 2026-01-05 02:00 UTC


def facts(headers: Sequence[str] = HEADERS, *, sheet: str | None = "List") -> RunManifest:
    return RunManifest("livechat", "https://chat.example.com", "livechat-text", "customers.xlsx", sheet, tuple(headers))


def planned(
    row: int,
    texts: Sequence[str],
    values: Sequence[CellValue] = (),
    formats: Sequence[str] = (),
    refused: tuple[State, str, str] = (State.PENDING, "", ""),
) -> PlannedRow:
    """A row of a plan; `refused` is what a row that is never sent has: state, kind and reason."""
    state, kind, reason = refused
    return PlannedRow(
        row,
        state,
        destination=f"room {row}",
        kind=kind,
        reason=reason,
        body=None if refused[0] is State.INVALID else b"{}",
        digest=b"%d" % row,
        cells=encode_cells(texts, values, formats),
    )


def simple_rows(count: int) -> list[PlannedRow]:
    return [planned(row, (f"c{row}", f"Name {row}", f"09{row:08}")) for row in range(2, count + 2)]


def plan(path: Path, rows: Sequence[PlannedRow], about: RunManifest | None = None) -> tuple[SqliteJournal, RunRecord]:
    """A journal with one planned run. The caller closes it."""
    journal = SqliteJournal.open_or_create(path)
    run = journal.begin_run(about or facts())
    journal.add(run.number, 1, rows)
    journal.seal(run.number)
    return journal, run


def deliver(journal: SqliteJournal, run: RunRecord, outcomes: Mapping[int, Outcome | None]) -> None:
    """Put attempts on record by the row's place in the run; None is one that never ended."""

    async def record() -> None:
        async with SqliteAttemptLog(journal.path, run.number) as log:
            for seq, outcome in outcomes.items():
                attempt = await log.begin(seq, outcome.at if outcome else MORNING)
                if outcome:
                    log.record_outcome(seq, attempt, str(outcome.state), outcome)

    session = journal.begin_session(run.number)
    asyncio.run(record())
    journal.end_session(session, None)


def sent(at: float = MORNING, latency: float = 0.0123) -> Outcome:
    return Outcome(State.SENT, "", "", "msg-1", 200, at, latency)


def failed(reason: str = "the server refused it: no such room", kind: str = "invalid-room") -> Outcome:
    return Outcome(State.FAILED, kind, reason, None, 400, MORNING + 1, 0.05)


def in_doubt(reason: str = "no answer within 30 s") -> Outcome:
    return Outcome(State.IN_DOUBT, "timeout", reason, None, None, MORNING + 31, None)


def written(
    folder: Path,
    rows: Sequence[PlannedRow],
    outcomes: Mapping[int, Outcome | None] | None = None,
    about: RunManifest | None = None,
) -> Path:
    """The results workbook of a run with these rows and outcomes."""
    journal, run = plan(folder / "offer.journal.db", rows, about)
    with journal:
        if outcomes:
            deliver(journal, run, outcomes)
        return write_results(journal, run, folder / "offer.results.xlsx")


def opened(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def table(book: Workbook, sheet: str) -> list[tuple[object, ...]]:
    """All values of a sheet, header first."""
    return list(book[sheet].iter_rows(values_only=True))
