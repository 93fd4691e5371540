"""Whether a journal's files are all there, this user's, and of one time: looked at before SQLite opens them.

SQLite replays any write-ahead log (WAL) that lies beside a file, and deletes one that lies beside an empty file. So the
main file is read without its WAL first, then with it but without writing, and only a whole journal is opened.
"""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import time
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from campaign.errors import JournalError, Problem
from campaign.journal.records import State
from campaign.journal.sqlite.place import Mark, last_attempt, living_holder, read_place
from campaign.journal.sqlite.uri import uri_of
from campaign.journal.sqlite.witness import lock_file, read_witness
from campaign.operating_system import close_to_others, is_foreign, is_link, is_open_to_others

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.journal.sqlite.place import Place
    from campaign.journal.sqlite.witness import Witness

NOT_WHOLE = "journal-not-whole"
"""Code of the problem of a journal of which something is missing."""

LOOKS, BETWEEN_LOOKS = 3, 0.05
"""Times to look before a journal is called not whole, and seconds between: another process may be at a checkpoint."""

RECOVER = "put the missing files back, or go on without them: `campaign resume FILE --recover`"
ANEW = "put it back from a copy; or, where everybody may get the message again: `campaign run FILE --new`"


class Lack(StrEnum):
    """What is wrong with a journal's files, in words for people."""

    GONE = "the journal is gone, although messages were sent from here"
    EMPTIED = "the journal was emptied, although messages were sent from here"
    WAL_LOST = (
        "the journal is not whole: a delivery was cut off, and what it put on record last, in the file that ends in "
        "-wal, is missing; rows that seem to wait may have been sent"
    )
    WAL_FOREIGN = "the file that ends in -wal is not of this journal, or of another time than the rest of it"
    LOCK_LOST = (
        "the journal is not whole: a delivery was cut off, or another machine is at it, and the file that ends in "
        ".lock, which says how far it has got, is missing; rows that seem to wait may have been sent"
    )
    OUTDATED = "the journal is older than the last delivery from here; rows that seem to wait may have been sent"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return ANEW if self in (Lack.GONE, Lack.EMPTIED) else RECOVER


class _View(NamedTuple):
    """A journal as one way of opening shows it."""

    place: Place
    attempt: int


def wal_of(path: Path) -> Path:
    """The write-ahead log of a journal."""
    return path.with_name(f"{path.name}-wal")


def files_of(path: Path) -> list[Path]:
    """The files that belong together and are there."""
    names = (path, wal_of(path), path.with_name(f"{path.name}-shm"), lock_file(path))
    return [name for name in names if name.exists() or name.is_symlink()]


def refuse_strangers(path: Path, *, close: bool = True) -> list[Problem]:
    """Refuse what is a link, no file, or another user's, and close files that are open to other users.

    Args:
        path: the journal.
        close: whether to close them; else they stay as they are.

    Returns:
        What was put right, to be said.

    Raises:
        JournalError: a file is refused.
    """
    opened = []
    for file in files_of(path):
        with contextlib.suppress(FileNotFoundError):  # another process may be removing its WAL
            if is_link(file):
                raise _refused(file, "is a symbolic link", "put the file itself there")
            if not stat.S_ISREG(file.stat().st_mode):  # to open a named pipe would wait for ever
                raise _refused(file, "is not a file", "move it out of the way")
            if is_foreign(file):
                raise _refused(file, "belongs to another user", "work as that user, or copy it and use the copy")
            if file.stat().st_nlink > 1:
                raise _refused(file, "has a second name (a hard link)", "remove the other name, or use a copy")
            if close and is_open_to_others(file):
                opened.append(_closed(file))
    return opened


def _refused(file: Path, what: str, remedy: str) -> JournalError:
    return JournalError(Problem(str(file), what, remedy))


def _closed(file: Path) -> Problem:
    what = "other users could read or write it"
    try:
        close_to_others(file)
    except OSError as error:
        return Problem(str(file), what, f"and this cannot be changed ({error.strerror})", "journal-open")
    return Problem(str(file), what, "now only its owner can", "journal-open")


def find_lack(path: Path) -> Lack | None:
    """What is wrong with a journal's files; None where they are whole, or where opening them says what is wrong."""
    for look in range(LOOKS):
        lack = _look(path)
        if lack is None:
            return None
        if look < LOOKS - 1:
            time.sleep(BETWEEN_LOOKS)
    return lack


