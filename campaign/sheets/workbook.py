"""Recipients out of an Excel workbook (.xlsx, .xlsm)."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.cell_text import CellText
from campaign.sheets.fingerprint import fingerprint, refuse_change
from campaign.sheets.header_row import find_header_row
from campaign.sheets.limits import Extent
from campaign.sheets.table import columns_of
from campaign.sheets.xlsx.cells import CellReader
from campaign.sheets.xlsx.contents import Contents, read_contents
from campaign.sheets.xlsx.package import Package
from campaign.sheets.xlsx.row_builder import RowBuilder
from campaign.sheets.xlsx.rows import read_rows
from campaign.sheets.xlsx.sheet import RawRow, SheetFacts
from campaign.sheets.xlsx.sheet_choice import choose_sheet, describe_choice, what_else
from campaign.sheets.xlsx.strings import read_strings
from campaign.sheets.xlsx.styles import read_formats

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from campaign.sheets.options import ReadOptions
    from campaign.sheets.table import Column, Row

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
