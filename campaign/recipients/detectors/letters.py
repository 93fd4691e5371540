"""Find text that was typed for a TCVN3 or VNI font by its letters, where no cell tells its font."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign.recipients.found_cells import Fault, FoundCells, finding_of
from campaign.sheets import CHARACTER_SETS, LetterChoice, LetterEvidence, by_letters, choices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from campaign.findings import Finding
    from campaign.recipients.lint import OnRow
    from campaign.recipients.row_batch import RowBatch
    from campaign.sheets import Column


class LetterDetector:
    """Looks at the letters of columns, each of which is decided on as a whole.

    Args:
        columns: the columns that the template uses; no other matters.
        on_row: called with the number of a row and the code of a finding, for each cell of a column known to have it.
    """

    def __init__(self, columns: Iterable[Column], on_row: OnRow | None = None) -> None:
        self._columns = [_ColumnLetters(column, on_row) for column in columns]

    def check(self, batch: RowBatch) -> None:
        """Look at the texts of a batch of rows; costs little where they are in Unicode."""
        for column in self._columns:
            column.check(batch)

    def findings(self) -> Iterator[Finding]:
        """A finding for each character set other than Unicode that columns are in."""
        found = choices([column.evidence for column in self._columns])
        for characters in CHARACTER_SETS:
            columns = [
                (each.column, each.cells[characters])
                for each, choice in zip(self._columns, found, strict=True)
                if choice.characters == characters and each.cells[characters].count
            ]
            if columns:
                fault = Fault("legacy-font", f"is typed for a {characters} font, as its letters show")
                yield finding_of(fault, columns)


class _ColumnLetters:
    def __init__(self, column: Column, on_row: OnRow | None) -> None:
        self.column = column
        self.evidence = LetterEvidence()
        self.cells = {characters: FoundCells() for characters in CHARACTER_SETS}
        self._on_row = on_row

    def check(self, batch: RowBatch) -> None:
        position = self.column.position
        if batch.together(position).isascii():
            return
        texts = batch.texts[position]
        if any(row.fonts for row in batch.rows):  # a cell with such a font is another finding
            texts = tuple("" if row.fonts and row.fonts[position] else row.texts[position] for row in batch.rows)
        for index, found in self.evidence.add_all(texts):
            for characters in found:
                self._note(batch, index, texts[index], characters)

    def _note(self, batch: RowBatch, index: int, text: str, characters: str) -> None:
        cells, row = self.cells[characters], batch.numbers[index]
        remark = "" if cells.count else f"would be “{by_letters(text, LetterChoice(characters))}”"
        cells.note(self.column.letter, row, text, remark, batch.label_beside(self.column))
        if self._on_row is not None and self.evidence.decided == characters:
            self._on_row(row, "legacy-font")
