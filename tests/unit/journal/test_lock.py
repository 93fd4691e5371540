from __future__ import annotations

import errno
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign import operating_system
from campaign.errors import JournalBusyError, JournalWriteError
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.lock import DeliveryLock

from .planning import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD = """
import sys
from pathlib import Path
from campaign.journal.sqlite.lock import DeliveryLock
with DeliveryLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.journal.db"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the journal until it is told to end."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def hold_soon(path: Path) -> None:
    """Hold the journal, as soon as the operating system has buried its last holder."""
    for _ in range(100):
        try:
            with DeliveryLock(path).held():
                return
        except JournalBusyError:
            time.sleep(0.05)
    pytest.fail("a dead process still holds the journal")


def test_a_second_process_is_told_who_holds_the_journal(path: Path, holder: subprocess.Popen[str]) -> None:
    who = rf"process {holder.pid} on {re.escape(platform.node())} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d; wait for it"
    for _ in range(2):
        with pytest.raises(JournalBusyError, match=who), DeliveryLock(path).held():
            pytest.fail("two processes hold the journal")


def test_a_process_that_is_killed_holds_nothing(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait(10)
    hold_soon(path)


def test_a_process_that_ends_holds_nothing(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.communicate("")
    hold_soon(path)


def test_the_same_process_cannot_hold_it_twice(path: Path) -> None:
    with DeliveryLock(path).held():
        with pytest.raises(JournalBusyError, match=f"process {os.getpid()} "), DeliveryLock(path).held():
            pytest.fail("held twice")
        with pytest.raises(JournalBusyError, match=f"process {os.getpid()} "), DeliveryLock(path).held():
            pytest.fail("the refusal has let go of it")


def test_it_is_let_go_of_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="now"), DeliveryLock(path).held():
        raise ZeroDivisionError("now")
    with DeliveryLock(path).held():
        pass


def test_a_holder_that_has_not_signed_yet_is_just_another_process(path: Path) -> None:
    with DeliveryLock(path).held():
        Path(f"{path}.lock").write_bytes(b"")
        with pytest.raises(JournalBusyError, match="is being worked on by another process"), DeliveryLock(path).held():
            pytest.fail("held twice")


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights elsewhere")
def test_the_lock_is_its_owners_alone(path: Path) -> None:
    with DeliveryLock(path).held():
        assert Path(f"{path}.lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with (
        pytest.raises(JournalWriteError, match="the journal cannot be written"),
        DeliveryLock(blocked / "a.journal.db").held(),
    ):
        pytest.fail("there is no such folder")


def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no flock, as some network file systems."""

    def flock(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(operating_system.fcntl, "flock", flock)


HOLD_WITHOUT_LOCKS = """
import errno, sys
from campaign import operating_system
from campaign.journal.sqlite import SqliteJournal
def flock(*_):
    raise OSError(errno.ENOSYS, "Function not implemented")
operating_system.fcntl.flock = flock
with SqliteJournal.open(sys.argv[1]) as journal, journal.exclusive():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs flock")
def test_without_locks_a_living_holder_blocks_and_a_dead_one_does_not(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_locks(monkeypatch)
    with SqliteJournal.open_or_create(path) as journal:
        command = [sys.executable, "-c", HOLD_WITHOUT_LOCKS, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            with pytest.raises(JournalBusyError, match=f"by process {process.pid} on "), journal.exclusive():
                pytest.fail("held twice")
            process.kill()
            process.wait()
        with journal.exclusive():
            (note,) = journal.notes
            assert note.what == "this file system has no locks: another machine that works on it is not noticed at once"


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps a locked file")
def test_a_lock_file_that_was_removed_lets_nobody_in_while_its_holder_lives(path: Path) -> None:
    with SqliteJournal.open_or_create(path) as first, SqliteJournal.open(path) as second, first.exclusive():
        Path(f"{path}.lock").unlink()
        with pytest.raises(JournalBusyError, match=f"by process {os.getpid()} on "), second.exclusive():
            pytest.fail("held twice")


def test_a_number_that_another_process_has_now_is_not_the_holder(path: Path) -> None:
    with SqliteJournal.open_or_create(path) as journal:
        statement = "UPDATE place SET holder = 1, host = ?, process = ?, process_start = 'earlier', held_since = 1"
        tell(path, statement, platform.node(), os.getppid())
        with journal.exclusive():
            pass
