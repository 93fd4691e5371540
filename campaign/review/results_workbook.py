"""The results workbook: the outcome of every row, read from the journal."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from hashlib import file_digest
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import WorkbookAlreadySaved
from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from campaign.atomic_write import temporary_beside, write_atomically
from campaign.errors import JournalWriteError, Problem, ResultsError
from campaign.recipients.to_fix import DOUBT_TITLE, FIX_TITLE, WorkbookMark, properties_of
from campaign.review.phrases import DOUBTFUL, TO_FIX
from campaign.review.workbook.cells import StyledCells, spreadsheet_string
from campaign.review.workbook.sheet_layouts import LINE, MOST_LINES, OWN_COLUMNS, ResultsLayout, ToFixLayout
from campaign.review.workbook.summary_sheet import fill_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from campaign.journal import JournalStore, RowResult, RunRecord
    from campaign.review.workbook.sheet_layouts import SheetLayout

MOST_ROWS = 1_048_576
"""Rows of a sheet (Microsoft, "Excel specifications and limits")."""
LARGEST_SHEET = 2_000_000_000
"""Bytes of XML: beyond 2 GiB a part needs ZIP64, and Excel offers to repair such a file."""

_LOOKED_AT = 100
"""Rows that decide the widths and formats of the columns."""
_NOTED = 1000
_CELL, _CHARACTER = 60, 3
"""Bytes of XML that a cell and a character in it take, at most as a rule."""


def write_results(
    journal: JournalStore, run: RunRecord, path: Path, progress: Callable[[int], object] = lambda _rows: None
) -> Path:
    """Write the results workbook of a run.

    openpyxl's write-only workbooks buffer rows in temporary files, so memory does not grow with the number of rows.
    They are beside the workbook and readable by their owner alone: what a kill leaves of them, the next command clears.

    Args:
        journal: the journal that contains the run.
        run: the run.
        path: the workbook. An existing file is replaced if it is still as this journal's campaign wrote it.
        progress: called with the number of rows written since its last call; rows to fix, or in doubt, are written
            twice.

    Returns:
        The file that was written: a numbered name beside `path` if that file is not campaign's, was edited or is open
        in Excel.

    Raises:
        ResultsError: the folder is not writable or the disk is full.
        JournalError: the journal cannot be read.
    """

    def write(file: BinaryIO) -> None:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive, _new_book(path) as book:
            front = _new_sheet(book, "Summary")
            fill_summary(front, journal, run)
            cells = StyledCells(front)
            results, number = journal.results, run.number
            _add_rows(book, ResultsLayout(run.manifest.headers, cells), cells, results(number), progress)
            for title, states in ((DOUBT_TITLE, DOUBTFUL), (FIX_TITLE, TO_FIX)):
                _add_rows(book, ToFixLayout(run, cells, title), cells, results(number, states), progress)
            _mark(book, journal, run)
            # Not book.save(): on a full disk it leaves an open archive that warns when it is collected.
            ExcelWriter(book, archive).save()

    try:
        ours = partial(_is_as_written, journal)
        return write_atomically(path, write, replaceable=ours, before_rename=partial(_record, journal, run))
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> ResultsError:
    remedy = "make its folder"
    if path.parent.is_dir():
        remedy = "make room or give write access"
    what = f"the results workbook cannot be written ({error.strerror or error})"
    return ResultsError(Problem(str(path), what, f"{remedy}, then `campaign results` writes it from the journal"))


def _is_as_written(journal: JournalStore, path: Path) -> bool:
    """Whether a file is still as this journal's campaign wrote it."""
    try:
        return journal.wrote_workbook(_digest(path))
    except OSError:  # it cannot be read, so it may be anything
        return False


def _record(journal: JournalStore, run: RunRecord, path: Path) -> None:
    """Record a workbook before it has its name: one that is not on record would be kept like an edited one."""
    with suppress(JournalWriteError):  # a journal on a read-only disk can still be reported on
        journal.record_workbook(run.number, _digest(path))


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()


def _mark(book: Workbook, journal: JournalStore, run: RunRecord) -> None:
    """Store whose workbook it is: a copy of it under any name is recognised when it is run as a list."""
    mark = WorkbookMark(Path(journal.where).name.removesuffix(".journal.db"), run.id, str(run.number))
    for name, text in properties_of(mark).items():
        properties = book.custom_doc_props  # type: ignore[attr-defined] # which the stubs lack
        properties.append(StringProperty(name=name, value=spreadsheet_string(text)))


