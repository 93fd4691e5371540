"""Open an Excel workbook (.xlsx, .xlsm) and read the rows of one worksheet."""

from __future__ import annotations

from contextlib import closing, suppress
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.facts import MergedAreas, SheetFacts
from campaign.sheets.files import check_unchanged, fingerprint
from campaign.sheets.header_row import find_header_row
from campaign.sheets.limits import MAX_COLUMNS, TableLimits
from campaign.sheets.number_format import CellText
from campaign.sheets.starts import SEARCHED_DEPTH, SEARCHED_ROWS, SheetStart
from campaign.sheets.table import columns_of
from campaign.sheets.xlsx.cells import CellReader, RowBuilder
from campaign.sheets.xlsx.contents import (
    Contents,
    choose_sheet,
    describe_choice,
    empty_sheet_remedy,
    read_contents,
)
from campaign.sheets.xlsx.package import Package, PartLimit
from campaign.sheets.xlsx.sheet_xml import MAX_ROWS, RawRow, SheetProperties, SheetReader
from campaign.sheets.xlsx.strings import read_strings
from campaign.sheets.xlsx.styles import Styles, read_styles
from campaign.sheets.xlsx.xml_stream import check_tag_count, parse

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from campaign.sheets.table import Column, ReadOptions, Row


_SHEET_LIMIT = PartLimit(free_bytes=200_000_000, max_ratio=40)
"""A million rows of formatted blank cells unpack to 25 times their size, a zip bomb to 1,000 times."""

_MAX_CHUNKS_PER_ROW = 1_000
_MAX_BLANKS = 16_000_000
"""Enough for the largest worksheet with fifteen formatted blank cells in each row."""

_ROW_COST = 12  # in cells
_MAX_CELLS_PER_BYTE = 4
_FREE_CELLS = 4_000_000
"""Cells that are accepted at any compression ratio. A cell with a reference takes at least two bytes of a zip file;
cells without one compress a thousandfold, and a file of 5 MB could take a minute to read."""


def read_rows(
    package: Package,
    part: str,
    where: str,
    properties: SheetProperties,
    *,
    recalculates: bool,
    last: int = MAX_ROWS,
) -> Generator[RawRow, None, None]:
    """Yield the rows of a worksheet that are not blank, in the order of the file.

    Args:
        package: the open workbook.
        part: the worksheet's part.
        where: file and sheet, for errors.
        properties: receives the sheet's properties while it is read.
        recalculates: whether formulas are to be calculated when the file is opened.
        last: number of a row; reading ends some rows after it.

    Raises:
        RecipientsError: the sheet is damaged or too large.
    """
    reader = SheetReader(where, properties, recalculates=recalculates)
    chunks, row_number, cells = 0, 0, 0
    most_cells = max(_FREE_CELLS, _MAX_CELLS_PER_BYTE * package.packed_size(part))
    with package.open(part, _SHEET_LIMIT) as stream:
        for _ in parse(stream, reader, where):
            cells += sum([len(row.cells) + _ROW_COST for row in reader.rows])
            yield from reader.rows
            reader.rows.clear()
            chunks, row_number = (chunks + 1 if reader.row_number == row_number else 0), reader.row_number
            if reader.cells and (chunks > _MAX_CHUNKS_PER_ROW or len(reader.cells) > 2 * MAX_COLUMNS):
                what = "has more cells than a row can have"
                raise RecipientsError(Problem(f"{where}, row {row_number}", what, "save the file again"))
            check_tag_count(reader.other_tags, where)
            if cells > most_cells:
                what = "contains too many cells for its packed size"
                raise RecipientsError(Problem(where, what, "save the file again from a spreadsheet program"))
            if reader.blanks > _MAX_BLANKS:
                what = f"contains over {_MAX_BLANKS:,} blank cells"
                raise RecipientsError(Problem(where, what, "delete the rows and columns that are not needed"))
            if reader.row_number > last:
                return


_MAX_FORMATS_LISTED = 10

_SHEETS_SEARCHED, _CELLS_SEARCHED = 50, 300_000
"""Most sheets in which headers are looked for, and cells of their first rows."""


