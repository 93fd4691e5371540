"""Find out what a worksheet uses, before columns are added to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from campaign.review.annotation.areas import Area, area_of
from campaign.review.annotation.xml_edits import check_encoding
from campaign.sheets.xlsx.sheet_xml import ColumnIndex
from campaign.sheets.xlsx.xml_stream import is_true, local, parse, prefix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.parsers.expat import XMLParserType

    from campaign.review.annotation.formulas import FormulaColumns

_RULES = frozenset(["conditionalFormatting", "dataValidation"])
_COMPARING = frozenset(["colorScale", "dataBar", "iconSet", "top10", "aboveAverage"])
"""Rules that compare the numbers of their area: one more can change how all others look (ECMA-376-1, 18.18.12)."""
_RULE_FORMULAS = frozenset(["formula", "formula1", "formula2", "f"])
"""The last is that of an extension, such as a sparkline."""


@dataclass
class SheetUse:
    """What a worksheet uses.

    Attributes:
        prefix: what the names of its elements begin with, "" or "x:".
        last_column: the last column, from 1, with something in it from the header row on.
        header_style: the style of the last header; "" if none.
        filter: the area of its filter; "" if none.
        columns: the attributes of the columns whose width or style is set.
        default_width: the width of the others, in characters.
        blank_styles: the styles of its blank cells, and the last column that has each.
        row_styles: the styles of its rows.
    """

    prefix: str = ""
    last_column: int = 0
    header_style: str = ""
    filter: str = ""
    columns: list[dict[str, str]] = field(default_factory=list)
    default_width: float = 9.14
    blank_styles: dict[str, int] = field(default_factory=dict)
    row_styles: set[str] = field(default_factory=set)

    def column_attributes(self, column: int) -> Mapping[str, str]:
        """What is set for a column, from 1."""
        return next((each for each in self.columns if int(each["min"]) <= column <= int(each["max"])), {})


def scan_sheet(stream: IO[bytes], where: str, formulas: FormulaColumns, header_row: int) -> SheetUse:
    """Read what a worksheet uses.

    Args:
        stream: the part.
        where: the file, for errors.
        formulas: gets its formulas.
        header_row: the row of the headers.

    Raises:
        RecipientsError: it is damaged.
        ResultsError: nothing can be added to it.
    """
    check_encoding(stream.read(4), where)
    stream.seek(0)
    scan = _Scan(where, formulas, header_row)
    for _ in parse(stream, scan, where, attach=scan.attach):
        pass
    return scan.use


def row_style(attributes: Mapping[str, str]) -> str:
    """The style that the blank cells of a row have; "" if none."""
    return attributes.get("s", "") if is_true(attributes.get("customFormat")) else ""


class CellEvents:
    """Follows the rows and cells of a worksheet.

    Attributes:
        depth: number of open elements.
        row: the number of the current row.
        column: the column of the current cell, from 1; 0 before the first one of a row.
    """

    def __init__(self, where: str) -> None:
        """Initialize; `where` is the file, for errors."""
        self.depth = 0
        self.row = self.column = 0
        self.cell_tag = self.row_tag = ""
        self.prefix = ""
        self.parser: XMLParserType
        self._columns = ColumnIndex(where)

    def attach(self, parser: XMLParserType) -> None:
        """Use a parser."""
        self.parser = parser

    def begin(self, root: str) -> None:
        """Handle the root element; all elements have its prefix."""
        self.parser.CharacterDataHandler = None  # a call for every value takes time
        self.prefix = prefix(root)
        self.cell_tag, self.row_tag = f"{self.prefix}c", f"{self.prefix}row"

    def text(self, text: str) -> None:
        """Need no text."""

    def begin_cell(self, attributes: Mapping[str, str]) -> None:
        """Find the column of a cell."""
        reference = attributes.get("r")
        letters = reference.rstrip("0123456789") if reference else ""
        self.column = (self._columns[letters] if letters else self._columns.after(self.column - 1)) + 1

    def begin_row(self, attributes: Mapping[str, str]) -> None:
        """Find the number of a row."""
        given = attributes.get("r", "")
        self.row = int(given) if given.isdecimal() and len(given) < 8 else self.row + 1
        self.column = 0


class _Scan(CellEvents):
    def __init__(self, where: str, formulas: FormulaColumns, header_row: int) -> None:
        super().__init__(where)
        self.use = SheetUse()
        self._formulas = formulas
        self._header_row = header_row
        self._style = ""
        self._is_blank = True
        self._contents: frozenset[str] = frozenset()
        self._formula_tag = ""
        self._end_tag = ""  # of the formula that is read
        self._formula: list[str] = []
        self._shared = 0
        self._areas: list[Area] = []  # of the rule that is read

    def begin(self, root: str) -> None:
        super().begin(root)
        self.use.prefix = self.prefix
        self._formula_tag = f"{self.prefix}f"
        self._contents = frozenset([self._formula_tag, f"{self.prefix}v", f"{self.prefix}is"])

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if name == self.cell_tag:
            self.begin_cell(attributes)
            self._style = attributes.get("s", "")
            self._is_blank = True
        elif name in self._contents:
            self._is_blank = False
            if name == self._formula_tag:
                area = area_of(attributes.get("ref", ""))
                self._begin_formula(name, area.last_column - area.first_column if area else 0)
                self._use_up_to(attributes.get("ref", ""))
        elif name == self.row_tag:
            self.begin_row(attributes)
            if style := row_style(attributes):
                self.use.row_styles.add(style)
        elif (element := local(name)) in _RULE_FORMULAS:
            self._begin_formula(name, self._further_columns())
        else:
            self._add(element, attributes)

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == self._end_tag:
            self._end_tag = ""
            self.parser.CharacterDataHandler = None
            self._formulas.add("".join(self._formula), self._shared)
        if name != self.cell_tag or self.row < self._header_row:
            return
        use = self.use
        if not self._is_blank:
            use.last_column = max(use.last_column, self.column)
            if self.row == self._header_row:
                use.header_style = self._style
        elif self._style:
            use.blank_styles[self._style] = max(use.blank_styles.get(self._style, 0), self.column)

    def text(self, text: str) -> None:
        self._formula.append(text)

    def _begin_formula(self, tag: str, shared: int) -> None:
        self._formula.clear()
        self._end_tag, self._shared = tag, shared
        self.parser.CharacterDataHandler = self.text

    def _further_columns(self) -> int:
        """Over how many further columns in use a rule applies; its elements come after the rows."""
        used = self.use.last_column
        return max((min(area.last_column, used) - area.first_column for area in self._areas), default=0)

    def _add(self, element: str, attributes: dict[str, str]) -> None:
        if element == "mergeCell":
            self._use_up_to(attributes.get("ref", ""))
        elif element in _RULES:
            self._areas = [area for each in attributes.get("sqref", "").split() if (area := area_of(each)) is not None]
        elif element == "cfRule" and attributes.get("type") in _COMPARING:
            for area in self._areas:
                self._formulas.note(area.last_column)
        elif element == "col":
            if attributes.get("min", "").isdecimal() and attributes.get("max", "").isdecimal():
                self.use.columns.append(attributes)
        elif element == "autoFilter" and self.depth == 1:  # within a custom view it is another one
            self.use.filter = attributes.get("ref", "")
        elif element == "sheetFormatPr":
            width = attributes.get("defaultColWidth", "")
            if width.replace(".", "", 1).isdecimal():
                self.use.default_width = float(width)

    def _use_up_to(self, reference: str) -> None:
        area = area_of(reference)
        if area is not None and area.last_row >= self._header_row:
            self.use.last_column = max(self.use.last_column, area.last_column)
