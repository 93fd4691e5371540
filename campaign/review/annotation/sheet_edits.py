"""Where a worksheet's XML is to be changed, so that columns are added to it and everything else stays byte by byte."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple

from campaign.errors import Problem, RecipientsError
from campaign.sheets.xlsx.sheet_xml import MAX_ROWS, ColumnIndex
from campaign.sheets.xlsx.xml_stream import parse, prefix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.parsers.expat import XMLParserType

_CONTENTS = ("v", "f", "is")


class Extent(NamedTuple):
    """What a worksheet uses.

    Attributes:
        prefix: what the names of its elements begin with, "" or "x:".
        last_column: the last column with something in it, from 0.
        header_style: the style of the last cell of the header row, "" if none.
        dimension: the reference of its used area, where it states one.
        columns_end: the last column, from 1, whose width is set; 0 if none.
    """

    prefix: str
    last_column: int
    header_style: str
    dimension: str
    columns_end: int


class Edit(NamedTuple):
    """A place in the XML, from one byte to another, and what takes its place: the cells of a row, or an element."""

    start: int
    end: int
    row: int
    element: str = ""


class _Positions:
    """Follows rows and cells of a worksheet; what both readings of it have in common."""

    def __init__(self, where: str, header_row: int) -> None:
        self.depth = 0
        self.row = 0
        self.column = -1
        self.root = ""
        self._header_row = header_row
        self._where = where
        self._columns = ColumnIndex(where)
        self.parser: XMLParserType

    def attach(self, parser: XMLParserType) -> None:
        self.parser = parser

    def begin(self, root: str) -> None:
        self.root = prefix(root)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        kind = name.removeprefix(self.root)
        if kind == "c":
            reference = attributes.get("r")
            letters = reference.rstrip("0123456789") if reference else ""
            self.column = self._columns[letters] if letters else self._columns.after(self.column)
            self.cell(attributes)
        elif kind == "row":
            given = attributes.get("r", "")
            self.row = int(given) if given.isdecimal() and len(given) < 8 else self.row + 1
            self.column = -1
        else:
            self.other(kind, attributes)

    def end(self, name: str) -> None:
        self.depth -= 1
        self.ended(name.removeprefix(self.root))

    def text(self, text: str) -> None:
        pass

    def cell(self, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def other(self, kind: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def ended(self, kind: str) -> None:
        raise NotImplementedError

    def _last_column(self, reference: str) -> int:
        """The last column of an area such as "B2:D5", from 0; -1 where it is none, or above the header row."""
        last = reference.rpartition(":")[2].replace("$", "")
        letters = last.rstrip("0123456789")
        number = last[len(letters) :]
        if not letters or not number or int(number) < self._header_row:
            return -1
        return self._columns[letters]


class ExtentFinder(_Positions):
    """Finds what a worksheet uses."""

    def __init__(self, where: str, header_row: int) -> None:
        """Initialize; `where` is file and sheet, for errors."""
        super().__init__(where, header_row)
        self._last = -1
        self._header_style = ""
        self._style = ""
        self._dimension = ""
        self._columns_end = 0

    def attach(self, parser: XMLParserType) -> None:
        """Refuse XML in an encoding that ASCII cannot be put into."""
        super().attach(parser)

        def declared(_version: str, encoding: str | None, _standalone: int) -> None:
            if encoding and encoding.lower().startswith(("utf-16", "utf16", "ucs", "utf-32")):
                what = f"is written in {encoding}, which no spreadsheet program does"
                raise RecipientsError(Problem(self._where, what, "save it again from a spreadsheet program"))

        parser.XmlDeclHandler = declared

    def cell(self, attributes: dict[str, str]) -> None:
        """Note the style of a cell."""
        self._style = attributes.get("s", "")

    def other(self, kind: str, attributes: dict[str, str]) -> None:
        """Note that a cell has content, and areas."""
        if kind in _CONTENTS:
            self._last = max(self._last, self.column)
            if self.row == self._header_row:
                self._header_style = self._style
        elif kind == "mergeCell":
            self._last = max(self._last, self._last_column(attributes.get("ref", "")))
        elif kind == "dimension":
            self._dimension = attributes.get("ref", "")
        elif kind == "col":
            last = attributes.get("max", "")
            self._columns_end = max(self._columns_end, int(last) if last.isdecimal() else MAX_ROWS)

    def ended(self, kind: str) -> None:
        """Need nothing of the end of an element."""

    @property
    def extent(self) -> Extent:
        """What the worksheet uses, once all of it is read."""
        return Extent(
            self.root,
            self._last,
            self._header_style,
            self._dimension,
            self._columns_end,
        )


class EditFinder(_Positions):
    """Finds the places where something is added.

    Attributes:
        edits: those found so far; the caller removes them.
    """

    def __init__(self, where: str, header_row: int, extent: Extent, elements: dict[str, str]) -> None:
        """Initialize.

        Args:
            where: file and sheet, for errors.
            header_row: the row of the headers.
            extent: what the worksheet uses.
            elements: what to put in the place of `dimension`, at the end of `cols`, or before `sheetData`.
        """
        super().__init__(where, header_row)
        self.edits: list[Edit] = []
        self._first = extent.last_column + 1
        self._elements = elements
        self._begun = -1  # where the cells of this row begin that give way
        self._over = -1  # where they end
        self._replaced = -1  # where an element begins whose place another one takes

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Handle a start tag; what was begun ends there."""
        if self._replaced >= 0:
            self.edits.append(Edit(self._replaced, self.parser.CurrentByteIndex, 0, self._elements["dimension"]))
            self._replaced = -1
        if name.removeprefix(self.root) == "row":
            self._begun = self._over = -1
        super().start(name, attributes)

    def cell(self, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as declared
        """Note the first cell in the place of an added one, and the first after those."""
        if self.column >= self._first and self._begun < 0:
            self._begun = self.parser.CurrentByteIndex
        if self.column >= self._first + 3 and self._over < 0:
            self._over = self.parser.CurrentByteIndex

    def other(self, kind: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - as declared
        """Note elements that are replaced or extended."""
        if kind == "dimension" and "dimension" in self._elements:
            self._replaced = self.parser.CurrentByteIndex
        elif kind == "sheetData" and "sheetData" in self._elements:
            here = self.parser.CurrentByteIndex
            self.edits.append(Edit(here, here, 0, self._elements["sheetData"]))

    def ended(self, kind: str) -> None:
        """Note the end of a row, and of the widths."""
        here = self.parser.CurrentByteIndex
        if kind == "row" and self.row >= self._header_row and self.column >= 0:
            over = self._over if self._over >= 0 else here
            self.edits.append(Edit(self._begun if self._begun >= 0 else here, over, self.row))
        elif kind == "cols" and "cols" in self._elements:
            self.edits.append(Edit(here, here, 0, self._elements["cols"]))


def find_extent(stream: IO[bytes], where: str, header_row: int) -> Extent:
    """Read what a worksheet uses.

    Raises:
        RecipientsError: it is damaged.
    """
    finder = ExtentFinder(where, header_row)
    for _ in parse(stream, finder, where, attach=finder.attach):
        pass
    return finder.extent


def find_edits(stream: IO[bytes], finder: EditFinder, where: str) -> Iterator[Edit]:
    """Yield the places where something is added, in the order of the XML.

    Raises:
        RecipientsError: the worksheet is damaged.
    """
    for _ in parse(stream, finder, where, attach=finder.attach):
        yield from finder.edits
        finder.edits.clear()


def no_room(where: str) -> RecipientsError:
    """The error of a worksheet whose last columns are in use."""
    what = "uses the last columns that a worksheet can have, so that none can be added"
    return RecipientsError(Problem(where, what, "delete what stands far to the right of the list"))
