"""What the lock file remembers of a journal: how far its last delivery got.

A journal that was emptied, or replaced by an older copy of itself, cannot tell. So the process that holds the lock
writes beside the journal which one it is and the number of the last attempt on record; a journal that knows less is not
whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

AT, LENGTH = 512, 160
"""Where in the lock file, in bytes; the holder of the lock is before it."""


class Witness(NamedTuple):
    """What was true of a journal when it was last written to.

    Attributes:
        journal: the journal's id.
        epoch: the epoch that the mark in the journal's main file is of, or is about to be.
        opened: whether the write-ahead log has something of that epoch.
        attempt: the last attempt on record that is never taken back.
        arming: whether the journal is about to enter its next epoch.
    """

    journal: str = ""
    epoch: int = 0
    opened: bool = False
    attempt: int = 0
    arming: bool = False


def lock_file(journal: Path) -> Path:
    """The lock file of a journal, by whichever name the journal is called."""
    return journal.parent.resolve() / f"{journal.name}.lock"


def read_witness(journal: Path) -> Witness:
    """What the lock file beside a journal says; an empty one where it says nothing."""
    if not lock_file(journal).is_file():  # to open a named pipe would wait for ever
        return Witness()
    with contextlib.suppress(OSError, ValueError, TypeError), lock_file(journal).open("rb", buffering=0) as file:
        file.seek(AT)
        found = Witness(*json.loads(file.read(LENGTH)))
        if [type(value) for value in found] == [str, int, bool, int, bool]:
            return found
    return Witness()


class WitnessWriter:
    """Writes to the lock file while its lock is held."""

    def __init__(self) -> None:
        self.handle: int | None = None
        self._last = Witness()
        self._writing = threading.Lock()

    def continue_from(self, witness: Witness) -> None:
        """Take what the file says for what was written last."""
        self._last = witness

    def note(self, **changes: object) -> None:
        """Write down what has changed. A failure is left to the marks within the journal."""
        with self._writing:
            last = self._last
            self._last = last._replace(**changes)  # type: ignore[arg-type] # names and types are this module's
            if self.handle is not None and self._last != last:
                with contextlib.suppress(OSError):
                    os.lseek(self.handle, AT, os.SEEK_SET)
                    os.write(self.handle, json.dumps(self._last).ljust(LENGTH).encode())

    def attempts_upto(self, number: int) -> None:
        """Write down that an attempt is on record."""
        if number > self._last.attempt:
            self.note(attempt=number)
