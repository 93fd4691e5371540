"""Copy a workbook, with columns added to one of its sheets."""

from __future__ import annotations

import shutil
from copy import copy
from itertools import chain
from typing import IO, TYPE_CHECKING, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from campaign.errors import Problem, ResultsError
from campaign.review.annotation.added_cells import AddedCells
from campaign.review.annotation.date_style import DatedStyles, with_date_style
from campaign.review.annotation.marks import HEADERS, Mark
from campaign.review.annotation.sheet_edits import EditFinder, find_edits, find_extent, no_room
from campaign.sheets.files import check_unchanged, fingerprint
from campaign.sheets.limits import MAX_COLUMNS
from campaign.sheets.xlsx.contents import choose_sheet, read_contents
from campaign.sheets.xlsx.package import Package, PartLimit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from zipfile import ZipInfo

    from campaign.sheets import ReadOptions

_LIMIT = PartLimit(free_bytes=400_000_000, max_ratio=100)
_SIGNATURES = "_xmlsignatures/"
_CHUNK_BYTES = 1 << 20
_ZIP64_FROM = 1_900_000_000


class WorkbookCopy:
    """A copy of a workbook. One sheet and the list of styles get additions; every other part is copied as it is."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        """Find the sheet and what it uses.

        Raises:
            RecipientsError: the workbook is damaged, or has no room for columns.
            ResultsError: something in it could not be kept.
        """
        self._path = path
        self._header_row = options.header_row
        self._fingerprint = fingerprint(path)
        with Package(path) as package, package.damage_as_error():
            self._contents = read_contents(package)
            self._part = choose_sheet(self._contents.sheets, options.sheet, path.name).part
            with package.open(self._part, _LIMIT) as stream:
                self._extent = find_extent(stream, path.name, options.header_row)
            if any(info.filename.lower().startswith(_SIGNATURES) for info in package.entries):
                what = "has a digital signature, which a copy with more columns cannot keep"
                raise ResultsError(Problem(path.name, what, "save it without the signature, or use the workbook"))
        if self._extent.last_column + len(HEADERS) >= MAX_COLUMNS:
            raise no_room(path.name)

    def write(self, marks: Iterator[tuple[int, Mark]], file: BinaryIO) -> None:
        """Write the copy.

        Args:
            marks: what to add, by row number, in the order of the sheet.
            file: where it goes.

        Raises:
            RecipientsError: the workbook has changed meanwhile, or is damaged further down.
        """
        check_unchanged(self._path, self._fingerprint)
        with Package(self._path) as package, ZipFile(file, "w", ZIP_DEFLATED) as target:
            styles = self._dated_styles(package)
            cells = AddedCells(self._extent, styles.date_style if styles else None, date1904=self._contents.date1904)
            for info in package.entries:
                is_large = info.file_size > _ZIP64_FROM
                entry = _without_sizes(info)
                with (
                    package.open(info.filename, _LIMIT) as part,
                    target.open(entry, "w", force_zip64=is_large) as copied,
                ):
                    if package.is_same(info.filename, self._part):
                        with package.open(self._part, _LIMIT) as again:
                            self._splice(part, again, cells, marks, copied)
                    elif styles and package.is_same(info.filename, self._contents.styles or ""):
                        copied.write(styles.xml)
                    else:
                        shutil.copyfileobj(part, copied, _CHUNK_BYTES)
        check_unchanged(self._path, self._fingerprint)

    def _dated_styles(self, package: Package) -> DatedStyles | None:
        if self._contents.styles is None:
            return None
        with package.open(self._contents.styles, _LIMIT) as stream:
            return with_date_style(stream.read(), self._path.name)

    def _splice(
        self,
        part: IO[bytes],
        again: IO[bytes],
        cells: AddedCells,
        marks: Iterator[tuple[int, Mark]],
        copied: IO[bytes],
    ) -> None:
        """Copy the sheet with the cells spliced in; `again` is the same part, read to find the places."""
        marked = chain(marks, ((0, Mark("")),))
        row, mark = next(marked)
        at = 0
        finder = EditFinder(self._path.name, self._header_row, self._extent, cells.elements())
        for edit in find_edits(again, finder, self._path.name):
            while row and row < edit.row:
                row, mark = next(marked)
            if not edit.row:
                added = edit.element
            elif edit.row == self._header_row:
                added = cells.headers(edit.row)
            elif edit.row == row:
                added = cells.of(row, mark)
            else:
                continue
            _copy(part, copied, edit.start - at)
            part.read(edit.end - edit.start)
            at = edit.end
            copied.write(added.encode("ascii", "xmlcharrefreplace"))
        shutil.copyfileobj(part, copied, _CHUNK_BYTES)


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0 and (chunk := source.read(min(size, _CHUNK_BYTES))):
        target.write(chunk)
        size -= len(chunk)


def _without_sizes(info: ZipInfo) -> ZipInfo:
    """The entry as it is, with the sizes left to be found out."""
    entry = copy(info)
    entry.file_size = entry.compress_size = 0
    entry.extra = b""
    entry.flag_bits = 0
    return entry
