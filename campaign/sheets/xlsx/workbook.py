"""Open an Excel workbook (.xlsx, .xlsm) and read the rows of one worksheet."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.files import fingerprint, refuse_change
from campaign.sheets.limits import MOST_COLUMNS, Extent
from campaign.sheets.number_format import CellText
from campaign.sheets.table import columns_of, find_header_row
from campaign.sheets.xlsx.cells import CellReader, RowBuilder
from campaign.sheets.xlsx.contents import Contents, choose_sheet, describe_choice, read_contents, what_else
from campaign.sheets.xlsx.package import Limit, Package
from campaign.sheets.xlsx.sheet_xml import RawRow, SheetFacts, SheetReader
from campaign.sheets.xlsx.strings_and_styles import read_formats, read_strings
from campaign.sheets.xlsx.xml_stream import parse, refuse_flood

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from campaign.sheets.table import Column, ReadOptions, Row


_SHEET_LIMIT = Limit(small=200_000_000, growth=40)
"""A million rows of nothing but formatted blank cells grow 25 times; a bomb, a thousand. Cells are counted as well."""

_MOST_PIECES_PER_ROW = 1_000
_MOST_BLANKS = 16_000_000
"""Enough for every row there can be with fifteen formatted blank cells."""

_CELLS_A_ROW_COSTS = 12
_MOST_CELLS_PER_BYTE = 4
_CELLS_TAKEN = 4_000_000
"""So many are taken however tightly they are packed. Of cells that differ in their place alone, each takes two bytes of
a zip file; without a place they pack a thousand times, and a file of 5 MB could keep a machine busy for a minute."""


def read_rows(
    package: Package, part: str, where: str, facts: SheetFacts, *, recalculates: bool
) -> Generator[RawRow, None, None]:
    """Yield the rows of a worksheet that hold something, in the order of the file.

    Args:
        package: the open workbook.
        part: the worksheet's part.
        where: file and sheet, for errors.
        facts: what the sheet says besides its rows is put there on the way.
        recalculates: whether the workbook asks for its formulas to be calculated when it is opened.

    Raises:
        RecipientsError: the sheet is damaged, now or further on.
    """
    reader = SheetReader(where, facts, recalculates=recalculates)
    pieces, row_number, cells = 0, 0, 0
    most_cells = max(_CELLS_TAKEN, _MOST_CELLS_PER_BYTE * package.packed_size(part))
    with package.open(part, _SHEET_LIMIT) as stream:
        for _ in parse(stream, reader, where):
            cells += sum([len(row.cells) + _CELLS_A_ROW_COSTS for row in reader.rows])
            yield from reader.rows
            reader.rows.clear()
            pieces, row_number = (pieces + 1 if reader.row_number == row_number else 0), reader.row_number
            if reader.cells and (pieces > _MOST_PIECES_PER_ROW or len(reader.cells) > 2 * MOST_COLUMNS):
                what = "holds more than any worksheet's row"
                raise RecipientsError(Problem(f"{where}, row {row_number}", what, "save the file again"))
            refuse_flood(reader.strays, where)
            if cells > most_cells:
                what = "holds far more cells than a worksheet of its packed size"
                raise RecipientsError(Problem(where, what, "save the file again from a spreadsheet program"))
            if reader.blanks > _MOST_BLANKS:
                what = f"holds over {_MOST_BLANKS:,} blank cells"
                raise RecipientsError(Problem(where, what, "delete the rows and columns that are not needed"))


_FORMATS_NAMED = 10


class WorkbookSheet:
    """The rows below the header row of one worksheet. The file is open only while it is being read."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        """Read all but the rows: the list of sheets, shared strings, number formats, headers.

        Raises:
            RecipientsError: the file cannot be read as a list of rows under one header.
        """
        self.path = path
        self._fingerprint = fingerprint(path)
        self._header_row = options.header_row
        facts = SheetFacts()
        with Package(path) as package:
            contents = read_contents(package)
            chosen = choose_sheet(contents.sheets, options.sheet, path.name)
            self.sheet: str | None = chosen.name
            self._part = chosen.part
            self._recalculates = contents.recalculates
            self._where = f"{path.name}, sheet “{chosen.name}”"
            self._display = _display(contents, options)
            self._cells, doubt = self._cell_reader(package, contents)
            with closing(self._raw_rows(package, facts)) as raw_rows:
                header = find_header_row(
                    self._displayed(raw_rows),
                    options.header_row,
                    self._where,
                    if_empty=what_else(chosen, contents.sheets),
                )
        self.columns: tuple[Column, ...] = columns_of(header.texts)
        self.header_doubt = header.doubt
        self._said = (describe_choice(chosen, contents.sheets), *filter(None, (doubt, header.doubt)))
        self.notes: tuple[str, ...] = (*self._said, *_said_of(facts))

    def rows(self) -> Iterator[Row]:
        """Every row with something in it, in the order of the sheet. Once all were read, `notes` is complete.

        Raises:
            RecipientsError: the workbook turns out to be damaged on the way, or has changed since it was opened.
        """
        refuse_change(self.path, self._fingerprint)
        facts = SheetFacts()
        builder = RowBuilder(self.columns, self._cells, Extent(self._where, len(self.columns)))
        with Package(self.path) as package, closing(self._raw_rows(package, facts)) as raw_rows:
            for raw in raw_rows:
                if raw.number > self._header_row and (row := builder.build(raw)) is not None:
                    yield row
        self.notes = (*self._said, *_said_of(facts), *_said_of_formats(self._display))

    def _cell_reader(self, package: Package, contents: Contents) -> tuple[CellReader, str]:
        doubt = ""
        try:
            formats = read_formats(package, contents.styles)
        except RecipientsError as error:
            formats = {}
            doubt = f"read without number formats, because the styles cannot be read ({error})"
        strings = read_strings(package, contents.strings)
        return CellReader(strings, formats, self._display, date1904=contents.date1904), doubt

    def _raw_rows(self, package: Package, facts: SheetFacts) -> Generator[RawRow, None, None]:
        return read_rows(package, self._part, self._where, facts, recalculates=self._recalculates)

    def _displayed(self, raw_rows: Iterator[RawRow]) -> Iterator[tuple[int, Sequence[str]]]:
        for number, cells in raw_rows:
            texts = [""] * (max(cell[0] for cell in cells) + 1)
            for column, kind, style, stored in cells:
                texts[column] = self._cells.read(kind, style, stored).text
            yield number, texts


def _display(contents: Contents, options: ReadOptions) -> CellText:
    try:
        return CellText(date1904=contents.date1904, short_date=options.short_date)
    except ValueError as error:
        remedy = "use a date format such as dd/mm/yyyy"
        raise RecipientsError(Problem("short_date", f"“{options.short_date}” is no date format", remedy)) from error


def _said_of(facts: SheetFacts) -> Iterator[str]:
    if facts.filtered:
        yield "a filter is on: the rows it hides are read too"
    elif facts.hidden_rows:
        yield f"{facts.hidden_rows:,} hidden row{' is' if facts.hidden_rows == 1 else 's are'} read too"
    if facts.hidden_columns:
        yield "hidden columns are read too"
    if facts.merged:
        areas = ", ".join(facts.merged_examples)
        more = ", …" if facts.merged > len(facts.merged_examples) else ""
        yield f"merged cells ({areas}{more}): only the first cell of each area holds its text"


def _said_of_formats(display: CellText) -> Iterator[str]:
    unclear = display.not_understood
    for code, example in islice(unclear.items(), _FORMATS_NAMED):
        yield f"the number format “{code}” is not understood: shown as stored, for example {example}"
    if len(unclear) > _FORMATS_NAMED:
        yield f"and {len(unclear) - _FORMATS_NAMED:,} more number formats are not understood"
    if display.follows_system:
        example = next(iter(display.follows_system.values()))
        yield f"some dates follow the computer's settings: shown as {example}; short_date changes that"
