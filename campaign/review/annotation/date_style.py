"""Add a style for dates to the styles of a workbook."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, NamedTuple

from campaign.sheets.xlsx.xml_stream import parse, prefix

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

_DATE_AND_TIME = 22
"""The built-in number format that shows a date and a time as the computer's settings say (ECMA-376-1, 18.8.30)."""

_COUNT = re.compile(rb'(\bcount\s*=\s*["\'])\d+')


class DatedStyles(NamedTuple):
    """Styles, and the number of the one for dates among them."""

    xml: bytes
    date_style: int


def with_date_style(styles: bytes, where: str) -> DatedStyles | None:
    """The styles of a workbook with one more at the end, so that no number of another changes.

    Args:
        styles: the part; in an encoding that has ASCII in it.
        where: the file, for errors.

    Returns:
        None where the part has no list of cell styles.

    Raises:
        RecipientsError: the part is damaged.
    """
    finder = _CellStyles()
    for _ in parse(io.BytesIO(styles), finder, where, attach=finder.attach):
        pass
    if not finder.count:
        return None
    added = f'<{finder.prefix}xf numFmtId="{_DATE_AND_TIME}" fontId="0" fillId="0" borderId="0" applyNumberFormat="1"/>'
    opening = _COUNT.sub(rb"\g<1>%d" % (finder.count + 1), styles[finder.begins : finder.first], count=1)
    between = styles[finder.first : finder.ends]
    return DatedStyles(
        styles[: finder.begins] + opening + between + added.encode() + styles[finder.ends :], finder.count
    )


class _CellStyles:
    """Finds the element `cellXfs`: where it begins, where its first style does, and where it ends."""

    def __init__(self) -> None:
        self.depth = 0
        self.prefix = ""
        self.count = 0
        self.begins = self.first = self.ends = 0
        self._inside = False
        self._parser: XMLParserType

    def attach(self, parser: XMLParserType) -> None:
        self._parser = parser

    def begin(self, root: str) -> None:
        self.prefix = prefix(root)

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.depth += 1
        kind = name.removeprefix(self.prefix)
        if kind == "cellXfs":
            self._inside = True
            self.begins = self._parser.CurrentByteIndex
        elif kind == "xf" and self._inside:
            self.first = self.first if self.count else self._parser.CurrentByteIndex
            self.count += 1

    def end(self, name: str) -> None:
        self.depth -= 1
        if self._inside and name.removeprefix(self.prefix) == "cellXfs":
            self._inside = False
            self.ends = self._parser.CurrentByteIndex

    def text(self, text: str) -> None:
        pass
