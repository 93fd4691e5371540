"""A workbook with one list, which is a recipients file: every cell is text, and stays text when it is edited."""

from __future__ import annotations

from hashlib import file_digest
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from campaign.atomic_write import write_atomically
from campaign.errors import Problem, ResultsError
from campaign.review.workbook.cell_xml import CellXml
from campaign.review.workbook.cells import TEXT
from campaign.review.workbook.data_sheet import DataSheet, RowXml, save

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from openpyxl.worksheet.worksheet import Worksheet

_LOOKED_AT = 100
"""Rows that decide the widths of the columns."""
_NARROWEST, _WIDEST = 8, 60
_MARGIN = 4


class WrittenFiles(Protocol):
    """The record of the files that a command has written."""

    def wrote(self, digest: bytes) -> bool:
        """Whether the command has written a file with this SHA-256."""
        ...

    def record_written(self, digest: bytes) -> None:
        """Put a file on record that the command is about to put in its place."""
        ...


def write_list(
    path: Path, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]], written: WrittenFiles
) -> Path:
    """Write a list.

    Args:
        path: the workbook. An existing file is replaced if it is still as the command wrote it.
        title: the sheet's name.
        headers: the headers; rows have a text for each.
        rows: the rows, at most one less than a sheet has.
        written: which files are the command's own.

    Returns:
        The file that was written: a numbered name beside `path` if that file was edited, is another program's or is
        open in Excel.

    Raises:
        ResultsError: the folder is not there or not writable, or the disk is full.
    """

    def write(file: BinaryIO) -> None:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            _write_sheet(archive, title, headers, rows)

    def is_own(other: Path) -> bool:
        try:
            return written.wrote(_digest(other))
        except OSError:  # it cannot be read, so it may be anything
            return False

    try:
        return write_atomically(
            path, write, replaceable=is_own, before_rename=lambda file: written.record_written(_digest(file))
        )
    except OSError as error:
        remedy = "make room or give write access" if path.parent.is_dir() else "make its folder"
        what = f"the list cannot be written ({error.strerror or error})"
        raise ResultsError(Problem(str(path), what, f"{remedy}, then give the same command again")) from error


def _write_sheet(archive: ZipFile, title: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "campaign"
    sheet: Worksheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    cells = CellXml(sheet)
    rest = iter(rows)
    sample = list(islice(rest, _LOOKED_AT))
    for position, texts in enumerate(zip(headers, *sample, strict=True), start=1):
        dimension = sheet.column_dimensions[get_column_letter(position)]
        dimension.width = min(_WIDEST, max(_NARROWEST, *(len(text) + _MARGIN for text in texts)))
        dimension.number_format = TEXT
    data = DataSheet(archive, sheet, headers, is_table=False)
    lines = (RowXml([cells.text(text) for text in row]) for row in chain(sample, rest))
    data.write(1, RowXml([cells.header(header) for header in headers]), lines)
    save(book, archive, [sheet])


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()
