"""What the terminal can show, and in which encoding text leaves campaign."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.doctor.checks import fine, warning

if TYPE_CHECKING:
    from campaign.doctor.checks import Check

VIETNAMESE = "ăâđêôơưảạấầẩẫậắằẳẵặẻẽẹếềểễệỉĩịỏõọốồổỗộớờởỡợủũụứừửữựỳỷỹỵ₫"
"""Letters that differ from those of western European encodings, each as one character."""

NARROW = 60
"""Columns below which the previews and the status are hard to read."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command's text goes.

    Attributes:
        output: the encoding of standard output; "" where there is no standard output.
        file_names: the encoding of the names of files.
        columns: the columns of the terminal; None where standard output is none.
        on_windows: whether this is Windows.
    """

    output: str
    file_names: str
    columns: int | None
    on_windows: bool = False


def check_terminal(terminal: Terminal) -> list[Check]:
    """What the encodings and the size of the terminal mean."""
    found = [_check_output(terminal), _check_width(terminal)]
    if lost := _lost(terminal.file_names):
        what = f"the names of files are in {terminal.file_names}, which lacks letters of Vietnamese ({lost})"
        found.insert(1, warning("encoding", f"{what}; such a file may not be found", _remedy(terminal)))
    return found


def _check_output(terminal: Terminal) -> Check:
    if not terminal.output:
        remedy = "for cron and services that is right: what counts is in the exit code and the files"
        return warning("encoding", "there is no standard output, so nothing that is printed can be read", remedy)
    lost = _lost(terminal.output)
    if not lost:
        return fine("encoding", f"{terminal.output}, which has every letter of Vietnamese")
    what = f"output is in {terminal.output}, which lacks letters of Vietnamese ({lost}): they are printed otherwise"
    return warning("encoding", f"{what}; messages, journals and workbooks are not affected", _remedy(terminal))


def _remedy(terminal: Terminal) -> str:
    if terminal.on_windows:
        return "use Windows Terminal, or set PYTHONUTF8=1 (setx PYTHONUTF8 1) and open a new window"
    return "set a UTF-8 locale: export LC_ALL=C.UTF-8"


def _lost(encoding: str) -> str:
    """Some of the letters that an encoding lacks; "" where it has all."""
    lacking = [letter for letter in VIETNAMESE if not _can_encode(letter, encoding)]
    shown = " ".join(lacking[:5])
    return f"{shown} and {len(lacking) - 5} more" if len(lacking) > 5 else shown


def _can_encode(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def _check_width(terminal: Terminal) -> Check:
    if terminal.columns is None:
        return fine("terminal", "none: output goes to a file or a pipe, and no question can be answered there")
    if terminal.columns < NARROW:
        what = f"the terminal has {terminal.columns} columns, in which a preview is hard to read"
        return warning("terminal", what, f"make the window wider: {NARROW} columns and more")
    return fine("terminal", f"{terminal.columns} columns")


def file_name_encoding() -> str:
    """The encoding of the names of files."""
    return sys.getfilesystemencoding()
