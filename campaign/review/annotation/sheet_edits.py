"""Find the places in a worksheet where columns are added, and what to put there."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, NamedTuple

from campaign.review.annotation.areas import area_of
from campaign.review.annotation.sheet_scan import CellEvents, row_style
from campaign.review.annotation.xml_edits import Edit, encoded, replacement, with_attributes
from campaign.sheets.xlsx.xml_stream import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from campaign.review.annotation.added_cells import AddedCells
    from campaign.review.annotation.marks import Values

_LAST_OF_SPAN = re.compile(r"\d+$")


def find_edits(
    stream: IO[bytes], where: str, cells: AddedCells, values: Callable[[int], Values | None]
) -> Iterator[Edit]:
    """Yield the edits that add columns, in the order of the worksheet.

    Args:
        stream: the part.
        where: the file, for errors.
        cells: makes the XML.
        values: called with the number of each row with cells, in order; returns what to add to it.

    Raises:
        RecipientsError: the worksheet is damaged.
    """
    finder = _EditFinder(where, cells, values)
    for _ in parse(stream, finder, where, attach=finder.attach):
        yield from finder.edits
        finder.edits.clear()


class _OpenEdit(NamedTuple):
    """An edit of a start tag, or of a whole element, whose end is not known yet."""

    start: int
    change: Callable[[bytes], bytes]
    whole: bool = False


class _EditFinder(CellEvents):
    """Finds edits while a worksheet is parsed.

    The end of a start tag, and of an element, is known where the next tag begins: until then it is kept in `_open`.

    Attributes:
        edits: those found so far; the caller removes them.
    """

    def __init__(self, where: str, cells: AddedCells, values: Callable[[int], Values | None]) -> None:
        super().__init__(where)
        self.edits: list[Edit] = []
        self._cells = cells
        self._added = cells.added
        self._values = values
        self._open: _OpenEdit | None = None
        self._row_attributes: Mapping[str, str] = {}
        self._row_tag = (0, 0)
        self._replaced = (-1, -1)  # the cells of this row that give way
        self._styles: list[str] = []  # theirs
        self._has_columns = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        self.depth += 1
        if name == self.cell_tag:
            if not self.column:
                self._row_tag = (self._row_tag[0], self.parser.CurrentByteIndex)
            self.begin_cell(attributes)
            if self.column >= self._added.first:
                self._meet(attributes)
            return
        if self._open is not None and (self.depth == 1 or not self._open.whole):
            self._close(self._open)
        if name == self.row_tag:
            self.begin_row(attributes)
            self._row_attributes = attributes
            self._row_tag = (self.parser.CurrentByteIndex, -1)
            self._replaced = (-1, -1)
        elif self.depth == 1:
            self._add(name.removeprefix(self.prefix), attributes)

    def end(self, name: str) -> None:
        """Handle an end tag."""
        self.depth -= 1
        if name == self.row_tag:
            if self.column:
                self._end_row()
        elif self._open is not None and not self._open.whole:
            self._close(self._open)

    def _meet(self, attributes: Mapping[str, str]) -> None:
        """Note a cell that gives way, or the first one after those."""
        here = self.parser.CurrentByteIndex
        begins, ends = self._replaced
        if begins < 0:
            begins = here
            self._styles = self._blank_styles()
        if self.column <= self._added.last:
            self._styles[self.column - self._added.first] = attributes.get("s", "")
        elif ends < 0:
            ends = here
        self._replaced = (begins, ends)

    def _blank_styles(self) -> list[str]:
        of_row = row_style(self._row_attributes)
        return [of_row or style for style in self._cells.column_styles]

    def _end_row(self) -> None:
        values = self._values(self.row)
        if values is None:
            return
        here = self.parser.CurrentByteIndex
        begins, ends = self._replaced
        styles = self._blank_styles() if begins < 0 else self._styles
        xml = encoded(self._cells.of(self.row, values, styles, whole=begins >= 0))
        if spans := self._row_attributes.get("spans"):
            wider = {"spans": _up_to(spans, self._added.last)}
            self.edits.append(Edit(*self._row_tag, lambda tag: with_attributes(tag, wider)))
        self.edits.append(replacement(here if begins < 0 else begins, here if ends < 0 else ends, xml))

    def _add(self, element: str, attributes: dict[str, str]) -> None:
        """Note an element beside the rows that is changed."""
        here = self.parser.CurrentByteIndex
        if element == "dimension" and (area := area_of(attributes.get("ref", ""))) is not None:
            self._open = _OpenEdit(here, _with_reference(str(area.up_to(self._added.last))))
        elif element == "autoFilter" and self._cells.filter is not None:
            self._open = _OpenEdit(here, _with_reference(str(self._cells.filter)))
        elif element == "cols":
            self._has_columns = True
            self._open = _OpenEdit(here, lambda _: encoded(self._cells.columns), whole=True)
        elif element == "sheetData" and not self._has_columns:
            self.edits.append(replacement(here, here, encoded(self._cells.columns)))

    def _close(self, edit: _OpenEdit) -> None:
        self.edits.append(Edit(edit.start, self.parser.CurrentByteIndex, edit.change))
        self._open = None


def _with_reference(reference: str) -> Callable[[bytes], bytes]:
    return lambda tag: with_attributes(tag, {"ref": reference})


def _up_to(spans: str, column: int) -> str:
    """The columns that a row states to have cells in, such as "1:6", as many as it has by now."""
    last = _LAST_OF_SPAN.search(spans)
    return spans[: last.start()] + str(max(int(last[0]), column)) if last else spans
