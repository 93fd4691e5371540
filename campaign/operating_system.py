"""What differs between operating systems: the identity, owner, rights and locks of files, and whether a process lives.

Everything here has a POSIX and a Windows way; the rest of campaign calls it and never asks which system it runs on.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import platform
import re
import signal
import stat
import subprocess
import sys
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOWS, LINUX = platform.system() == "Windows", platform.system() == "Linux"

fcntl: Any = None if WINDOWS else importlib.import_module("fcntl")
msvcrt: Any = importlib.import_module("msvcrt") if WINDOWS else None

OWNER_ONLY = 0o600

_GET_GENERATION = 0x80087601
"""FS_IOC_GETVERSION of <linux/fs.h> on 64-bit: a number that differs where a file system gives an inode out again."""

_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL)

Spot: TypeAlias = tuple[int, int]
"""Device and inode; on Windows the volume's serial number and the file's index, which `os.stat` gives as these."""


class FileIdentity(NamedTuple):
    """Which file it is, however it is called. Texts, because the numbers of Windows exceed SQLite's integers.

    Attributes:
        device: the device, or the volume's serial number.
        inode: the inode, or the file's index.
        generation: tells files apart that had the same inode one after the other; "" where the system does not say.
    """

    device: str
    inode: str
    generation: str = ""

    def is_same(self, other: FileIdentity) -> bool:
        """Whether both are of one file."""
        known = self.generation and other.generation
        return self[:2] == other[:2] and (not known or self.generation == other.generation)

    def differs_by_device(self, other: FileIdentity) -> bool:
        """Whether only the device differs, which may have another number each time a file system is mounted."""
        return self.device != other.device and bool(self.inode) and self[1:] == other[1:]


def identity_of(path: Path) -> FileIdentity:
    """The identity of a file. Opens and closes it, which on POSIX drops this process's own locks on it.

    Raises:
        OSError: there is no such file.
    """
    found = path.stat()
    generation = ""
    if fcntl is not None and LINUX:
        answer = bytearray(8)
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.ioctl(file.fileno(), _GET_GENERATION, answer)
            generation = str(int.from_bytes(answer[:4], sys.byteorder))
    return FileIdentity(str(found.st_dev), str(found.st_ino), generation)


def spot_of(path: Path) -> Spot:
    """Where a file's content is; the same for every name of the file.

    Raises:
        OSError: there is no such file.
    """
    found = path.stat()
    return found.st_dev, found.st_ino


_STANDS_FOR_ANOTHER = 0x20000000
"""The bit of a reparse tag of Windows by which a name stands for another (IsReparseTagNameSurrogate of <ntifs.h>):
symbolic links and junctions have it; files of OneDrive and of deduplicated disks, which have tags too, do not."""


def is_link(path: Path) -> bool:
    """Whether the name is a symbolic link, or on Windows a junction or another name for something else."""
    found = path.lstat()
    return stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_reparse_tag", 0) & _STANDS_FOR_ANOTHER)


def is_foreign(path: Path) -> bool:
    """Whether another user owns the file. On Windows an access list says who may do what, and owning means little."""
    return fcntl is not None and path.lstat().st_uid != os.geteuid()


def is_open_to_others(path: Path) -> bool:
    """Whether the file's mode lets others than its owner in. On Windows a file has the access list of its folder."""
    return fcntl is not None and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def others_can_write(path: Path) -> bool:
    """Whether others than this user and the administrator may change a file, or replace what is in a folder.

    Raises:
        OSError: there is no such file.
    """
    if fcntl is None:
        return grants_write_to_many(_access_list(path))
    found = path.stat()
    if found.st_uid not in (0, os.geteuid()):
        return True
    kept = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX  # each removes only its own files
    return bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) and not kept


_MANY = frozenset({"WD", "AU", "BU", "AN", "BG", "IU", "NU", "DU", "S-1-1-0", "S-1-5-11", "S-1-5-32-545"})
"""Everyone, authenticated users, users, guests and the like, as an access list of Windows names them."""
_WRITES = frozenset({"FA", "FW", "GA", "GW", "WD", "WO", "SD", "DC", "LC"})
_WRITE_BITS = 0x500D0006
"""FILE_WRITE_DATA, FILE_APPEND_DATA, DELETE, WRITE_DAC, WRITE_OWNER, GENERIC_ALL and GENERIC_WRITE of <winnt.h>."""


