"""The rows of a worksheet, one after the other, within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem, RecipientsError
from campaign.sheets.limits import MOST_COLUMNS
from campaign.sheets.xlsx.package import Limit
from campaign.sheets.xlsx.sheet import RawRow, SheetFacts, SheetReader
from campaign.sheets.xlsx.xml_stream import parse, refuse_flood

if TYPE_CHECKING:
    from collections.abc import Generator

    from campaign.sheets.xlsx.package import Package

_LIMIT = Limit(small=200_000_000, growth=40)
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
    with package.open(part, _LIMIT) as stream:
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
