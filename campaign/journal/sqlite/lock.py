"""One delivery per journal: a lock file beside it, which the operating system releases when its holder ends."""

from __future__ import annotations

import contextlib
import os
import platform
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from campaign.errors import JournalBusyError, Problem
from campaign.journal.sqlite.schema import cannot_write

if TYPE_CHECKING:
    from collections.abc import Iterator


class DeliveryLock:
    """The lock of one journal file. Held once: also not twice by one process."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._file = Path(f"{journal}.lock")
        self._lock = FileLock(self._file, timeout=0, mode=0o600, thread_local=False)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            JournalBusyError: it is held already, by this or another process; says by which.
            JournalWriteError: the folder cannot be written.
        """
        if self._lock.is_locked:  # a FileLock would let its holder in again
            raise self._busy()
        try:
            self._lock.acquire()
        except Timeout as error:
            raise self._busy() from error
        except OSError as error:
            raise cannot_write(self._journal, error.strerror or str(error)) from error
        try:
            self._sign()
            yield
        finally:
            self._lock.release()

    def _busy(self) -> JournalBusyError:
        return JournalBusyError(Problem(str(self._journal), self._holder(), "wait for it, or stop it first"))

    def _sign(self) -> None:
        """Write into the lock file who holds it, for people. Windows locks its first byte against readers too."""
        began = datetime.now().astimezone()
        text = f"process {os.getpid()} on {platform.node()} since {began:%Y-%m-%d %H:%M:%S}"
        with contextlib.suppress(OSError), self._file.open("r+b") as opened:
            opened.seek(1)
            opened.truncate()
            opened.write(text.encode())

    def _holder(self) -> str:
        text = b""
        with contextlib.suppress(OSError), self._file.open("rb") as opened:
            opened.seek(1)
            text = opened.read()
        return f"is being worked on by {text.decode('utf-8', 'replace') or 'another process'}"
