"""Writing a file atomically: it appears complete or not at all, and only its owner can read it."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO


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
    handle, name = tempfile.mkstemp(prefix=".campaign-", suffix=".part", dir=path.parent)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            write(file)
        before_rename(temporary)
        if replaceable is None:
            return temporary.replace(path)
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
            return temporary.replace(name)
        except PermissionError:
            if not existed:  # nothing there that could be open: the folder itself does not accept files
                raise
    raise AssertionError  # the names never end


def _names(path: Path) -> Iterator[Path]:
    """`path`, then numbered names beside it."""
    yield path
    yield from (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(1))
