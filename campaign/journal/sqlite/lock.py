"""One delivery per journal: a lock file beside it, which the operating system releases when its holder ends."""

from __future__ import annotations

import contextlib
import os
import platform
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from campaign.errors import JournalBusyError, Problem
from campaign.journal.sqlite.schema import cannot_write
from campaign.journal.sqlite.witness import AT, WitnessWriter, lock_file
from campaign.operating_system import OWNER_ONLY, Lock, try_lock, unlock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPEN_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class DeliveryLock:
    """The lock of one journal file. Held once: also not twice by one process. The file stays when it is released.

    Attributes:
        witness: what is written down in the lock file about the journal.
        supported: whether the file system has locks, as far as is known.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._file = lock_file(journal)
        self.witness = WitnessWriter()
        self.supported = True
        self._threads = threading.Lock()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            JournalBusyError: it is held already, by this or another process; says by which.
            JournalWriteError: the folder cannot be written.
        """
        if not self._threads.acquire(blocking=False):  # also where the file system has no locks
            raise self._busy()
        try:
            yield from self._held()
        finally:
            self._threads.release()

    def _held(self) -> Iterator[None]:
        try:
            handle = self._locked()
        except OSError as error:
            raise cannot_write(self._journal, error.strerror or str(error)) from error
        self.witness.handle = handle
        try:
            self._sign(handle)
            yield
        finally:
            self.witness.handle = None
            unlock(handle)
            os.close(handle)

    def _locked(self) -> int:
        """The lock file, open and locked, and still the one of that name: another may have removed it meanwhile."""
        while True:
            handle = os.open(self._file, OPEN_FLAGS, OWNER_ONLY)
            try:
                if self._lock(handle):
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)

    def _lock(self, handle: int) -> bool:
        """Lock an open file. Returns whether it still has its name."""
        taken = try_lock(handle)
        if taken is Lock.HELD:
            raise self._busy()
        self.supported = taken is not Lock.UNSUPPORTED
        with contextlib.suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(handle), self._file.stat())
        return False

    def _busy(self) -> JournalBusyError:
        return busy(self._journal, self._holder())

    def _sign(self, handle: int) -> None:
        """Write into the lock file who holds it, for people. Windows locks its first byte against readers too."""
        began = datetime.now().astimezone()
        text = f"process {os.getpid()} on {platform.node()} since {began:%Y-%m-%d %H:%M:%S}\n"
        with contextlib.suppress(OSError):
            os.lseek(handle, 1, os.SEEK_SET)
            os.write(handle, text.encode()[: AT - 1].ljust(AT - 1))

    def _holder(self) -> str:
        text = b""
        with contextlib.suppress(OSError), self._file.open("rb", buffering=0) as opened:
            opened.seek(1)
            text = opened.read(AT - 1)
        return text.decode("utf-8", "replace").strip("\0 \n") or "another process"


def busy(journal: Path, holder: str) -> JournalBusyError:
    """The error of a journal that is held."""
    return JournalBusyError(Problem(str(journal), f"is being worked on by {holder}", "wait for it, or stop it first"))
