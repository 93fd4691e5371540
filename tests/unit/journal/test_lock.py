from __future__ import annotations

import errno
import os
import platform
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign import operating_system
from campaign.errors import JournalBusyError, JournalWriteError
from campaign.journal.sqlite import SqliteJournal
from campaign.journal.sqlite.lock import DeliveryLock

from .planning import execute, query

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
    """Another process that holds the journal's lock until it is stopped."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def hold_soon(path: Path) -> None:
    """Acquire the lock once the operating system has reaped the killed holder."""
    for _ in range(100):
        try:
            with DeliveryLock(path).held():
                return
        except JournalBusyError:
            time.sleep(0.05)
    pytest.fail("a dead process still holds the journal")


def test_a_second_process_is_refused_with_the_holders_name(path: Path, holder: subprocess.Popen[str]) -> None:
    who = rf"process {holder.pid} on {re.escape(platform.node())} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d; wait for it"
    for _ in range(2):
        with pytest.raises(JournalBusyError, match=who), DeliveryLock(path).held():
            pytest.fail("two processes hold the journal")


def test_a_killed_process_releases_the_lock(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait(10)
    hold_soon(path)


def test_a_process_that_ends_releases_the_lock(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.communicate("")
    hold_soon(path)


def test_the_same_process_cannot_acquire_the_lock_twice(path: Path) -> None:
    with DeliveryLock(path).held():
        with pytest.raises(JournalBusyError, match=f"process {os.getpid()} "), DeliveryLock(path).held():
            pytest.fail("held twice")
        with pytest.raises(JournalBusyError, match=f"process {os.getpid()} "), DeliveryLock(path).held():
            pytest.fail("the refusal has let go of it")


def test_the_lock_is_released_after_an_error(path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="now"), DeliveryLock(path).held():
        raise ZeroDivisionError("now")
    with DeliveryLock(path).held():
        pass


def test_a_holder_without_a_name_is_called_another_process(path: Path) -> None:
    with DeliveryLock(path).held():
        Path(f"{path}.lock").write_bytes(b"")
        with pytest.raises(JournalBusyError, match="is being worked on by another process"), DeliveryLock(path).held():
            pytest.fail("held twice")


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps rights elsewhere")
def test_the_lock_file_is_readable_by_its_owner_only(path: Path) -> None:
    with DeliveryLock(path).held():
        assert Path(f"{path}.lock").stat().st_mode & 0o777 == 0o600


def test_a_read_only_folder_is_an_error(tmp_path: Path) -> None:
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


@pytest.mark.skipif(os.name != "posix", reason="needs flock")
def test_one_thread_of_many_holds_a_journal_without_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_locks(monkeypatch)
    together, done = threading.Barrier(8), threading.Barrier(8)
    with SqliteJournal.open_or_create(path) as journal, ThreadPoolExecutor(8) as pool:

        def hold(_: int) -> bool:
            together.wait(10)
            try:
                with journal.exclusive():
                    done.wait(10)
                    return True
            except JournalBusyError:
                done.wait(10)
                return False

        assert sum(pool.map(hold, range(8))) == 1


def test_a_journal_that_was_closed_while_it_was_held_is_free_for_others(path: Path) -> None:
    with SqliteJournal.open_or_create(path) as journal, journal.exclusive():
        journal.__exit__(None, None, None)
    assert query(path, "SELECT holder FROM place") == [(None,)]


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps a locked file")
def test_a_lock_file_that_was_removed_lets_nobody_in_while_its_holder_lives(path: Path) -> None:
    with SqliteJournal.open_or_create(path) as first, SqliteJournal.open(path) as second, first.exclusive():
        Path(f"{path}.lock").unlink()
        with pytest.raises(JournalBusyError, match=f"by process {os.getpid()} on "), second.exclusive():
            pytest.fail("held twice")


def test_a_number_that_another_process_has_now_is_not_the_holder(path: Path) -> None:
    with SqliteJournal.open_or_create(path) as journal:
        statement = "UPDATE place SET holder = 1, host = ?, process = ?, process_start = 'earlier', held_since = 1"
        execute(path, statement, platform.node(), os.getppid())
        with journal.exclusive():
            pass
