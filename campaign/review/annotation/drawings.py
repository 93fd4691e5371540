"""Where the charts and pictures of a worksheet are, so that no column is added beneath one."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple

from campaign.sheets.xlsx.xml_stream import is_true, local, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from campaign.review.annotation.sheet_scan import SheetUse

_EMU_PER_CHARACTER = 7 * 9525
"""English Metric Units of a column that is one character wide, where a digit of the font is 7 pixels wide."""

_ANCHORS = {"twoCellAnchor", "oneCellAnchor", "absoluteAnchor"}
_NUMBERS = {"col", "row", "colOff"}


class Place(NamedTuple):
    """The columns that a drawing covers, from 1, the last one included."""

    first: int
    last: int


def free_column(start: int, count: int, places: Iterable[Place]) -> int:
    """The first column from `start` on with so many columns that no drawing covers."""
    for place in sorted(places):
        if place.first < start + count and place.last >= start:
            start = place.last + 1
    return start


def places_of(stream: IO[bytes], use: SheetUse, where: str, header_row: int) -> set[Place]:
    """Find the drawings of a worksheet that reach down to the header row.

    Args:
        stream: the part with the drawings.
        use: what the worksheet uses: the widths of its columns.
        where: the file, for errors.
        header_row: the row of the headers.

    Raises:
        RecipientsError: the part is damaged.
    """
    anchors = _Anchors(use, header_row)
    for _ in parse(stream, anchors, where):
        pass
    return anchors.places


class _Anchors:
    """Collects places while a part is parsed (ECMA-376-1, 20.5.2.1, 20.5.2.24 and 20.5.2.33)."""

    def __init__(self, use: SheetUse, header_row: int) -> None:
        self.depth = 0
        self.places: set[Place] = set()
        self._use = use
        self._header_row = header_row
        self._anchor = -1  # the depth of the current one
        self._corner = "from"
        self._corners: dict[tuple[str, str], int] = {}
        self._text: list[str] = []

    def begin(self, root: str) -> None:
        pass

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        kind = local(name)
        if kind in _ANCHORS:
            self._anchor = self.depth
            self._corners = {}
        elif self.depth == self._anchor + 1:
            self._corner = kind
            for key in ("cx", "x"):
                if key in attributes:
                    self._note(key, attributes[key])
        self._text.clear()

    def end(self, name: str) -> None:
        kind = local(name)
        if kind in _NUMBERS and self.depth == self._anchor + 2:
            self._note(kind, "".join(self._text))
        elif kind in _ANCHORS:
            self._end_anchor()
        self.depth -= 1

    def text(self, text: str) -> None:
        self._text.append(text)

    def _note(self, kind: str, text: str) -> None:
        digits = text.strip()
        if digits.isdecimal() and len(digits) < 18:
            self._corners[self._corner, kind] = int(digits)

    def _end_anchor(self) -> None:
        get = self._corners.get
        if get(("to", "row"), self._header_row) + 1 < self._header_row:
            return
        first = get(("from", "col"), 0) + 1
        if ("to", "col") in self._corners:
            last = get(("to", "col"), 0) + (get(("to", "colOff"), 0) > 0)
        else:
            offset = get(("from", "colOff"), 0) + get(("pos", "x"), 0)
            last = self._reached(first, offset + get(("ext", "cx"), 0))
        self.places.add(Place(first, max(first, last)))

    def _reached(self, column: int, size: int) -> int:
        """The last column of what begins at the left of one, by its size in English Metric Units."""
        while size > 0 and column < 20_000:
            attributes = self._use.column_attributes(column)
            width = float(attributes.get("width") or self._use.default_width)
            size -= 0 if is_true(attributes.get("hidden")) else max(1, int(width * _EMU_PER_CHARACTER))
            column += 1
        return column - 1
