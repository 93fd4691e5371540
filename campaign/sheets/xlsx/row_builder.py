"""From a row as it is stored to a row of recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.errors import Problem
from campaign.sheets.table import CellValue, Column, Row
from campaign.sheets.xlsx.styles import GENERAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.sheets.limits import Extent
    from campaign.sheets.xlsx.cells import CellReader
    from campaign.sheets.xlsx.sheet import RawRow


class RowBuilder:
    """Puts the cells of a row under their columns. Cells beyond the last column with a header are left out."""

    def __init__(self, columns: Sequence[Column], cells: CellReader, extent: Extent) -> None:
        self._columns = columns
        self._cells = cells
        self._extent = extent

    def build(self, raw: RawRow) -> Row | None:
        """Give the row, or None if nothing in it can be seen.

        Raises:
            RecipientsError: the sheet is blank, or full of text, beyond all measure.
        """
        columns, cells = self._columns, self._cells
        self._extent.count(len(raw.cells))
        width = len(columns)
        texts = [""] * width
        values: list[CellValue] = [None] * width
        formats = [GENERAL] * width
        problems: list[Problem] = []
        for column, kind, style, stored in raw.cells:
            if column >= width:
                continue
            if style:
                formats[column] = cells.format_of(style)
            plain = cells.plain_text(kind, style, stored)
            if plain is not None:
                texts[column] = values[column] = plain
                continue
            values[column], texts[column], wrong, remedy = cells.read(kind, style, stored)
            if wrong:
                problems.append(Problem(f"{columns[column].letter}{raw.number}", wrong, remedy))
        together = "".join(texts)
        self._extent.show(len(together))
        if not problems and not together.strip():
            return None
        return Row(raw.number, tuple(texts), tuple(values), tuple(formats), tuple(problems))
