"""What a journal knows about itself: which file it is, who holds it, and whether its write-ahead log must exist.

Delivery commits to the write-ahead log (WAL). If that is lost, SQLite opens the main file as it was at the last
checkpoint and says nothing (https://sqlite.org/wal.html, section 3). So before anything is committed to the WAL on
which the promise of no duplicates rests, the main file gets the mark ARMED; the first thing in the WAL then is the
mark OPEN:

    main file   with its WAL   means
    ARMED       OPEN, CLOSED   a delivery is under way or was killed, and the WAL is there
    ARMED       ARMED          the WAL is lost; unless the lock file says that it never held anything
    OPEN        OPEN           another program has moved all of the WAL into the main file: the journal is whole
    any         OPEN           without a lock file: what is missing at the end of the WAL cannot be told
    CLOSED      any            nothing was sent since the last delivery ended

Checkpoints are therefore made here while a delivery is under way, and never by SQLite itself. Each raises the epoch, by
which a WAL of another time is known.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import time
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from campaign.journal.activity import Holder
from campaign.journal.sqlite.schema import transaction
from campaign.operating_system import FileIdentity, process_start

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from campaign.journal.sqlite.witness import WitnessWriter

HELD: set[int] = set()
"""The tokens with which this process holds journals."""


class Mark(IntEnum):
    """Whether a write-ahead log must exist."""

    CLOSED = 0
    ARMED = 1
    OPEN = 2


class Place(NamedTuple):
    """The row of the table `place`, without who holds the journal."""

    journal: str
    path: str
    identity: FileIdentity
    mark: int
    epoch: int


def read_place(connection: sqlite3.Connection) -> Place | None:
    """What the journal has on record; None where it is damaged or of an earlier version.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    found = connection.execute(
        "SELECT journal, path, device, inode, generation, mark, epoch FROM place WHERE one = 1"
    ).fetchone()
    if found is None:
        return None
    journal, path, device, inode, generation, mark, epoch = found
    return Place(str(journal), str(path), FileIdentity(device, inode, generation), int(mark), int(epoch))


def write_place(connection: sqlite3.Connection, path: Path, identity: FileIdentity) -> None:
    """Record which file the journal is.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    connection.execute(
        "UPDATE place SET path = ?, device = ?, inode = ?, generation = ?", (str(path.resolve()), *identity)
    )


def last_attempt(connection: sqlite3.Connection) -> int:
    """The number of the last attempt on record; 0 where there is none.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    return int(connection.execute("SELECT coalesce(max(attempt), 0) FROM attempt").fetchone()[0])


def arm(connection: sqlite3.Connection, witness: WitnessWriter) -> bool:
    """Checkpoint, so that the main file holds all that is on record and the mark that from now on a WAL must exist.

    A kill between any two statements leaves a state in the table above, also where another program then moves all of
    the WAL into the main file: the lock file says that the journal is about to be armed before the journal says it.

    Returns:
        Whether that was possible; it is not while another program reads.

    Raises:
        sqlite3.Error: the journal cannot be written.
    """
    witness.note(arming=True)
    with transaction(connection):
        # An armed epoch of which the checkpoint failed, or whose process was killed, goes on.
        connection.execute("UPDATE place SET epoch = epoch + (mark <> ?), mark = ?", (int(Mark.ARMED), int(Mark.ARMED)))
    place = read_place(connection)
    assert place is not None  # noqa: S101 - the migration inserts it
    witness.note(journal=place.journal, epoch=place.epoch, opened=False, arming=False)
    if not checkpoint(connection, "FULL"):
        return False
    with transaction(connection):
        connection.execute("UPDATE place SET mark = ?", (int(Mark.OPEN),))
    witness.note(opened=True)
    return True


def disarm(connection: sqlite3.Connection, recovered: int | None = None) -> None:
    """Record that nothing is sent any more; the caller makes a checkpoint after its transaction.

    Args:
        connection: of the journal.
        recovered: the epoch that the lock file knows of, where the journal goes on without what is lost. It enters a
            later one, so that the file as it was before is known for an older one, should it be put back.
    """
    connection.execute("UPDATE place SET mark = ?", (int(Mark.CLOSED),))
    if recovered is not None:
        connection.execute("UPDATE place SET epoch = max(epoch, ?) + 1", (recovered,))


def checkpoint(connection: sqlite3.Connection, mode: str = "TRUNCATE") -> bool:
    """Move the whole WAL into the main file and wait for the disk.

    Returns:
        Whether all of it could be moved; not while another program reads an earlier state.

    Raises:
        sqlite3.Error: the journal cannot be written.
    """
    blocked, pages, moved = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return not blocked and pages == moved


def take(connection: sqlite3.Connection) -> tuple[int, str | None]:
    """Record that this process holds the journal, unless a living process does.

    Returns:
        The token to release it with, and the process that holds it instead, if one does.

    Raises:
        sqlite3.Error: the journal cannot be written.
    """
    token = secrets.randbits(62)
    with transaction(connection):
        held = connection.execute("SELECT holder, host, process, process_start, held_since FROM place").fetchone()
        if held is not None and held[0] is not None and _lives(*held[:4]):
            return token, _name(*held[1:])
        connection.execute(
            "UPDATE place SET holder = ?, host = ?, process = ?, process_start = ?, held_since = ?",
            (token, platform.node(), os.getpid(), process_start(os.getpid()), time.time()),
        )
    HELD.add(token)
    return token, None


def living_holder(connection: sqlite3.Connection) -> Holder | None:
    """The process that holds the journal, unless it is known to have died.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    held = connection.execute("SELECT holder, host, process, process_start, held_since FROM place").fetchone()
    if held is None or held[0] is None:
        return None
    is_local = held[1] == platform.node()
    if is_local and not _lives(*held[:4]):
        return None
    return Holder(held[1], held[2], held[4], is_local)


def _name(host: str, process: int, _start: str, since: float) -> str:
    return Holder(host, process, since).name


def release(connection: sqlite3.Connection, token: int) -> None:
    """Record that this process holds the journal no more.

    Raises:
        sqlite3.Error: the journal cannot be written.
    """
    HELD.discard(token)
    connection.execute("UPDATE place SET holder = NULL WHERE holder = ?", (token,))


def _lives(holder: int, host: str, process: int, start: str) -> bool:
    """Whether a holder on record lives. Unknown for another machine's; the sessions' tokens guard against those."""
    if host != platform.node():
        return False
    if process == os.getpid() and start == process_start(process):
        return holder in HELD
    with contextlib.suppress(OverflowError, ValueError):
        return bool(start) and process_start(process) == start
    return False