class WorkbookSheet:
    """The rows below the header row of one worksheet. The file is open only while it is read."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        """Read the list of sheets, the shared strings, the number formats and the headers.

        Raises:
            RecipientsError: the file cannot be read as rows under one header row.
        """
        self.path = path
        self._fingerprint = fingerprint(path)
        self._header_row = options.header_row
        properties = SheetProperties()
        with Package(path) as package:
            contents = read_contents(package)
            chosen = choose_sheet(contents.sheets, options.sheet, path.name)
            self.sheet: str | None = chosen.name
            others = [sheet for sheet in contents.sheets if not sheet.hidden and sheet is not chosen]
            self._searched = [chosen, *others][:_SHEETS_SEARCHED]
            self._part = chosen.part
            self._contents = contents
            self._where = f"{path.name}, sheet “{chosen.name}”"
            self._display = _display(contents, options)
            self._cells, format_note = self._cell_reader(package, contents)
            with closing(self._raw_rows(package, properties)) as raw_rows:
                header_row = _Noted(raw_rows, options.header_row)
                header = find_header_row(
                    ((raw.number, self._texts(raw)) for raw in header_row),
                    options.header_row,
                    self._where,
                    if_empty=empty_sheet_remedy(chosen, contents.sheets),
                )
        self._shown_headers = self._as_shown(header_row.noted, header.texts)
        self._named = options.sheet is not None
        self._properties = properties
        self.columns: tuple[Column, ...] = columns_of(header.texts)
        self.header_warning = header.warning
        self._fixed_notes = (describe_choice(chosen, contents.sheets), *filter(None, (format_note, header.warning)))
        self.notes: tuple[str, ...] = self._fixed_notes

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank, in the order of the sheet; `notes` is complete once all are read.

        Raises:
            RecipientsError: the workbook is damaged further down, or has changed since it was opened.
        """
        check_unchanged(self.path, self._fingerprint)
        properties = SheetProperties()
        builder = RowBuilder(self.columns, self._cells, TableLimits(self._where, len(self.columns)))
        with Package(self.path) as package, closing(self._raw_rows(package, properties)) as raw_rows:
            for raw in raw_rows:
                if raw.number > self._header_row and (row := builder.build(raw)) is not None:
                    yield row
        self._properties = properties
        hidden = ("hidden columns are read too",) if properties.hidden_columns else ()
        self.notes = (*self._fixed_notes, *hidden, *_format_notes(self._display))

    @property
    def facts(self) -> SheetFacts:
        """What reading found out so far; merged areas stand after the rows of a sheet."""
        found = self._properties
        merged = MergedAreas(found.areas)
        active, shown = self._contents.active, self._shown_headers
        return SheetFacts(None, self._named, active, merged, found.filtered, shown)

    def starts(self) -> Iterator[SheetStart]:
        """Yield the first rows of this sheet, then those of the other visible ones, unless they are damaged.

        Text of legacy fonts is in Unicode.
        """
        cells = 0
        with Package(self.path) as package:
            for sheet in self._searched:
                rows: list[tuple[int, Sequence[str]]] = []
                with suppress(RecipientsError), closing(self._searched_rows(package, sheet.part)) as raw_rows:
                    for raw in islice(raw_rows, SEARCHED_ROWS):
                        texts = self._texts(raw)
                        rows.append((raw.number, self._as_shown(raw, texts) or texts))
                        cells += len(texts)
                        if cells > _CELLS_SEARCHED:
                            break
                yield SheetStart(sheet.name, rows)
                if cells > _CELLS_SEARCHED:
                    return

    def _searched_rows(self, package: Package, part: str) -> Generator[RawRow, None, None]:
        properties = SheetProperties()
        rows = read_rows(
            package, part, self._where, properties, recalculates=self._contents.recalculates, last=SEARCHED_DEPTH
        )
        yield from takewhile(lambda row: row.number <= SEARCHED_DEPTH, rows)

    def _cell_reader(self, package: Package, contents: Contents) -> tuple[CellReader, str]:
        try:
            styles = read_styles(package, contents.styles)
        except RecipientsError as error:
            styles = Styles()
            styles.note = f"read without number formats, because the styles cannot be read ({error})"
        strings = read_strings(package, contents.strings, has_legacy_fonts=bool(styles.fonts))
        return CellReader(strings, styles, self._display, date1904=contents.date1904), styles.note

    def _raw_rows(self, package: Package, properties: SheetProperties) -> Generator[RawRow, None, None]:
        return read_rows(package, self._part, self._where, properties, recalculates=self._contents.recalculates)

    def _texts(self, raw: RawRow) -> list[str]:
        texts = [""] * (max(cell[0] for cell in raw.cells) + 1)
        for column, kind, style, stored in raw.cells:
            texts[column] = self._cells.read(kind, style, stored).text
        return texts

    def _as_shown(self, raw: RawRow | None, texts: Sequence[str]) -> tuple[str, ...]:
        """The texts of a row in Unicode; () where none of them is in a legacy font that shows another one."""
        if raw is None or not (raw.runs or self._cells.has_legacy_fonts):
            return ()
        shown = list(texts)
        for cell in raw.cells:
            runs = raw.runs.get(cell[0], ()) if raw.runs else ()
            shown[cell[0]] = self._cells.as_shown(cell, texts[cell[0]], runs)[1]
        return tuple(shown) if shown != list(texts) else ()


class _Noted:
    """Rows, of which the one with a given number is noted."""

    def __init__(self, rows: Iterator[RawRow], number: int) -> None:
        self._rows = rows
        self._number = number
        self.noted: RawRow | None = None

    def __iter__(self) -> Iterator[RawRow]:
        for raw in self._rows:
            if raw.number == self._number:
                self.noted = raw
            yield raw


def _display(contents: Contents, options: ReadOptions) -> CellText:
    try:
        return CellText(date1904=contents.date1904, short_date=options.short_date)
    except ValueError as error:
        remedy = "use a date format such as dd/mm/yyyy"
        raise RecipientsError(Problem("short_date", f"“{options.short_date}” is not a date format", remedy)) from error


def _format_notes(display: CellText) -> Iterator[str]:
    unclear = display.not_understood
    for code, example in islice(unclear.items(), _MAX_FORMATS_LISTED):
        yield f"the number format “{code}” is not understood: shown as stored, for example {example}"
    if len(unclear) > _MAX_FORMATS_LISTED:
        yield f"and {len(unclear) - _MAX_FORMATS_LISTED:,} more number formats are not understood"
    if display.follows_system:
        example = next(iter(display.follows_system.values()))
        yield f"some dates follow the computer's settings: shown as {example}; short_date changes that"
