from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from campaign.errors import JournalBusyError, JournalWriteError
from campaign.journal.sqlite.lock import DeliveryLock

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
