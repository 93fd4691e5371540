"""The journal: every message and every attempt of a campaign's runs. The only package with SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.journal.decisions import Decision, EarlierRow
from campaign.journal.records import (
    Outcome,
    PlannedRow,
    ReasonCount,
    RecordedCell,
    RowResult,
    RunManifest,
    RunRecord,
    State,
    Tally,
    WaitingRow,
)
from campaign.journal.store import JournalStore

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Decision",
    "EarlierRow",
    "JournalStore",
    "Outcome",
    "PlannedRow",
    "ReasonCount",
    "RecordedCell",
    "RowResult",
    "RunManifest",
    "RunRecord",
    "State",
    "Tally",
    "WaitingRow",
    "open_journal",
]


def open_journal(where: str | Path, *, create: bool = True) -> JournalStore:
    """Open a journal. Use it with `with` or `async with`, which close it.

    Args:
        where: the path of a journal file, or ":memory:" for one that lasts as long as the object.
        create: make a new journal where there is none.

    Raises:
        JournalError: the journal is missing, damaged, from a newer version, or cannot be written.
    """
    if str(where) == ":memory:":
        from campaign.journal.memory import MemoryJournal  # noqa: PLC0415 - loaded when it is used

        return MemoryJournal()
    from campaign.journal.sqlite import SqliteJournal  # noqa: PLC0415

    return SqliteJournal.open_or_create(where) if create else SqliteJournal.open(where)
