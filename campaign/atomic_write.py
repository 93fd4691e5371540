"""Writing a file atomically: it appears complete or not at all, and only its owner can read it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import tempfile
import time
import zlib
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_PREFIX, _SUFFIX = ".campaign-", ".part"
_STILL_ACTIVE = 259
ON_WINDOWS = os.name == "nt"
PAUSES = (0.05, 0.1, 0.2)
"""Seconds between attempts to rename a file on Windows."""


def write_atomically(
    path: Path,
    write: Callable[[BinaryIO], None],
    *,
    replaceable: Callable[[Path], bool] | None = None,
    before_rename: Callable[[Path], object] = lambda _temporary: None,
) -> Path:
    """Write a temporary file in the folder of `path`, then rename it to `path`.

    Args:
        path: the file; an existing one is replaced.
        write: writes the content.
        replaceable: whether an existing file may be replaced; where it may not, or another program has it open on
            Windows, a numbered name is used ("results (1).xlsx"). None: `path` is replaced, or an error raised.
        before_rename: called with the complete temporary file.

    Returns:
        The file that was written: `path`, or the numbered name.

    Raises:
        OSError: the folder does not exist or is not writable, or the disk is full. The temporary file is removed.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("w+b") as file:
            write(file)
        before_rename(temporary)
        if replaceable is None:
            return _replace(temporary, path)
        return _replace_first(temporary, _names(path), replaceable)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _replace_first(temporary: Path, names: Iterator[Path], replaceable: Callable[[Path], bool]) -> Path:
    """Rename a file to the first name that is free, or whose file may be replaced."""
    for tried, name in enumerate(names):
        existed = os.path.lexists(name)
        if existed and (name.is_dir() or not replaceable(name)):
            if name.is_dir() and not tried:
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(name))
            continue
        try:
            return _replace(temporary, name)
        except PermissionError:
            if not existed:  # nothing there that could be open: the folder itself does not accept files
                raise
    raise AssertionError  # the names never end


def _replace(temporary: Path, name: Path) -> Path:
    """Rename a file; on Windows a scanner may have it, or what it replaces, open for a moment after it was written."""
    for pause in PAUSES if ON_WINDOWS else ():
        with contextlib.suppress(PermissionError):
            return temporary.replace(name)
        time.sleep(pause)
    return temporary.replace(name)


def _names(path: Path) -> Iterator[Path]:
    """`path`, then numbered names beside it."""
    yield path
    yield from (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(1))


def temporary_beside(path: Path) -> Path:
    """Make an empty temporary file in the folder of `path`, for this process, readable by its owner alone.

    Its name says whose it is, so that another process can tell what a killed one left behind.

    Raises:
        OSError: the folder does not exist or is not writable.
    """
    handle, name = tempfile.mkstemp(prefix=f"{_PREFIX}{_host()}-{os.getpid()}-", suffix=_SUFFIX, dir=path.parent)
    os.close(handle)
    return Path(name)


def clear_left_behind(folder: Path) -> None:
    """Remove the temporary files of processes of this computer that have ended: a killed one cannot do it itself."""
    owned = re.compile(re.escape(f"{_PREFIX}{_host()}-") + r"(\d+)-\w+" + re.escape(_SUFFIX), re.ASCII)
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            found = owned.fullmatch(path.name)
            if found and not path.is_symlink() and not is_running(int(found[1])):
                with contextlib.suppress(OSError):
                    path.unlink()


def is_running(process: int) -> bool:
    """Whether there is a process with this number; where it cannot be told, there is."""
    if ON_WINDOWS:
        return _is_running_on_windows(process)
    try:
        os.kill(process, 0)  # sends nothing
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


def _is_running_on_windows(process: int) -> bool:
    """os.kill would end it there. ERROR_INVALID_PARAMETER is what OpenProcess says of a number that none has."""
    import ctypes  # noqa: PLC0415 - for Windows alone

    query, invalid = 0x1000, 87
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(query, False, process)  # noqa: FBT003 - as Windows declares it
    if not handle:
        return bool(ctypes.get_last_error() != invalid)  # type: ignore[attr-defined,unused-ignore]
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == _STILL_ACTIVE


def _host() -> str:
    """Letters for this computer: on a shared folder, the numbers of another's processes mean nothing."""
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"
