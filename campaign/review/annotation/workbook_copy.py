"""Copy a workbook, with columns added to one of its sheets."""

from __future__ import annotations

import shutil
from copy import copy
from typing import IO, TYPE_CHECKING, BinaryIO
from zipfile import ZIP64_LIMIT, ZIP_DEFLATED, ZipFile

from campaign.errors import Problem, ResultsError
from campaign.review.annotation.added_cells import AddedCells
from campaign.review.annotation.areas import AddedColumns
from campaign.review.annotation.date_styles import with_date_styles
from campaign.review.annotation.drawings import free_column, places_of
from campaign.review.annotation.filters import with_columns_of_list, with_filter_name
from campaign.review.annotation.formulas import FormulaColumns
from campaign.review.annotation.marks import values_by_row
from campaign.review.annotation.references import add_references
from campaign.review.annotation.sheet_edits import find_edits
from campaign.review.annotation.sheet_scan import scan_sheet
from campaign.review.annotation.xml_edits import splice
from campaign.review.workbook.data_sheet import LARGEST_SHEET
from campaign.sheets.files import check_unchanged, fingerprint
from campaign.sheets.limits import MAX_COLUMNS
from campaign.sheets.xlsx.contents import choose_sheet, read_contents, relations
from campaign.sheets.xlsx.package import Package, PartLimit, part_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from zipfile import ZipInfo

    from campaign.review.annotation.marks import Mark
    from campaign.review.annotation.sheet_scan import SheetUse
    from campaign.sheets import ReadOptions

_LIMIT = PartLimit(free_bytes=400_000_000, max_ratio=100)
_SIGNATURES = "_xmlsignatures/"
_CHUNK_BYTES = 1 << 20


class WorkbookCopy:
    """A copy of a workbook. The sheet, styles, tables and filters get additions; other parts are copied as they are."""

    def __init__(self, path: Path, options: ReadOptions, headers: tuple[str, ...]) -> None:
        """Find out what the sheet uses, and make all parts but the sheet.

        Args:
            path: the workbook.
            options: how it was read.
            headers: the headers of the added columns.

        Raises:
            RecipientsError: the workbook is damaged.
            ResultsError: something in it could not be kept, or it has no room for columns.
        """
        self._path = path
        self._fingerprint = fingerprint(path)
        self._parts: dict[str, bytes] = {}
        with Package(path) as package, package.damage_as_error():
            if any(info.filename.lower().startswith(_SIGNATURES) for info in package.entries):
                what = "has a digital signature, which no copy with more columns can keep"
                raise ResultsError(Problem(path.name, what, "save it without the signature, or use the workbook"))
            self._contents = read_contents(package)
            sheet = choose_sheet(self._contents.sheets, options.sheet, path.name)
            self._part = sheet.part
            formulas = FormulaColumns(sheet.name, MAX_COLUMNS - len(headers))
            with package.open(self._part, _LIMIT) as stream:
                use = scan_sheet(stream, path.name, formulas, options.header_row)
            others = {each.part for each in self._contents.sheets} - {self._part}
            add_references(package, others | {self._contents.part}, _LIMIT, formulas)
            added = self._find_room(package, use, formulas.last, options.header_row, headers)
            self._cells = self._make_cells(package, use, added)
            self._make_wider(package, added)

    def write(self, marks: Iterator[tuple[int, Mark]], file: BinaryIO) -> None:
        """Write the copy.

        Args:
            marks: what to add, by row number, in the order of the sheet.
            file: where it goes.

        Raises:
            RecipientsError: the workbook has changed meanwhile.
            ResultsError: the sheet would become larger than Excel opens.
        """
        check_unchanged(self._path, self._fingerprint)
        with Package(self._path) as package, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for info in package.entries:
                with (
                    package.open(info.filename, _LIMIT) as part,
                    archive.open(_as_new(info), "w", force_zip64=info.file_size > ZIP64_LIMIT) as copied,
                ):
                    key = part_key(info.filename)
                    if key == part_key(self._part):
                        self._write_sheet(package, part, marks, copied)
                    elif key in self._parts:
                        copied.write(self._parts[key])
                    else:
                        shutil.copyfileobj(part, copied, _CHUNK_BYTES)
        check_unchanged(self._path, self._fingerprint)

    def _find_room(
        self, package: Package, use: SheetUse, referred: int, header_row: int, headers: tuple[str, ...]
    ) -> AddedColumns:
        """Choose the columns after the last one in use, that no formula refers to and no drawing covers."""
        label, places = self._path.name, set()
        for part in self._related(package, "drawing"):
            with package.open(part, _LIMIT) as stream:
                places |= places_of(stream, use, label, header_row)
        first = free_column(max(use.last_column, referred) + 1, len(headers), places)
        if first + len(headers) - 1 > MAX_COLUMNS:
            what = "uses the last columns that a worksheet can have, so that none can be added"
            raise ResultsError(Problem(label, what, "delete what is far to the right of the list, or use the workbook"))
        return AddedColumns(header_row, use.last_column, first, headers)

    def _make_cells(self, package: Package, use: SheetUse, added: AddedColumns) -> AddedCells:
        """Add the styles that the added dates may need."""
        date_styles: Mapping[str, str] = {}
        if self._contents.styles is not None:
            wanted = {"0", use.column_attributes(added.last).get("style", "0"), *use.row_styles}
            wanted.update(style for style, column in use.blank_styles.items() if column >= added.last)
            xml, date_styles = with_date_styles(self._read(package, self._contents.styles), wanted, self._path.name)
            self._parts[part_key(self._contents.styles)] = xml
        return AddedCells(use, added, date_styles=date_styles, date1904=self._contents.date1904)

    def _make_wider(self, package: Package, added: AddedColumns) -> None:
        """Let tables and the filter cover the added columns."""
        parts = {part: self._read(package, part) for part in self._related(package, "table")}
        if (widened := with_columns_of_list(parts, added, self._path.name)) is not None:
            part, table = widened
            self._parts[part_key(part)] = table
        if self._cells.filter is not None:
            workbook = self._contents.part
            own = {name for name, each in relations(package, workbook).items() if each.part == self._part}
            named = with_filter_name(self._read(package, workbook), own, added, self._path.name)
            if named is not None:
                self._parts[part_key(workbook)] = named

    def _related(self, package: Package, kind: str) -> list[str]:
        """The parts of one kind that the sheet refers to."""
        found = [each.part for each in relations(package, self._part).values() if each.kind == kind]
        return [part for part in found if package.has(part)]

    def _read(self, package: Package, part: str) -> bytes:
        with package.open(part, _LIMIT) as stream:
            return stream.read()

    def _write_sheet(
        self, package: Package, part: IO[bytes], marks: Iterator[tuple[int, Mark]], copied: IO[bytes]
    ) -> None:
        """Copy the sheet with the cells added; the part is read once more to find their places."""
        values = values_by_row(marks, self._cells.added.header_row, self._cells.added.headers)
        with package.open(self._part, _LIMIT) as again:
            size = package.size(self._part)
            for added in splice(part, find_edits(again, self._path.name, self._cells, values), copied):
                size += added
                if size > LARGEST_SHEET:
                    what = "its sheet would be larger than Excel opens, with the columns that are added"
                    raise ResultsError(Problem(self._path.name, what, "use the results workbook"))


def _as_new(info: ZipInfo) -> ZipInfo:
    """The entry as it is, with the sizes left to be found out."""
    entry = copy(info)
    entry.file_size = entry.compress_size = entry.flag_bits = 0
    entry.extra = b""
    return entry
