"""A large sheet of the workbook: openpyxl makes what surrounds its rows, and the rows are written as text.

The text is deflated as it comes, so neither memory nor temporary files grow with the number of rows.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import IO, TYPE_CHECKING, NamedTuple

from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo
from openpyxl.writer.excel import ExcelWriter

from campaign.review.workbook.cells import spreadsheet_string

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zipfile import ZipFile

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MOST_ROWS = 1_048_576
"""Rows of a sheet (Microsoft, "Excel specifications and limits")."""
LARGEST_SHEET = 2_000_000_000
"""Bytes of XML: beyond 2 GiB a part needs ZIP64, and Excel offers to repair such a file."""

_ROWS_GO_HERE = re.compile(rb"<sheetData\s*/>|<sheetData></sheetData>")
# openpyxl states the area of its own cells, of which there are none; a reader that trusts it would see no rows.
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
_ROWS_A_BLOCK = 200


class RowXml(NamedTuple):
    """A row of a sheet.

    Attributes:
        cells: its cells as `CellXml` makes them; None for an empty one.
        height: in points; None for the usual one.
    """

    cells: Sequence[str | None]
    height: int | None = None


class DataSheet:
    """Writes one sheet into an archive. The sheets of a workbook are written one after the other, in their order."""

    def __init__(self, archive: ZipFile, sheet: Worksheet, headers: Sequence[str], *, is_table: bool) -> None:
        """Initialize.

        Args:
            archive: where the workbook is written.
            sheet: the sheet, whose properties are set.
            headers: its headers; those of a table have to differ.
            is_table: whether it is a real table.
        """
        self._archive, self._sheet, self._headers, self._is_table = archive, sheet, headers, is_table
        self._letters = [get_column_letter(position) for position in range(1, len(headers) + 1)]

    def write(self, place: int, header: RowXml, rows: Iterator[RowXml]) -> int:
        """Write the header, and rows until there are no more or the sheet is full.

        Args:
            place: the place of the sheet in its workbook, from 1.
            header: the first row.
            rows: the others.

        Returns:
            The number of the last row.
        """
        sheet = self._sheet
        number, size = 1, 0
        part = f"xl/worksheets/sheet{place}.xml"
        with self._archive.open(part, "w") as stream:
            before, _ = _surroundings(sheet)
            stream.write(before + b"<sheetData>")
            block = [self._row(1, header)]
            for number, row in enumerate(rows, start=2):
                xml = self._row(number, row)
                size += len(xml)
                block.append(xml)
                if len(block) > _ROWS_A_BLOCK:
                    _write(stream, block)
                if number == MOST_ROWS or size > LARGEST_SHEET:
                    break
            _write(stream, block)
            self._bound(number)
            _, after = _surroundings(sheet)
            stream.write(b"</sheetData>" + after)
        return number

    def _row(self, number: int, row: RowXml) -> str:
        height = "" if row.height is None else f' ht="{row.height}" customHeight="1"'
        cells = [
            f'<c r="{letter}{number}"{cell}'
            for letter, cell in zip(self._letters, row.cells, strict=False)
            if cell is not None
        ]
        return f'<row r="{number}"{height}>{"".join(cells)}</row>'

    def _bound(self, last: int) -> None:
        """Set the range of the table or of the filter."""
        if last == 1:
            return  # Excel rejects a table without rows
        reference = f"A1:{self._letters[-1]}{last}"
        if not self._is_table:
            self._sheet.auto_filter.ref = reference
            return
        columns = [
            TableColumn(id=position, name=spreadsheet_string(header))
            for position, header in enumerate(self._headers, start=1)
        ]
        table = Table(displayName=self._sheet.title.replace(" ", "_"), ref=reference, tableColumns=columns)
        table.autoFilter = AutoFilter(ref=reference)
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
        self._sheet.tables.add(table)


def _write(stream: IO[bytes], block: list[str]) -> None:
    stream.write("".join(block).encode())
    block.clear()


def _surroundings(sheet: Worksheet) -> tuple[bytes, bytes]:
    """The XML of a sheet without rows, before and after where they belong; keeps its relations for `save`."""
    out = BytesIO()
    writer = WorksheetWriter(sheet, out)
    writer.write()
    sheet._rels = writer._rels  # type: ignore[attr-defined] # noqa: SLF001 - as ExcelWriter has it
    before, after = _ROWS_GO_HERE.split(_DIMENSION.sub(b"", out.getvalue(), count=1), maxsplit=1)
    return before, after


def save(book: Workbook, archive: ZipFile, written: Sequence[Worksheet]) -> None:
    """Write the rest of a workbook.

    Not `book.save`: on a full disk it leaves an open archive that warns when it is collected.

    Args:
        book: the workbook.
        archive: the archive, which has the sheets that are `written` already.
        written: those sheets.
    """
    _RestWriter(book, archive, written).save()


class _RestWriter(ExcelWriter):
    def __init__(self, book: Workbook, archive: ZipFile, written: Sequence[Worksheet]) -> None:
        super().__init__(book, archive)
        self._written = written

    def write_worksheet(self, ws: Worksheet) -> None:
        """Write a sheet, or list one that is written."""
        if not any(ws is each for each in self._written):
            super().write_worksheet(ws)
            return
        ws._drawing = SpreadsheetDrawing()  # type: ignore[attr-defined] # noqa: SLF001 - as ExcelWriter has it
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images  # type: ignore[attr-defined] # noqa: SLF001
        self.manifest.append(ws)
