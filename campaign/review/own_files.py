"""Files that campaign writes over only as long as they are as it wrote them."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import file_digest
from typing import TYPE_CHECKING, TypedDict

from campaign.errors import JournalWriteError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from campaign.journal import JournalStore, RunRecord


class Replacing(TypedDict):
    """Arguments of `write_atomically`."""

    replaceable: Callable[[Path], bool]
    before_rename: Callable[[Path], object]


def replacing_own(journal: JournalStore, run: RunRecord) -> Replacing:
    """Let a file be replaced that is still as this journal's campaign wrote it, and put the new one on record."""
    return {"replaceable": partial(_is_as_written, journal), "before_rename": partial(_record, journal, run)}


def _is_as_written(journal: JournalStore, path: Path) -> bool:
    try:
        return journal.wrote_workbook(_digest(path))
    except OSError:  # it cannot be read, so it may be anything
        return False


def _record(journal: JournalStore, run: RunRecord, path: Path) -> None:
    """Record a file before it has its name: one that is not on record would be kept like an edited one."""
    with suppress(JournalWriteError):  # a journal on a read-only disk can still be reported on
        journal.record_workbook(run.number, _digest(path))


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