@contextmanager
def _new_book(path: Path) -> Iterator[_Book]:
    """A write-only workbook. Closes the sheets of an unsaved one, which would otherwise warn when collected."""
    book = _Book(write_only=True)
    book.beside = path
    book.properties.creator = "campaign"
    try:
        yield book
    finally:
        for sheet in book.worksheets:
            with suppress(OSError, WorkbookAlreadySaved):
                sheet.close()
        for temporary in book.temporary:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


class _Book(Workbook):
    """A workbook whose sheets keep their rows in files beside it, not in the system's temporary folder."""

    beside: Path

    def __init__(self, *, write_only: bool) -> None:
        self.temporary: list[Path] = []
        super().__init__(write_only=write_only)

    def temporary_file(self) -> str:
        """A file for the rows of one sheet, which openpyxl removes once it is in the workbook."""
        made = temporary_beside(self.beside)
        self.temporary.append(made)
        ALL_TEMP_FILES.append(str(made))
        return str(made)


def _add_rows(
    book: _Book,
    layout: SheetLayout,
    cells: StyledCells,
    results: Iterable[RowResult],
    progress: Callable[[int], object],
) -> None:
    """Add a sheet, and further ones when it is full."""
    rows = iter(results)
    sample = list(islice(rows, _LOOKED_AT))
    formats = layout.column_formats(sample)
    rows = chain(sample, rows)
    title, count = layout.title, 1
    while True:
        sheet = _new_sheet(book, title)
        sheet.freeze_panes = "A2"
        sheet.print_title_rows = "1:1"
        for position, column in enumerate(formats, start=1):
            dimension = sheet.column_dimensions[get_column_letter(position)]
            dimension.width, dimension.number_format = column.width, column.number_format
        lines = max(header.count("\n") for header in layout.headers) + 1
        if lines > 1:
            sheet.row_dimensions[1].height = LINE * min(lines, MOST_LINES)
        sheet.append(cells.headers(layout.headers))
        _bound(sheet, layout, _append(sheet, layout, rows, progress))
        following = next(rows, None)
        if following is None:
            return
        rows = chain((following,), rows)
        count += 1
        title = f"{layout.title} {count}"


def _new_sheet(book: _Book, title: str) -> Worksheet:
    """A write-only sheet that is printed in landscape, one page wide."""
    sheet: Worksheet = book.create_sheet(title)  # a WriteOnlyWorksheet, for which the stubs lack attributes

    def get_writer() -> None:
        """As WriteOnlyWorksheet has it, but for the place of the file."""
        if sheet._writer is None:  # type: ignore[attr-defined] # noqa: SLF001
            sheet._writer = WorksheetWriter(sheet, book.temporary_file())  # type: ignore[attr-defined] # noqa: SLF001
            sheet._writer.write_top()  # type: ignore[attr-defined] # noqa: SLF001

    sheet._get_writer = get_writer  # type: ignore[attr-defined] # noqa: SLF001
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = int(Worksheet.PAPERSIZE_A4)
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    return sheet


def _append(sheet: Worksheet, layout: SheetLayout, rows: Iterator[RowResult], progress: Callable[[int], object]) -> int:
    """Append rows until there are no more or the sheet is full; returns the number of the last row."""
    number, size, noted = 1, 0, 1
    for number, result in enumerate(rows, start=2):
        height = layout.height(result)
        if height is not None:
            sheet.row_dimensions[number].height = height
        sheet.append(layout.cells(result))  # type: ignore[arg-type] # the stubs know few of the generators
        sheet.row_dimensions.pop(number, None)  # already written with the row; keeping a million would fill the memory
        size += _about_bytes(result)
        if number - noted == _NOTED:
            progress(_NOTED)
            noted = number
        if number == MOST_ROWS or size > LARGEST_SHEET:
            break
    progress(number - noted)
    return number


def _about_bytes(result: RowResult) -> int:
    characters = len(result.reason) + sum(len(cell.text) for cell in result.cells)
    return _CELL * (len(result.cells) + len(OWN_COLUMNS)) + _CHARACTER * characters


def _bound(sheet: Worksheet, layout: SheetLayout, last: int) -> None:
    """Set the range of the table or of the filter."""
    if last == 1:
        return  # Excel rejects a table without rows
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
    sheet.tables.add(table)  # add_table warns on a write-only sheet, columns or no columns
