"""A file that appears whole or not at all, and that only its owner can read."""

from __future__ import annotations

import contextlib
import os
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from campaign.errors import Problem, ResultsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO


def write_in_place(path: Path, write: Callable[[BinaryIO], None]) -> Path:
    """Write a file beside where it belongs and move it there.

    Args:
        path: where it belongs; what is there is replaced.
        write: writes the whole content.

    Returns:
        Where it is now: a numbered name beside `path` if another program holds that one open, as Excel does on Windows.

    Raises:
        ResultsError: the folder or the disk does not take it.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".campaign-", suffix=".part", dir=path.parent)  # mode 0600
    except OSError as error:
        raise _cannot_write(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            write(file)
        return _move(temporary, path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _move(temporary: Path, path: Path) -> Path:
    try:
        return temporary.replace(path)
    except PermissionError:
        return temporary.replace(_free_name(path))


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(2))
    return next(name for name in names if not name.exists())


def _cannot_write(path: Path, error: OSError) -> ResultsError:
    why = error.strerror or str(error)
    remedy = "make its folder"
    if path.parent.is_dir():
        remedy = "make room (in the temporary folder too) or give write access"
    again = f"{remedy}, then `campaign results` writes it from the journal"
    return ResultsError(Problem(str(path), f"the results workbook cannot be written ({why})", again))
