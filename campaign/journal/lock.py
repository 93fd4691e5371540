"""One process per campaign: a lock beside the journal that dies with its holder."""

from __future__ import annotations

import contextlib
import os
import platform
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from campaign.errors import JournalBusyError, Problem
from campaign.journal.database import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def sole_delivery(path: Path) -> Iterator[None]:
    """Hold the journal for one process; the operating system lets go of it when that process ends, however it ends.

    Raises:
        JournalBusyError: another process holds it; says which.
        JournalError: the folder cannot be written.
    """
    file = Path(f"{path}.lock")
    lock = FileLock(file, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise JournalBusyError(Problem(str(path), _holder(file), "wait for it, or stop it first")) from error
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error
    try:
        _sign(file)
        yield
    finally:
        lock.release()


def _sign(file: Path) -> None:
    """Say in the lock file who holds it, for people. Its first byte is what Windows locks, against readers too."""
    began = datetime.now().astimezone()
    text = f"process {os.getpid()} on {platform.node()} since {began:%Y-%m-%d %H:%M:%S}"
    with contextlib.suppress(OSError), file.open("r+b") as opened:
        opened.seek(1)
        opened.truncate()
        opened.write(text.encode())


def _holder(file: Path) -> str:
    text = b""
    with contextlib.suppress(OSError), file.open("rb") as opened:
        opened.seek(1)
        text = opened.read()
    return f"is being worked on by {text.decode('utf-8', 'replace') or 'another process'}"
