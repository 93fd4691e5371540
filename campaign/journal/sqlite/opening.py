"""Opening a journal file: only one that is whole, in its place and its owner's."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import JournalError, Problem
from campaign.journal.sqlite.import_mark import read_mark, why_imported
from campaign.journal.sqlite.lock import DeliveryLock
from campaign.journal.sqlite.place import Place, last_attempt, read_place, write_place
from campaign.journal.sqlite.reader import JournalReader
from campaign.journal.sqlite.schema import cannot_write, connect, connect_to_read, create, damaged, plain_errors
from campaign.journal.sqlite.wholeness import (
    Lack,
    files_of,
    find_lack,
    not_whole,
    refuse_strangers,
    set_wal_aside,
    wal_of,
)
from campaign.journal.sqlite.witness import lock_file, read_witness
from campaign.operating_system import WINDOWS, FileIdentity, Spot, identity_of, spot_of

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.journal.records import RunRecord, Tally

OPEN: Counter[Spot] = Counter()
"""Journals that are open in this process. Such a file must not be opened and closed apart from SQLite: that would drop
SQLite's locks on it (https://sqlite.org/howtocorrupt.html, section 2.2)."""

_OPENING = threading.RLock()


class Accepted(NamedTuple):
    """What the operator has agreed to.

    Attributes:
        recover: go on although the journal is not whole.
        moved: the journal was moved here on purpose.
        new: start over where no run is left to go on with.
    """

    recover: bool = False
    moved: bool = False
    new: bool = False


NOTHING = Accepted()


class Opened(NamedTuple):
    """An open journal file.

    Attributes:
        notes: what was put right, or is worth knowing.
        displaced: why it may not be the journal that belongs here; None where it is.
        identity: which file it is.
        lack: what is missing of it, to which the operator has agreed: it has to be recovered before anything is sent.
        was_displaced: whether the operator has agreed that it was moved here.
    """

    connection: sqlite3.Connection
    spot: Spot
    identity: FileIdentity
    notes: tuple[Problem, ...] = ()
    displaced: Problem | None = None
    lack: Lack | None = None
    was_displaced: bool = False


def open_file(path: Path, accepted: Accepted, *, or_create: bool) -> Opened:
    """Open a journal, or create it; `close_file` closes it.

    Raises:
        JournalError: it is missing, not whole, another user's, damaged, or cannot be written.
    """
    with _OPENING:
        with contextlib.suppress(OSError):
            if _is_open_here(path):
                if not path.stat().st_size:  # SQLite would wait for a lock that this process holds itself
                    raise damaged(path, "another program has emptied it")
                return _settled(path, connect(path), FileIdentity(*map(str, spot_of(path))), accepted, [])
        notes = refuse_strangers(path)
        lack = _refuse_lacking(path, accepted)
        if or_create and not path.exists():
            create(path).close()
        try:
            identity = identity_of(path)
        except FileNotFoundError:
            identity = FileIdentity("", "")
        except OSError as error:
            raise cannot_write(path, error.strerror or str(error)) from error
        return _settled(path, connect(path), identity, accepted, notes)._replace(lack=lack)


def _opened(
    path: Path,
    connection: sqlite3.Connection,
    identity: FileIdentity,
    notes: tuple[Problem, ...],
    displaced: Problem | None = None,
) -> Opened:
    opened = Opened(connection, spot_of(path), identity, notes, displaced)
    OPEN[opened.spot] += 1
    return opened


def close_file(opened: Opened) -> None:
    """Close a journal, once."""
    with _OPENING:
        opened.connection.close()
        OPEN[opened.spot] = max(0, OPEN[opened.spot] - 1)


def _refuse_lacking(path: Path, accepted: Accepted) -> Lack | None:
    """Refuse a journal that is not whole, unless the operator goes on without what is missing; then says what is."""
    lack = find_lack(path)
    if lack is None:
        return None
    nothing_left = lack in (Lack.GONE, Lack.EMPTIED)
    if not (accepted.new if nothing_left else accepted.recover):
        raise not_whole(path, lack)
    if wal_of(path).exists() and (nothing_left or lack is Lack.WAL_FOREIGN):
        try:
            set_wal_aside(path)
        except OSError as error:
            raise cannot_write(path, error.strerror or str(error)) from error
    return None if nothing_left else lack


