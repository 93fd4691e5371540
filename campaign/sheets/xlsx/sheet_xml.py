"""Read the rows of a worksheet from its XML events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from campaign.errors import Problem, RecipientsError
from campaign.sheets.limits import MAX_COLUMNS
from campaign.sheets.xlsx.runs import RunMarks
from campaign.sheets.xlsx.xml_stream import is_true, prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from campaign.sheets.xlsx.runs import Run


class ColumnIndex(dict[str, int]):
    """Column indexes by letters, from 0 for "A"; computed once for each column."""

    def __init__(self, where: str) -> None:
        """Initialize; `where` is the file and sheet, for errors."""
        super().__init__()
        self._where = where

    def __missing__(self, letters: str) -> int:
        number = 0
        for letter in letters.upper():
            if not "A" <= letter <= "Z" or number > MAX_COLUMNS:
                raise self._refusal(letters)
            number = number * 26 + ord(letter) - ord("A") + 1
        if not 0 < number <= MAX_COLUMNS:
            raise self._refusal(letters)
        self[letters] = number - 1
        return number - 1

    def after(self, column: int) -> int:
        """Return the next column, which is that of a cell without a reference.

        Raises:
            RecipientsError: there is no next column.
        """
        if column + 1 >= MAX_COLUMNS:
            raise self._refusal("beyond XFD")
        return column + 1

    def _refusal(self, letters: str) -> RecipientsError:
        what = f"has a cell in a column “{letters[:20]}”, and the columns of a worksheet are A to XFD"
        return RecipientsError(Problem(self._where, what, "save the file again from a spreadsheet program"))


MAX_ROWS = 1_048_576
"""Rows of a worksheet (Microsoft, "Excel specifications and limits")."""

MAX_TEXT_LENGTH = 1_000_000
"""Most characters of a cell; Excel's limit is 32,767."""

UNCALCULATED = "uncalculated"
"""The type that is given to a cell with a formula and no result."""

PICTURE = "picture"
"""The type that is given to a cell that Excel shows a picture in: its value is an error, for programs that do not know
rich values (ECMA-376 part 1, 18.3.1.4, attribute `vm`; Microsoft, [MS-XLSX] 2.3.6, and “Insert picture in cell”)."""

RawCell: TypeAlias = tuple[int, str, str, str]
"""Column from 0, type (attribute `t`), style (attribute `s`, "" if none), stored text."""

_AREAS_KEPT = 10_000
_MAX_REFERENCE_LENGTH = 40


class RawRow(NamedTuple):
    """A row with at least one cell that is not blank.

    Attributes:
        number: its number.
        cells: its cells that are not blank.
        hidden: whether a spreadsheet program does not show it.
        runs: the runs of texts that are formatted in part, by column; None if there are none.
    """

    number: int
    cells: list[RawCell]
    hidden: bool = False
    runs: dict[int, tuple[Run, ...]] | None = None


class SheetProperties:
    """Properties of a worksheet other than its rows; complete once all rows are read.

    Attributes:
        filtered: whether a filter hides rows.
        hidden_columns: whether there are hidden columns.
        merged: number of merged areas.
        areas: references of the first of them, "C2:C3".
    """

    def __init__(self) -> None:
        self.filtered = False
        self.hidden_columns = False
        self.merged = 0
        self.areas: list[str] = []

    def add(self, element: str, attributes: Mapping[str, str]) -> None:
        """Handle an element that is neither row nor cell, by its name without prefix."""
        if element == "mergeCell":
            self.merged += 1
            if self.merged <= _AREAS_KEPT:
                self.areas.append(attributes.get("ref", "")[:_MAX_REFERENCE_LENGTH])
        elif element == "col":
            self.hidden_columns = self.hidden_columns or is_true(attributes.get("hidden"))
        elif element == "sheetPr":
            self.filtered = is_true(attributes.get("filterMode"))


