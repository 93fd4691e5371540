"""The results workbook: the outcome of every row, read from the journal."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from campaign.atomic_write import write_atomically
from campaign.errors import Problem, ResultsError
from campaign.journal import State
from campaign.recipients.to_fix import DOUBT_TITLE, FIX_TITLE, WorkbookMark, properties_of
from campaign.review.next_steps import is_delivered_elsewhere
from campaign.review.own_files import replacing_own
from campaign.review.phrases import DOUBTFUL, TO_FIX
from campaign.review.workbook.cell_xml import CellXml
from campaign.review.workbook.cells import spreadsheet_string
from campaign.review.workbook.data_sheet import DataSheet, RowXml, save
from campaign.review.workbook.sheet_layouts import LINE, MOST_LINES, ResultsLayout, ToFixLayout
from campaign.review.workbook.summary_sheet import fill_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from campaign.journal import JournalStore, RowResult, RunRecord
    from campaign.review.workbook.sheet_layouts import SheetLayout

_LOOKED_AT = 100
"""Rows that decide the widths and formats of the columns."""
_NOTED = 1000
_COMPRESSION = 1
"""Of zlib: the default level takes twice the time, for a file that is a seventh smaller."""


def write_results(
    journal: JournalStore, run: RunRecord, path: Path, progress: Callable[[int], object] = lambda _rows: None
) -> Path:
    """Write the results workbook of a run.

    Rows are written as they are read, so memory does not grow with their number.

    Args:
        journal: the journal that contains the run.
        run: the run.
        path: the workbook. An existing file is replaced if it is still as this journal's campaign wrote it.
        progress: called with the number of the run's rows written since its last call.

    Returns:
        The file that was written: a numbered name beside `path` if that file is not campaign's, was edited or is open
        in Excel.

    Raises:
        ResultsError: the folder is not writable or the disk is full.
        JournalError: the journal cannot be read.
    """

    def write(file: BinaryIO) -> None:
        with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive:
            _write_sheets(journal, run, archive, progress)

    try:
        return write_atomically(path, write, **replacing_own(journal, run))
    except OSError as error:
        raise _cannot_write(path, error) from error


def _write_sheets(journal: JournalStore, run: RunRecord, archive: ZipFile, progress: Callable[[int], object]) -> None:
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "campaign"
    front = _new_sheet(book, "Summary")
    under_way = is_delivered_elsewhere(journal, journal.tally(run.number))
    fill_summary(front, journal, run, under_way=under_way)
    cells = CellXml(front, under_way=under_way)
    layouts: list[tuple[SheetLayout, tuple[State, ...]]] = [
        (ResultsLayout(run, cells), ()),
        (ToFixLayout(run, cells, DOUBT_TITLE), (State.IN_DOUBT,) if under_way else DOUBTFUL),
        (ToFixLayout(run, cells, FIX_TITLE), TO_FIX),
    ]
    sheets: list[Worksheet] = []
    for layout, states in layouts:
        found = journal.results(run.number, states)
        rows = found if states else _counted(found, progress)
        sheets += _add_rows(book, archive, layout, cells, rows)
    _mark(book, journal, run)
    save(book, archive, sheets)


def _cannot_write(path: Path, error: OSError) -> ResultsError:
    remedy = "make its folder"
    if path.parent.is_dir():
        remedy = "make room or give write access"
    what = f"the results workbook cannot be written ({error.strerror or error})"
    return ResultsError(Problem(str(path), what, f"{remedy}, then `campaign results` writes it from the journal"))


def _mark(book: Workbook, journal: JournalStore, run: RunRecord) -> None:
    """Store whose workbook it is, and of when: a copy of it under any name is recognised when it is run as a list."""
    sent = journal.tally(run.number).count(State.SENT, State.DELETED)
    mark = WorkbookMark(journal.name, run.id, str(run.number), str(sent))
    for name, text in properties_of(mark).items():
        properties = book.custom_doc_props  # type: ignore[attr-defined] # which the stubs lack
        properties.append(StringProperty(name=name, value=spreadsheet_string(text)))


def _add_rows(
    book: Workbook,
    archive: ZipFile,
    layout: SheetLayout,
    cells: CellXml,
    results: Iterable[RowResult],
) -> list[Worksheet]:
    """Write a sheet, and further ones when it is full."""
    rows = iter(results)
    sample = list(islice(rows, _LOOKED_AT))
    formats = layout.column_formats(sample)
    lines = max(header.count("\n") for header in layout.headers) + 1
    header = RowXml(list(map(cells.header, layout.headers)), LINE * min(lines, MOST_LINES) if lines > 1 else None)
    remaining = chain(sample, rows)
    sheets: list[Worksheet] = []
    following = next(remaining, None)
    while following is not None or not sheets:
        title = f"{layout.title} {len(sheets) + 1}" if sheets else layout.title
        sheet = _new_sheet(book, title)
        sheet.freeze_panes = layout.frozen
        sheet.print_title_rows = "1:1"
        for position, column in enumerate(formats, start=1):
            dimension = sheet.column_dimensions[get_column_letter(position)]
            dimension.width, dimension.number_format = column.width, column.number_format
        sheets.append(sheet)
        rest = remaining if following is None else chain((following,), remaining)
        written = DataSheet(archive, sheet, layout.headers, is_table=layout.is_table)
        written.write(len(book.worksheets), header, map(layout.row, rest))
        following = next(remaining, None)
    return sheets


def _new_sheet(book: Workbook, title: str) -> Worksheet:
    """A sheet that is printed in landscape, one page wide."""
    sheet: Worksheet = book.create_sheet(title)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = int(Worksheet.PAPERSIZE_A4)
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    return sheet


def _counted(results: Iterable[RowResult], progress: Callable[[int], object]) -> Iterator[RowResult]:
    """The rows, with the progress told every thousand of them."""
    number = 0
    for number, result in enumerate(results, start=1):
        yield result
        if number % _NOTED == 0:
            progress(_NOTED)
    progress(number % _NOTED)
