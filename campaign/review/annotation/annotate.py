"""Write the annotated copy of a list, in the list's own format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from campaign.atomic_write import write_atomically
from campaign.errors import Problem, ResultsError
from campaign.review.annotation.text_copy import TextCopy
from campaign.review.annotation.workbook_copy import WorkbookCopy
from campaign.sheets.files import FileKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from campaign.review.annotation.marks import Mark
    from campaign.sheets import ReadOptions

MACROS = {".xlsm", ".xltm"}


def annotate(
    source: Path,
    options: ReadOptions,
    marks: Iterator[tuple[int, Mark]],
    target: Path,
    *,
    replaceable: Callable[[Path], bool] = lambda _path: False,
    before_rename: Callable[[Path], object] = lambda _path: None,
) -> Path:
    """Copy a list, with columns Status, Reason and Sent at after its last used column.

    Args:
        source: the list.
        options: how it was read.
        marks: what to add, by row number, in the order of the sheet.
        target: where the copy goes.
        replaceable: whether an existing file there may be replaced; else a numbered name beside it is used.
        before_rename: called with the complete copy before it has its name.

    Returns:
        The file that was written.

    Raises:
        RecipientsError: the list cannot be read.
        ResultsError: something in the list could not be kept, or the copy cannot be written. Nothing was written.
    """
    kind = kind_of(source)
    _check_names(source, target, kind)
    copy = WorkbookCopy(source, options) if kind is FileKind.WORKBOOK else TextCopy(source, options)
    try:
        return write_atomically(
            target, partial(copy.write, marks), replaceable=replaceable, before_rename=before_rename
        )
    except OSError as error:
        remedy = "make room or give write access" if target.parent.is_dir() else "make its folder"
        what = f"cannot be written ({error.strerror or error})"
        raise ResultsError(Problem(str(target), what, remedy)) from error


def _check_names(source: Path, target: Path, kind: FileKind) -> None:
    """Refuse a name that a spreadsheet program would not open the copy by."""
    given, own = target.suffix.lower(), source.suffix.lower()
    if kind is FileKind.WORKBOOK and own not in MACROS:
        fits, wanted = given in (".xlsx", own), ".xlsx"
    else:
        fits, wanted = given == own, own
    if not fits:
        what = f"the list is {source.name}, and its copy is of the same kind"
        raise ResultsError(Problem(str(target), what, f"name it {target.stem}{wanted}"))
