"""Writing a file atomically: it appears complete or not at all, and only its owner can read it."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import tempfile
import zlib
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

_PREFIX, _SUFFIX = ".campaign-", ".part"
_STILL_ACTIVE = 259
ON_WINDOWS = os.name == "nt"


def write_atomically(path: Path, write: Callable[[BinaryIO], None], *, fall_back: bool = False) -> Path:
    """Write a temporary file in the folder of `path`, then rename it to `path`.

    Args:
        path: the file; an existing one is replaced.
        write: writes the content.
        fall_back: whether to use a numbered name ("results (2).xlsx") where `path` must not be replaced, as on Windows
            while another program has it open.

    Returns:
        The file that was written: `path`, or the numbered name.

    Raises:
        OSError: the folder does not exist or is not writable, or the disk is full. The temporary file is removed.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("w+b") as file:
            write(file)
        try:
            return temporary.replace(path)
        except PermissionError:
            if not fall_back:
                raise
            return temporary.replace(_free_name(path))
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


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


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(2))
    return next(name for name in names if not name.exists())