def not_whole(path: Path, lack: Lack) -> JournalError:
    """The error of a journal of which something is missing."""
    return JournalError(Problem(str(path), lack, lack.remedy, NOT_WHOLE))


def set_wal_aside(path: Path) -> None:
    """Rename a WAL that must not be replayed, and remove its index, which SQLite makes anew.

    Raises:
        OSError: the folder cannot be written.
    """
    wal = wal_of(path)
    number = next(n for n in range(1, 10_000) if not wal.with_name(f"{wal.name}.aside-{n}").exists())
    wal.rename(wal.with_name(f"{wal.name}.aside-{number}"))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


def _look(path: Path) -> Lack | None:
    witness, wal = read_witness(path), _size(wal_of(path))
    size = _size(path)
    if size <= 0:
        if not wal > 0 and not witness.attempt:
            return None
        return Lack.GONE if size < 0 else Lack.EMPTIED
    main = _view(path, "immutable=1")
    whole = main if wal < 0 else _view(path, "mode=ro")  # which would leave an empty WAL where there is none
    if whole is None:
        return Lack.EMPTIED if witness.attempt and not _has_tables(path) else None
    lack = judge(main, whole, witness)
    return None if lack is Lack.LOCK_LOST and _is_held(path) else lack


def judge(main: _View | None, whole: _View, witness: Witness) -> Lack | None:
    """What the main file without its WAL, the journal with it, and the lock file say together."""
    before, now = main.place if main else None, whole.place
    if before is not None:
        if before.journal != now.journal or not before.epoch <= now.epoch <= before.epoch + 1:
            return Lack.WAL_FOREIGN
        if now.mark == Mark.OPEN and before.epoch != now.epoch:
            return Lack.WAL_FOREIGN  # the mark OPEN follows the checkpoint that brings its epoch into the main file
        armed = before.mark == now.mark == Mark.ARMED and before.epoch == now.epoch
        if armed and not _armed_only(witness, now):
            return Lack.WAL_LOST
    if witness.journal == now.journal and (now.epoch < witness.epoch or whole.attempt < witness.attempt):
        return Lack.OUTDATED
    # Of a log that is cut short, SQLite takes what is there: only the lock file knows that there was more.
    return Lack.LOCK_LOST if now.mark == Mark.OPEN and witness.journal != now.journal else None


def _armed_only(witness: Witness, now: Place) -> bool:
    """Whether the lock file says that the WAL never held anything since the journal was armed."""
    known = (witness.journal, witness.epoch)
    if witness.arming and known == (now.journal, now.epoch - 1):
        return True
    return known == (now.journal, now.epoch) and not witness.opened


def _view(path: Path, mode: str) -> _View | None:
    """The journal as opened in one way; None where it cannot be read so, or is of an earlier version."""
    try:
        with contextlib.closing(sqlite3.connect(uri_of(path.resolve(), mode), uri=True)) as connection:
            place = read_place(connection)
            return None if place is None else _View(place, last_attempt(connection))
    except (sqlite3.Error, ValueError, TypeError):
        return None


def _is_held(path: Path) -> bool:
    """Whether a process of this machine holds the journal: then nothing of it was cut off."""
    try:
        with contextlib.closing(sqlite3.connect(uri_of(path.resolve(), "mode=ro"), uri=True)) as connection:
            holder = living_holder(connection)
    except (sqlite3.Error, ValueError, TypeError):
        return False
    return holder is not None and holder.is_local


def _has_tables(path: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(uri_of(path.resolve(), "mode=ro"), uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.Error:
        return True  # opening it says what is wrong


def _size(path: Path) -> int:
    """Bytes; -1 where there is no such file."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def suspect_all(connection: sqlite3.Connection, run: int) -> None:
    """Treat every row of a run that seems to wait as cut off while sending: what came of it may be lost."""
    unended = connection.execute("SELECT retry FROM session WHERE run = ? AND ended_at IS NULL", (run,)).fetchall()
    states = {State.PENDING.value, *(word for (words,) in unended for word in words.split())}
    marks = ", ".join("?" for _ in states)
    connection.execute(
        f"UPDATE status SET state = ? WHERE run = ? AND state IN ({marks})",  # noqa: S608 - only marks
        (State.SENDING, run, *states),
    )