class SheetReader:
    """Collects rows from the XML events of a worksheet. Blank cells, frequent in formatted sheets, take little time.

    Attributes:
        rows: the rows that are complete; the caller removes them.
        cells: the cells of the current row that are not blank.
        row_number: the current row's number.
        blanks: number of empty cells and texts.
        other_tags: number of tags that are not rows, cells or within cells.
        depth: number of open elements.
    """

    def __init__(self, where: str, properties: SheetProperties, *, recalculates: bool) -> None:
        """Initialize for one pass.

        Args:
            where: file and sheet, for errors.
            properties: receives the sheet's properties.
            recalculates: whether formulas are to be calculated when the file is opened.
        """
        self.rows: list[RawRow] = []
        self.cells: list[RawCell] = []
        self.row_number = 0
        self.blanks = 0
        self.other_tags = 0
        self.depth = 0
        self._where = where
        self._properties = properties
        self._recalculates = recalculates
        self._columns = ColumnIndex(where)
        self._cell: dict[str, str] = {}
        self._column = -1
        self._value: list[str] = []
        self._inline: list[str] = []
        self._pieces = self._value  # the one that the current text belongs to
        self._length = 0
        self._length_before = 0
        self._in_text = False
        self._in_hint = False
        self._has_formula = False
        self._hidden = False
        self._marks = RunMarks()
        self._runs: dict[int, tuple[Run, ...]] = {}

    def begin(self, root: str) -> None:
        """Handle the root element; all elements have its prefix."""
        before = self._prefix = prefix(root)
        self._c, self._v, self._row = f"{before}c", f"{before}v", f"{before}row"
        self._f, self._t, self._is, self._hint = f"{before}f", f"{before}t", f"{before}is", f"{before}rPh"
        self._run, self._font = f"{before}r", f"{before}rFont"

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        self.depth += 1
        if name == self._c:
            if not attributes.get("r"):
                self._column = self._columns.after(self._column_index())
            self._cell = attributes
            if self._length:
                self._value.clear()
                self._inline.clear()
                self._length = 0
            self._has_formula = False
        elif name == self._v or name == self._t:  # noqa: PLR1714 - a set is slower, and this runs for every cell
            self._pieces = self._value if name == self._v else self._inline
            self._in_text = not self._in_hint
            self._length_before = self._length
        elif name == self._row:
            self._start_row(attributes)
        elif name == self._f:
            self.blanks += self._has_formula
            self._has_formula = True
        elif name == self._hint:
            self.other_tags += 1
            self._in_hint = True
        elif name == self._is:
            self._length_before = self._length
        else:
            self._start_other(name, attributes)

    def _start_other(self, name: str, attributes: Mapping[str, str]) -> None:
        self.other_tags += 1
        if name == self._run:
            self._marks.start(self._inline)
        elif name == self._font:
            self._marks.set_font(attributes.get("val", ""))
        else:
            self._properties.add(name.removeprefix(self._prefix), attributes)

    def text(self, text: str) -> None:
        """Handle character data."""
        if self._in_text:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > MAX_TEXT_LENGTH:
                what = f"a cell contains more than {MAX_TEXT_LENGTH:,} characters"
                raise RecipientsError(Problem(f"{self._where}, row {self.row_number}", what, "shorten it"))

    def end(self, name: str) -> None:
        """Handle an end tag."""
        self.depth -= 1
        if name == self._c:
            runs = self._marks.take(self._inline) if self._marks.found else ()
            if self._has_formula:
                self._end_formula()
            elif self._length:
                cell = self._cell
                kind = cell.get("t", "n")
                if kind == "e" and "vm" in cell:
                    kind = PICTURE
                self.cells.append((self._column_index(), kind, cell.get("s", ""), self._stored()))
                if runs:
                    self._runs[self.cells[-1][0]] = runs
            else:
                self.blanks += 1
        elif name == self._v or name == self._t:  # noqa: PLR1714 - as above
            self._in_text = False
            self.blanks += self._length == self._length_before
        elif name == self._is:
            self.blanks += self._length == self._length_before
        elif name == self._row:
            self._end_row()
        elif name == self._hint:
            self._in_hint = False

    def _end_row(self) -> None:
        if self.cells:
            self.rows.append(RawRow(self.row_number, self.cells, self._hidden, self._runs or None))
            self.cells = []
            if self._runs:
                self._runs = {}

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        given = attributes.get("r", "")
        number = int(given) if given.isdecimal() and len(given) < 8 else self.row_number + 1
        if not self.row_number < number <= MAX_ROWS:
            what = f"has a row {number:,} after row {self.row_number:,}, and rows are numbered from 1 to {MAX_ROWS:,}"
            raise RecipientsError(Problem(self._where, what, "save the file again from a spreadsheet program"))
        self.row_number = number
        self._cell = {}
        self._column = -1
        self._hidden = is_true(attributes.get("hidden")) or _is_zero(attributes.get("ht"))

    def _column_index(self) -> int:
        """Return the column of the current cell; not called for blank cells."""
        reference = self._cell.get("r")
        return self._columns[reference.rstrip("0123456789")] if reference else self._column

    def _stored(self) -> str:
        """Return the text of the current cell: its value, or its inline text if that is its type or it has no value."""
        value = "".join(self._value)
        if self._inline and (not value or self._cell.get("t") == "inlineStr"):
            return "".join(self._inline)
        return value

    def _end_formula(self) -> None:
        # Libraries that do not calculate omit the result (openpyxl), or write 0 and request calculation on opening
        # (XlsxWriter). A formula that results in an empty text has the type "str" and no text.
        kind, style = self._cell.get("t", "n"), self._cell.get("s", "")
        if kind == "e" and "vm" in self._cell:
            kind = PICTURE
        result = self._stored()
        if result and not (self._recalculates and result == "0"):
            self.cells.append((self._column_index(), kind, style, result))
        elif result or kind != "str":
            self.cells.append((self._column_index(), UNCALCULATED, style, ""))


def _is_zero(height: str | None) -> bool:
    """Whether a row's height is given as 0, which hides the row as well."""
    return height is not None and height[:1] == "0" and not height.strip("0.")
