"""Write the annotated copy of a list, in the list's own format."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO, cast

from campaign.atomic_write import write_atomically
from campaign.errors import Problem, ResultsError
from campaign.review.annotation.text_copy import TextCopy
from campaign.review.annotation.workbook_copy import WorkbookCopy
from campaign.sheets.files import WORKBOOK_SUFFIXES, FileKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from campaign.review.annotation.marks import Mark
    from campaign.sheets import ReadOptions


def annotate(  # noqa: PLR0913 - independent, by name
    source: Path,
    options: ReadOptions,
    headers: tuple[str, ...],
    marks: Iterator[tuple[int, Mark]],
    target: Path,
    *,
    replaceable: Callable[[Path], bool] = lambda _path: False,
    before_rename: Callable[[Path], object] = lambda _path: None,
) -> Path:
    """Copy a list, with columns after its last used one.

    Args:
        source: the list.
        options: how it was read.
        headers: the headers of the columns: status, reason, and when it was sent.
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
    copy = (WorkbookCopy if kind is FileKind.WORKBOOK else TextCopy)(source, options, headers)

    def write(file: BinaryIO) -> None:
        copy.write(marks, cast("BinaryIO", _Target(file)))

    try:
        return write_atomically(target, write, replaceable=replaceable, before_rename=before_rename)
    except (OSError, _WriteError) as error:
        cause = error.cause if isinstance(error, _WriteError) else error
        remedy = "make room or give write access" if target.parent.is_dir() else "make its folder"
        what = f"cannot be written ({cause.strerror or cause})"
        raise ResultsError(Problem(str(target), what, remedy)) from error


def _check_names(source: Path, target: Path, kind: FileKind) -> None:
    """Refuse a name that a spreadsheet program would not open the copy by, or that is the list's own."""
    own = source.suffix.lower()
    wanted = ".xlsx" if kind is FileKind.WORKBOOK and own not in WORKBOOK_SUFFIXES else own
    if target.suffix.lower() != wanted:
        what = f"the list is {source.name}, and its copy is of the same kind"
        raise ResultsError(Problem(str(target), what, f"name it {target.stem}{wanted}"))
    if target.resolve() == source.resolve() or (target.exists() and target.samefile(source)):
        raise ResultsError(Problem(str(target), "is the list itself", "choose another name for the copy"))


class _WriteError(Exception):
    """The copy cannot be written."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Target(io.BufferedIOBase):
    """A file whose errors are told from those of the list, which is read meanwhile."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:  # type: ignore[override] # which allows for other buffers
        try:
            return self._file.write(data)
        except OSError as error:
            raise _WriteError(error) from error

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(place, whence)

    def flush(self) -> None:
        pass
