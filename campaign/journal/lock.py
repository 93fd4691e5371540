"""One process per campaign: a lock beside the journal that dies with its holder."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from campaign.errors import JournalBusyError, Problem
from campaign.journal.database import cannot_write
from campaign.journal.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def sole_delivery(path: Path) -> Iterator[None]:
    """Hold the journal for one process; the operating system lets go of it when that process ends, however it ends.

    Raises:
        JournalBusyError: another process holds it; says which.
        JournalError: the folder cannot be written.
    """
    lock = FileLock(f"{path}.lock", timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise JournalBusyError(Problem(str(path), _holder(path), "wait for it, or stop it first")) from error
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error
    try:
        yield
    finally:
        lock.release()


def _holder(path: Path) -> str:
    holder = None
    if path.exists():
        with Journal.open(path) as journal:
            holder = journal.holder()
    if holder is None:
        return "another process is planning this campaign"
    began = datetime.fromtimestamp(holder.started_at).astimezone()
    return f"is being delivered by process {holder.process} on {holder.host} since {began:%Y-%m-%d %H:%M:%S}"
