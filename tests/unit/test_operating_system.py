"""The POSIX and the Windows way of each function; Windows is simulated where the tests run on POSIX."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from campaign import operating_system
from campaign.operating_system import (
    FileIdentity,
    Lock,
    close_to_others,
    end_apart,
    identity_of,
    is_foreign,
    is_link,
    is_open_to_others,
    others_can_write,
    process_start,
    spot_of,
    start_apart,
    sync_folder,
    try_lock,
    unlock,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


class Msvcrt:
    """What `msvcrt.locking` does, for the handles of one process."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self) -> None:
        self.locked: dict[int, int] = {}
        self.error: int | None = None

    def locking(self, handle: int, mode: int, count: int) -> None:
        assert (os.lseek(handle, 0, os.SEEK_CUR), count) == (0, 1)  # it locks from where the file is
        inode = os.fstat(handle).st_ino
        if self.error is not None:
            raise OSError(self.error, "no")
        if mode == self.LK_UNLCK:
            del self.locked[inode]
        elif inode in self.locked:
            raise OSError(errno.EACCES, "Permission denied")
        else:
            self.locked[inode] = handle


@pytest.fixture
def tmp_path(disk_path: Path) -> Path:
    return disk_path


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Msvcrt:
    msvcrt = Msvcrt()
    monkeypatch.setattr(operating_system, "fcntl", None)
    monkeypatch.setattr(operating_system, "msvcrt", msvcrt)
    monkeypatch.setattr(operating_system, "WINDOWS", True)
    return msvcrt


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 9)
    return path


def test_a_file_is_the_same_by_every_name_and_after_it_was_renamed(file: Path) -> None:
    before, spot = identity_of(file), spot_of(file)
    renamed = file.rename(file.with_name("b"))
    assert identity_of(renamed).is_same(before)
    assert spot_of(renamed) == spot
    copy = file.with_name("c")
    copy.write_bytes(renamed.read_bytes())
    assert not identity_of(copy).is_same(before)


def test_an_inode_that_was_given_out_again_is_another_file_where_that_can_be_known() -> None:
    assert not FileIdentity("1", "2", "3").is_same(FileIdentity("1", "2", "4"))
    assert FileIdentity("1", "2", "").is_same(FileIdentity("1", "2", "4"))


@pytest.mark.usefixtures("windows")
def test_windows_tells_files_apart_by_volume_and_index(file: Path) -> None:
    assert identity_of(file) == FileIdentity(str(file.stat().st_dev), str(file.stat().st_ino), "")


@pytest.mark.parametrize("system", ["own", "windows"])
def test_a_lock_is_had_once(file: Path, system: str, request: pytest.FixtureRequest) -> None:
    if system == "windows":
        request.getfixturevalue("windows")
    first, second = os.open(file, os.O_RDWR), os.open(file, os.O_RDWR)
    os.lseek(first, 5, os.SEEK_SET)
    assert (try_lock(first), try_lock(second)) == (Lock.TAKEN, Lock.HELD)
    unlock(first)
    assert try_lock(second) is Lock.TAKEN
    unlock(second)
    os.close(first)
    os.close(second)


