"""The journal: every message and every attempt of a campaign's runs. The only package with SQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from campaign.errors import JournalError, Problem
from campaign.journal.activity import Activity, Coverage, Holder, SessionRecord
from campaign.journal.cells import RecordedCell
from campaign.journal.decisions import Acceptance, Decision, EarlierRow, NextMessage, StatedQuota
from campaign.journal.gate import FirstRows
from campaign.journal.origin import Origin
from campaign.journal.records import (
    Outcome,
    PlannedRow,
    ReasonCount,
    RowResult,
    RunManifest,
    RunRecord,
    State,
    Tally,
    WaitingRow,
)
from campaign.journal.selection_store import Omission, SelectedRow
from campaign.journal.store import JournalStore
from campaign.paths import INSTALL_CLUSTER, is_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from campaign.journal.health import JournalHealth
    from campaign.journal.postgres import PostgresJournal

__all__ = [
    "Acceptance",
    "Activity",
    "Coverage",
    "Decision",
    "EarlierRow",
    "FirstRows",
    "Holder",
    "JournalStore",
    "NextMessage",
    "Omission",
    "Origin",
    "Outcome",
    "PlannedRow",
    "ReasonCount",
    "RecordedCell",
    "RowResult",
    "RunManifest",
    "RunRecord",
    "SelectedRow",
    "SessionRecord",
    "State",
    "StatedQuota",
    "Tally",
    "WaitingRow",
    "examine_journal",
    "find_journal",
    "open_journal",
    "peek_journal",
    "read_journal",
    "remove_unused_journal",
    "shown_address",
]

Found = TypeVar("Found")


def open_journal(
    where: str | Path,
    *,
    create: bool = True,
    recover: bool = False,
    moved: bool = False,
    new: bool = False,
    campaign: str = "default",
) -> JournalStore:
    """Open a journal. Use it with `with` or `async with`, which close it.

    Args:
        where: the path of a journal file, ":memory:" for one that lasts as long as the object, or the address of a
            PostgreSQL database (postgresql://USER@HOST/DATABASE), for which `campaign[cluster]` has to be installed.
        create: make a new journal where there is none.
        recover: open it although files of it are missing; `JournalStore.recover` then settles what may be lost.
        moved: it was copied or moved here on purpose, and nobody delivers from the other.
        new: make a new one where the one that messages were sent from is gone or was emptied.
        campaign: the campaign's name, by which a database knows it; a file contains one campaign.

    Raises:
        JournalError: the journal is missing, not whole, damaged, from a newer version, or cannot be written.
    """
    if str(where) == ":memory:":
        from campaign.journal.memory import MemoryJournal  # noqa: PLC0415 - loaded when it is used

        return MemoryJournal()
    if isinstance(where, str) and is_address(where):
        return _open_in_database(where, campaign, create=create)
    from campaign.journal.sqlite import Accepted, SqliteJournal  # noqa: PLC0415

    accepted = Accepted(recover, moved, new)
    return SqliteJournal.open_or_create(where, accepted) if create else SqliteJournal.open(where, accepted)


def _open_in_database(url: str, campaign: str, *, create: bool) -> JournalStore:
    return in_database().open(url, campaign, create=create)


def in_database() -> type[PostgresJournal]:
    """The kind of journal that is in a database.

    Raises:
        JournalError: `campaign[cluster]` is not installed.
    """
    try:
        from campaign.journal.postgres import PostgresJournal  # noqa: PLC0415
    except ImportError as error:
        what = f"one in PostgreSQL needs {error.name}, which is not installed"
        raise JournalError(Problem("the journal", what, INSTALL_CLUSTER)) from error
    return PostgresJournal


def find_journal(url: str, campaign: str) -> JournalStore | None:
    """Open the journal of a campaign in a database; None where that has no tables of journals yet.

    Raises:
        JournalError: the database cannot be reached, or may forget what it has committed.
    """
    return in_database().find(url, campaign)


def shown_address(url: str) -> str:
    """The address of a database without its password and options.

    Raises:
        JournalError: it is none.
    """
    return in_database().shown(url)


def read_journal(
    where: str | Path, read: Callable[[JournalStore], Found], *, campaign: str = "default"
) -> Found | None:
    """What a function reads from a journal, which is neither changed nor held; also beside a delivery.

    Args:
        where: the path of a journal file, or the address of a database.
        read: is given the journal, which it must not change; may be called more than once.
        campaign: the campaign's name, by which a database knows it.

    Returns:
        What it returns; None where there never was a journal.

    Raises:
        JournalError: the journal is not whole, another user's or damaged, or cannot be read.
    """
    if isinstance(where, str) and is_address(where):
        found = find_journal(where, campaign)
        if found is None:
            return None
        with found:
            return read(found)
    from campaign.journal.sqlite.reading import read_unchanged  # noqa: PLC0415

    return read_unchanged(Path(where), read)


def examine_journal(where: str | Path, *, campaign: str | None = "default") -> JournalHealth:
    """How a journal is, without changing or holding it: whole, in its place, held, fit to keep what it is told.

    Args:
        where: the path of a journal file, or the address of a database.
        campaign: the campaign's name, by which a database knows it; None: all of a database.

    Raises:
        JournalError: the address is none, or what connects to a database is not installed.
    """
    if isinstance(where, str) and is_address(where):
        in_database()
        from campaign.journal.postgres.health import examine as examine_database  # noqa: PLC0415

        return examine_database(where, campaign)
    from campaign.journal.sqlite.health import examine  # noqa: PLC0415

    return examine(Path(where))


def remove_unused_journal(path: Path) -> None:
    """Remove a journal file that has no run, and what belongs to it, unless another process works on it."""
    from campaign.journal.sqlite.opening import remove_unused  # noqa: PLC0415

    remove_unused(path)


def peek_journal(path: Path) -> tuple[RunRecord, Tally] | None:
    """The last run of a journal file that is not to be opened, and its figures; None where there is none to be read."""
    from campaign.journal.sqlite.opening import peek  # noqa: PLC0415

    return peek(path)
