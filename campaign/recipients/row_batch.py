"""Some rows of a list with their cells by column: most columns can be looked at as a whole."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from campaign.recipients.labels import label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from campaign.recipients.found_cells import LabelOf
    from campaign.sheets import CellValue, Column, Row


class RowBatch:
    """Some rows, at least one.

    Attributes:
        rows: the rows.
    """

    def __init__(self, rows: Sequence[Row], label: Column | None = None) -> None:
        """Take rows.

        Args:
            rows: the rows, of one list.
            label: the column by whose text they are called; None: by their number alone.
        """
        self.rows = rows
        self._label = label
        self._together: dict[int, str] = {}

    @cached_property
    def numbers(self) -> list[int]:
        """The numbers of the rows."""
        return [row.number for row in self.rows]

    @cached_property
    def texts(self) -> list[tuple[str, ...]]:
        """The texts of each column."""
        return list(zip(*[row.texts for row in self.rows], strict=True))

    @cached_property
    def values(self) -> list[tuple[CellValue, ...]]:
        """The values of each column as stored; the texts themselves in a CSV without blank cells."""
        if all([row.values is row.texts for row in self.rows]):  # noqa: C419 - a list is faster
            return list(self.texts)
        return list(zip(*[row.values for row in self.rows], strict=True))

    def together(self, position: int) -> str:
        """The texts of a column as one text, to be searched for what few texts have."""
        text = self._together.get(position)
        if text is None:
            text = self._together[position] = "\n".join(self.texts[position])
        return text

    @cached_property
    def _by_number(self) -> dict[int, Row]:
        return {row.number: row for row in self.rows}

    def label_beside(self, column: Column) -> LabelOf | None:
        """What returns the label of a row for its cell in a column; None where the cell itself is the label."""
        return None if self._label is None or column == self._label else self.label

    def label(self, number: int) -> str:
        """What a row is called besides its number; "" for nothing."""
        return "" if self._label is None else label_of(self._by_number[number], self._label)