def grants_write_to_many(access_list: str) -> bool:
    """Whether an access list lets a group of many write; in SDDL ("Security Descriptor String Format", Microsoft).

    Args:
        access_list: such as "D:AI(A;ID;FA;;;SY)(A;ID;0x1301bf;;;AU)"; without any entry, everybody may do anything.
    """
    entries = re.findall(r"\(([^)]*)\)", access_list)
    if not entries:
        return "NO_ACCESS_CONTROL" in access_list or "D:" not in access_list
    for kind, flags, rights, _, _, trustee in (entry.split(";")[:6] for entry in entries if entry.count(";") >= 5):
        if kind != "A" or "IO" in flags or trustee not in _MANY:
            continue
        if rights.startswith("0x"):
            writes = bool(int(rights, 16) & _WRITE_BITS)
        else:
            writes = not _WRITES.isdisjoint(re.findall("..", rights))
        if writes:
            return True
    return False


def _access_list(path: Path) -> str:
    """The access list of a file on Windows, by GetNamedSecurityInfoW (1: a file, 4: its DACL)."""
    ctypes: Any = importlib.import_module("ctypes")
    security, kernel = ctypes.windll.advapi32, ctypes.windll.kernel32
    descriptor, text = ctypes.c_void_p(), ctypes.c_wchar_p()
    if security.GetNamedSecurityInfoW(str(path), 1, 4, None, None, None, None, ctypes.byref(descriptor)):
        raise OSError(f"the access list of {path} cannot be read")
    try:
        convert = security.ConvertSecurityDescriptorToStringSecurityDescriptorW
        if not convert(descriptor, 1, 4, ctypes.byref(text), None):
            raise OSError(f"the access list of {path} cannot be read")
        return str(text.value)
    finally:
        kernel.LocalFree(text)
        kernel.LocalFree(descriptor)


def start_apart(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - those of Popen
    """Start a program without a shell, in a group of its own: Ctrl-C reaches this process alone.

    Raises:
        OSError: it cannot be started.
    """
    if WINDOWS:
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
        return subprocess.Popen(command, creationflags=flags, **options)  # noqa: S603 - the operator's own
    return subprocess.Popen(command, start_new_session=True, **options)  # noqa: S603 - likewise


def end_apart(process: subprocess.Popen[bytes]) -> None:
    """End a program of `start_apart`, with all that it has started itself."""
    if WINDOWS:
        with contextlib.suppress(OSError):
            words = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
            subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - a number
    else:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()


def close_to_others(path: Path) -> None:
    """Let the owner alone read and write the file.

    Raises:
        OSError: the file system does not allow it.
    """
    path.chmod(OWNER_ONLY)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut. Windows writes names with the file and opens no folders."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):  # some network file systems cannot
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class Lock(Enum):
    """What came of trying to lock a file."""

    TAKEN = auto()
    HELD = auto()
    UNSUPPORTED = auto()


def try_lock(handle: int) -> Lock:
    """Lock an open file without waiting; the system releases the lock when the file is closed or its process ends.

    Windows locks the first byte, also against being read; the rest of the file stays readable.

    Raises:
        OSError: it could not be tried.
    """
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return Lock.UNSUPPORTED
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return Lock.HELD
        raise
    return Lock.TAKEN


def unlock(handle: int) -> None:
    """Release the lock of `try_lock`."""
    with contextlib.suppress(OSError):
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_UN)
        else:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)


def process_start(process: int) -> str:
    """What tells a process from an earlier or later one with the same number; "" where no such process lives."""
    try:
        if WINDOWS:
            return _start_on_windows(process)
        if LINUX:
            return _start_on_linux(process)
        listed = subprocess.run(  # noqa: S603 - a number
            ["/bin/ps", "-o", "lstart=", "-p", str(process)], capture_output=True, text=True, check=False
        )
        return listed.stdout.strip()
    except OSError:
        return ""


def _start_on_linux(process: int) -> str:
    """The boot and the tick of the process's start: field 22 of /proc/PID/stat (man 5 proc); a zombie is dead."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return "" if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _start_on_windows(process: int) -> str:
    """The time of the process's creation, by GetProcessTimes; STILL_ACTIVE (259) is the exit code of a living one."""
    ctypes: Any = importlib.import_module("ctypes")
    kernel = ctypes.windll.kernel32
    handle = kernel.OpenProcess(0x1000, False, process)  # noqa: FBT003 - PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return ""
    try:
        code, times = ctypes.c_ulong(), [ctypes.c_ulonglong() for _ in range(4)]
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.GetProcessTimes(handle, *map(ctypes.byref, times))
        return str(times[0].value) if code.value == 259 else ""
    finally:
        kernel.CloseHandle(handle)