@POSIX
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_without_locks_is_known(file: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def flock(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(operating_system.fcntl, "flock", flock)
    with file.open("r+b") as opened:
        assert try_lock(opened.fileno()) is Lock.UNSUPPORTED


def test_any_other_error_of_a_lock_is_an_error(file: Path, windows: Msvcrt) -> None:
    windows.error = errno.EIO
    with file.open("r+b") as opened, pytest.raises(OSError, match="no"):
        try_lock(opened.fileno())


@POSIX
def test_owner_and_mode_are_known(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.chmod(0o640)
    assert (is_foreign(file), is_open_to_others(file)) == (False, True)
    close_to_others(file)
    assert not is_open_to_others(file)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert is_foreign(file)


@pytest.mark.usefixtures("windows")
def test_on_windows_nobody_asks_for_owner_and_mode(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.chmod(0o666)
    monkeypatch.delattr(os, "geteuid", raising=False)
    assert (is_foreign(file), is_open_to_others(file)) == (False, False)
    sync_folder(file.parent)  # opens no folder


@POSIX
def test_a_link_is_known_also_where_it_leads_nowhere(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to("nowhere")
    assert (is_link(link), is_link(file)) == (True, False)


def test_a_junction_of_windows_is_a_link(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(Path, "lstat", lambda _: SimpleNamespace(st_mode=0o40777, st_reparse_tag=0xA0000003))
    assert is_link(file)


def test_a_folder_that_cannot_be_synchronised_is_no_error(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    sync_folder(tmp_path / "none")


@pytest.mark.parametrize("linux", [True, False])
def test_a_process_is_known_by_its_start_and_a_dead_one_has_none(
    monkeypatch: pytest.MonkeyPatch, *, linux: bool
) -> None:
    if not (linux or Path("/bin/ps").exists()) or os.name != "posix":
        pytest.skip("there is no ps")
    monkeypatch.setattr(operating_system, "LINUX", linux)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        start = process_start(process.pid)
        assert start
        assert process_start(process.pid) == start
        process.kill()
        process.wait()
    assert process_start(process.pid) == ""


@pytest.mark.usefixtures("windows")
def test_the_start_of_a_process_on_windows_is_its_creation_time(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[int] = []
    codes = {77: 259, 78: 0}

    class Kernel:
        OpenProcess = staticmethod(lambda _rights, _inherit, process: process if process in codes else 0)
        CloseHandle = staticmethod(closed.append)

        @staticmethod
        def GetExitCodeProcess(handle: int, code: SimpleNamespace) -> None:  # noqa: N802 - Windows' name
            code.value = codes[handle]

        @staticmethod
        def GetProcessTimes(_handle: int, creation: SimpleNamespace, *_: object) -> None:  # noqa: N802
            creation.value = 4711

    fake = SimpleNamespace(
        windll=SimpleNamespace(kernel32=Kernel),
        c_ulong=lambda: SimpleNamespace(value=0),
        c_ulonglong=lambda: SimpleNamespace(value=0),
        byref=lambda number: number,
    )
    monkeypatch.setattr("importlib.import_module", lambda _: fake)
    assert [process_start(number) for number in (77, 78, 79)] == ["4711", "", ""]
    assert closed == [77, 78]


class Windows:
    """The functions of Windows that tell an access list."""

    def __init__(self, access_list: str, *, fails: bool = False, converts: bool = True) -> None:
        self.freed: list[object] = []
        self.ctypes = SimpleNamespace(
            windll=SimpleNamespace(advapi32=self, kernel32=self),
            c_void_p=lambda: SimpleNamespace(value=None),
            c_wchar_p=lambda: SimpleNamespace(value=None),
            byref=lambda each: each,
        )
        self._access_list, self._fails, self._converts = access_list, fails, converts

    def GetNamedSecurityInfoW(self, *given: Any) -> int:  # noqa: ANN401, N802 - Windows' name
        assert given[1:3] == (1, 4)
        return 5 if self._fails else 0

    def ConvertSecurityDescriptorToStringSecurityDescriptorW(self, *given: Any) -> int:  # noqa: ANN401, N802 - likewise
        given[3].value = self._access_list
        return int(self._converts)

    def LocalFree(self, what: object) -> None:  # noqa: N802 - likewise
        self.freed.append(what)


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("access_list", "others"), [("D:(A;;FA;;;SY)", False), ("D:(A;;FA;;;WD)", True)], ids=["own", "everyone's"]
)
def test_who_else_can_write_a_file_is_in_its_access_list_on_windows(
    file: Path, monkeypatch: pytest.MonkeyPatch, access_list: str, *, others: bool
) -> None:
    fake = Windows(access_list)
    monkeypatch.setattr("importlib.import_module", lambda _: fake.ctypes)
    assert others_can_write(file) is others
    assert len(fake.freed) == 2


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("fake", [Windows("", fails=True), Windows("", converts=False)], ids=["not told", "not read"])
def test_an_access_list_that_cannot_be_read_is_an_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, fake: Windows
) -> None:
    monkeypatch.setattr("importlib.import_module", lambda _: fake.ctypes)
    with pytest.raises(OSError, match="access list"):
        others_can_write(file)


@pytest.mark.usefixtures("windows")
def test_on_windows_a_program_and_what_it_has_started_are_ended_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, object]] = []
    ran: list[list[str]] = []
    popen = subprocess.Popen

    def start(words: list[str], **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - those of Popen
        started.append(dict(options))
        return popen(words)

    monkeypatch.setattr(subprocess, "Popen", start)
    process = start_apart([sys.executable, "-c", "input()"], cwd="/")
    assert started == [{"creationflags": 0, "cwd": "/"}]
    monkeypatch.setattr(subprocess, "run", lambda words, **_: ran.append(words))
    end_apart(process)
    assert ran == [["taskkill", "/T", "/F", "/PID", str(process.pid)]]
    assert process.returncode