def _settled(
    path: Path, connection: sqlite3.Connection, identity: FileIdentity, accepted: Accepted, notes: list[Problem]
) -> Opened:
    """Compare a journal with the place that it has on record."""
    try:
        with plain_errors(path):
            place = _place(path, connection)
            if place.identity.is_same(identity) and not identity.generation:
                identity = place.identity
            remounted = is_remounted(path, connection, place, identity)
            agreed = remounted or (accepted.new and not place.identity.inode)
            found = None if agreed else why_displaced(path, place, identity)
            displaced = None if accepted.moved else found
            renamed = place.path not in ("", str(path.resolve()))
            if displaced is None and (renamed or place.identity != identity):
                write_place(connection, path, identity)
        if displaced is None and remounted:
            what = "is on another device than before"
            notes.append(Problem(str(path), what, "it is the same file in the same place", "journal-remounted"))
        if displaced is None and renamed:
            notes.append(Problem(str(path), f"was {place.path} before", "it is the same file", "journal-renamed"))
        notes += _import_note(path, connection)
        opened = _opened(path, connection, identity, tuple(notes), displaced)
        return opened._replace(was_displaced=found is not None and displaced is None)
    except BaseException:
        connection.close()
        raise


def _import_note(path: Path, connection: sqlite3.Connection) -> tuple[Problem, ...]:
    """What is worth knowing of a journal that is gone on with in a database."""
    with plain_errors(path):
        mark = read_mark(connection)
    return () if mark is None else (why_imported(path, mark),)


def _place(path: Path, connection: sqlite3.Connection) -> Place:
    place = read_place(connection)
    if place is None:
        raise damaged(path, "its place is not on record")
    return place


def is_remounted(path: Path, connection: sqlite3.Connection, place: Place, identity: FileIdentity) -> bool:
    """Whether it is the same file, whose file system was mounted anew: all but the device's number agrees.

    A copy has another path or another inode; and beside it, the lock file would have to be a copy of the same time. The
    lock file may lack the last attempts after a kill, as it is written after them.
    """
    if place.path != str(path.resolve()) or not place.identity.differs_by_device(identity):
        return False
    witness = read_witness(path)
    return (witness.journal, witness.epoch) == (place.journal, place.epoch) and (
        0 < witness.attempt <= last_attempt(connection) or not last_attempt(connection)
    )


def why_displaced(path: Path, place: Place, identity: FileIdentity) -> Problem | None:
    """Why a file may not be the journal that belongs in its place; None where it is."""
    witness, where = read_witness(path), str(path)
    remedy = "if it is the one to go on with, say so with --moved; nobody must deliver from the other"
    if place.identity.inode and not place.identity.is_same(identity):
        before = f" of {place.path}" if place.path != str(path.resolve()) else ""
        return Problem(where, f"is a copy{before}: a message sent from the other is not on record here", remedy)
    if witness.attempt and witness.journal != place.journal:
        return Problem(where, "another journal was here meanwhile, and messages were sent from it", remedy)
    return None


def remove_unused(path: Path) -> None:
    """Remove a journal that has no run, with the files beside it, unless another process works on it."""
    removed = False
    with contextlib.suppress(JournalError, OSError, sqlite3.Error), DeliveryLock(path).held(), _OPENING:
        if OPEN[spot_of(path)] or read_witness(path).attempt:
            return
        with contextlib.closing(connect(path)) as connection:
            if connection.execute("SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM attempt)").fetchone()[0]:
                return
            held = connection.execute("SELECT holder FROM place WHERE holder IS NOT NULL").fetchone()
        if held is None:
            for name in files_of(path):
                with contextlib.suppress(PermissionError):  # Windows keeps the lock file while it is open
                    name.unlink(missing_ok=True)
            removed = not path.exists()
    if removed and WINDOWS:  # where it is kept too if another process has opened it meanwhile
        with contextlib.suppress(OSError):
            lock_file(path).unlink()


def open_to_read(path: Path) -> Opened:
    """Open a journal without changing or holding it, also while another process works on it.

    Raises:
        JournalError: it is missing, not whole, another user's or damaged, or cannot be read.
    """
    with _OPENING:
        if not _is_open_here(path):
            refuse_strangers(path, close=False)
            lack = find_lack(path)
            if lack is not None:
                raise not_whole(path, lack)
        connection = connect_to_read(path, reading_mode(path))
        return _opened(path, connection, FileIdentity("", ""), _import_note(path, connection))


def reading_mode(path: Path) -> str:
    """How SQLite opens a journal and changes nothing.

    Without a WAL, the main file is all there is: to read it in any other way would leave an empty WAL beside it. To
    open it so while it is open in this process would drop SQLite's locks on it, though.
    """
    return "mode=ro" if wal_of(path).exists() or _is_open_here(path) else "immutable=1"


def _is_open_here(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return OPEN[spot_of(path)] > 0
    return False


def peek(path: Path) -> tuple[RunRecord, Tally] | None:
    """The last run of a journal, read without changing anything; None where that cannot be done."""
    if not path.is_file():
        return None
    try:
        with contextlib.closing(connect_to_read(path, reading_mode(path))) as connection:
            reader = JournalReader(path, connection)
            run = reader.last_run()
            return None if run is None else (run, reader.tally(run.number))
    except (sqlite3.Error, JournalError):
        return None
