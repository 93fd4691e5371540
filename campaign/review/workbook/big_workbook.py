"""A workbook with sheets too big for memory: openpyxl makes the workbook, and the rows are poured into it."""

from __future__ import annotations

import io
import re
from itertools import chain, islice
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo

from campaign.review.workbook.cell_xml import text_xml
from campaign.review.workbook.storable_text import spreadsheet_string
from campaign.review.workbook.styles import Styles, print_across

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

    from openpyxl.worksheet.worksheet import Worksheet

    from campaign.journal import Result
    from campaign.review.workbook.column_looks import ColumnLook
    from campaign.review.workbook.row_layouts import Layout

MOST_ROWS = 1_048_576
"""Rows of a sheet (Microsoft, "Excel specifications and limits")."""
LARGEST_SHEET = 2_000_000_000
"""Bytes of XML: beyond 2 GiB a part needs ZIP64, and Excel then offers to repair the file."""

_LOOKED_AT = 100
"""Rows that decide how the columns look."""
_NOTED = 1000
_COMPRESSION = 5  # takes half as long as 6, for two hundredths more
_NO_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData></sheetData>")
_DIMENSION = re.compile(rb"<dimension[^>]*>")  # of the sheet while it has no rows
# No green corner on every phone number. Its place among the elements: ECMA-376-1, 18.3.1.99.
_IGNORED = b'<ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors>'
_AFTER_IGNORED = re.compile(rb"(?=<tableParts|</worksheet>)")
# By the parts at its beginning, programs tell a workbook from other archives.
_FIRST = ("_rels/.rels", "docProps/app.xml", "docProps/core.xml")


class BigWorkbook:
    """A workbook on its way into an archive. What is not poured stands in `front`, and is openpyxl's as usual."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._book = Workbook()
        self._book.properties.creator = "campaign"
        self.styles = Styles(self.front)
        self._written: set[str] = set()
        parts = self._parts()
        self._write({name: parts[name] for name in _FIRST})

    @property
    def front(self) -> Worksheet:
        """The first sheet."""
        return self._book.worksheets[0]

    def pour(self, layout: Layout, results: Iterable[Result], progress: Callable[[int], object]) -> None:
        """Write a sheet after the others, and further ones where it is full.

        Args:
            layout: what kind of sheet.
            results: its rows.
            progress: told how many rows were written since it was last told.
        """
        rows = iter(results)
        sample = list(islice(rows, _LOOKED_AT))
        looks = layout.looks(sample)
        rows = chain(sample, rows)
        title, count = layout.title, 1
        while True:
            self._pour_sheet(self._new_sheet(title, looks), layout, rows, progress)
            following = next(rows, None)
            if following is None:
                return
            rows = chain((following,), rows)
            count += 1
            title = f"{layout.title} {count}"

    def finish(self) -> None:
        """Write all that is not yet written."""
        self._write(self._parts())

    def _new_sheet(self, title: str, looks: Sequence[ColumnLook]) -> Worksheet:
        self._book.create_sheet(title)
        sheet = self._book.worksheets[-1]
        sheet.freeze_panes = "A2"
        sheet.print_title_rows = "1:1"
        print_across(sheet)
        for position, look in enumerate(looks, start=1):
            dimension = sheet.column_dimensions[get_column_letter(position)]
            dimension.width = look.width
            dimension.number_format = look.number_format
        return sheet

    def _pour_sheet(
        self, sheet: Worksheet, layout: Layout, rows: Iterator[Result], progress: Callable[[int], object]
    ) -> None:
        part = f"xl/worksheets/sheet{len(self._book.worksheets)}.xml"
        head, _ = self._around_rows(part)
        with self._archive.open(part, "w") as raw, io.BufferedWriter(raw, 1 << 17) as out:
            out.write(head + b"<sheetData>" + self._header_row(layout))
            last = _write_rows(out.write, layout, rows, progress)
            _bound(sheet, layout, last)
            _, tail = self._around_rows(part)
            out.write(b"</sheetData>" + tail)
        self._written.add(part)

    def _header_row(self, layout: Layout) -> bytes:
        cells = (
            text_xml(f"{get_column_letter(position)}1", self.styles.header, header)
            for position, header in enumerate(layout.headers, start=1)
        )
        return f'<row r="1">{"".join(cells)}</row>'.encode()

    def _around_rows(self, part: str) -> tuple[bytes, bytes]:
        head, tail = _NO_ROWS.split(self._parts()[part])
        return _DIMENSION.sub(b"", head), _AFTER_IGNORED.sub(_IGNORED, tail, count=1)

    def _parts(self) -> dict[str, bytes]:
        stored = io.BytesIO()
        self._book.save(stored)
        with ZipFile(stored) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def _write(self, parts: dict[str, bytes]) -> None:
        for name, content in parts.items():
            if name not in self._written:
                self._archive.writestr(name, content)
                self._written.add(name)


def new_archive(file: BinaryIO) -> ZipFile:
    """An archive to write a workbook into."""
    return ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION)


def _write_rows(
    write: Callable[[bytes], int], layout: Layout, rows: Iterator[Result], progress: Callable[[int], object]
) -> int:
    """Write rows until there are no more or the sheet is full; returns the number of the last."""
    number, size, noted = 1, 0, 1
    for number, result in enumerate(rows, start=2):
        size += write(layout.row(number, result).encode())
        if number - noted == _NOTED:
            progress(_NOTED)
            noted = number
        if number == MOST_ROWS or size > LARGEST_SHEET:
            break
    progress(number - noted)
    return number


def _bound(sheet: Worksheet, layout: Layout, last: int) -> None:
    """Say where the table, or the rows to filter, end."""
    if last == 1:
        return  # Excel takes no table without rows
    reference = f"A1:{get_column_letter(len(layout.headers))}{last}"
    if not layout.is_table:
        sheet.auto_filter.ref = reference
        return
    columns = [
        TableColumn(id=position, name=spreadsheet_string(header))
        for position, header in enumerate(layout.headers, start=1)
    ]
    table = Table(displayName=sheet.title.replace(" ", "_"), ref=reference, tableColumns=columns)
    table.autoFilter = AutoFilter(ref=reference)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.add_table(table)
