"""Looking into a journal that another process may be working on, without changing it and without holding it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from campaign.errors import JournalError
from campaign.journal.sqlite.journal import SqliteJournal
from campaign.journal.sqlite.opening import open_to_read
from campaign.journal.sqlite.wholeness import find_lack, wal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Found = TypeVar("Found")


def read_unchanged(path: Path, read: Callable[[SqliteJournal], Found]) -> Found | None:
    """What a function reads from a journal; called again where a process began to write while it read.

    Returns:
        What it returns; None where there never was a journal.

    Raises:
        JournalError: the journal is not whole, another user's or damaged, or cannot be read.
    """
    if not path.exists() and find_lack(path) is None:
        return None
    while True:
        at_rest = not wal_of(path).exists()
        try:
            with SqliteJournal(path, open_to_read(path)) as journal:
                found = read(journal)
        except JournalError:
            if not (at_rest and wal_of(path).exists()):
                raise
        else:
            if not (at_rest and wal_of(path).exists()):
                return found
