"""Writing a file atomically: it appears complete or not at all, and only its owner can read it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO


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
    handle, name = tempfile.mkstemp(prefix=".campaign-", suffix=".part", dir=path.parent)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
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


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(2))
    return next(name for name in names if not name.exists())
