"""The XML of what is added to a worksheet: cells, widths of columns, the area that it uses."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from campaign.review.annotation.marks import HEADERS
from campaign.review.workbook.cells import local_time, spreadsheet_string

if TYPE_CHECKING:
    from campaign.review.annotation.marks import Mark
    from campaign.review.annotation.sheet_edits import Extent

_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - workbooks have no time zones
_SECONDS_PER_DAY = 86400
WIDTHS = (12, 48, 18)
_AREA = re.compile(r"([A-Z]+\d+)(?::[A-Z]+(\d+))?")


class AddedCells:
    """Makes what is added to one worksheet. Texts are inline strings, so that none is a formula."""

    def __init__(self, extent: Extent, date_style: int | None, *, date1904: bool) -> None:
        """Initialize.

        Args:
            extent: what the worksheet uses.
            date_style: the number of a style for dates; None: they are added as text.
            date1904: whether the workbook's dates count from 1904.
        """
        self._extent = extent
        self._prefix = extent.prefix
        self._first = extent.last_column + 2
        self._letters = [get_column_letter(self._first + place) for place in range(len(HEADERS))]
        self._date_style = date_style
        self._epoch = _EPOCH_1904 if date1904 else _EPOCH

    def headers(self, row: int) -> str:
        """The headers, in the style of the header beside them."""
        style = f' s="{self._extent.header_style}"' if self._extent.header_style else ""
        return "".join(self._text(place, row, header, style) for place, header in enumerate(HEADERS))

    def of(self, row: int, mark: Mark) -> str:
        """The cells of a row."""
        cells = self._text(0, row, mark.status)
        if mark.reason:
            cells += self._text(1, row, mark.reason)
        return cells if mark.sent_at is None else cells + self._date(row, mark.sent_at)

    def elements(self) -> dict[str, str]:
        """What takes the place of `dimension`, is added at the end of `cols`, or stands before `sheetData`."""
        found = {}
        if stated := _AREA.fullmatch(self._extent.dimension):
            last_row = stated[2] or stated[1].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            found["dimension"] = f'<{self._prefix}dimension ref="{stated[1]}:{self._letters[-1]}{last_row}"/>'
        widths = "".join(
            f'<{self._prefix}col min="{column}" max="{column}" width="{width}" customWidth="1"/>'
            for column, width in enumerate(WIDTHS, start=self._first)
        )
        if not self._extent.columns_end:
            found["sheetData"] = f"<{self._prefix}cols>{widths}</{self._prefix}cols>"
        elif self._extent.columns_end < self._first:
            found["cols"] = widths
        return found

    def _text(self, place: int, row: int, text: str, style: str = "") -> str:
        p, written = self._prefix, escape(spreadsheet_string(text))
        cell = f'<{p}c r="{self._letters[place]}{row}"{style} t="inlineStr">'
        return f'{cell}<{p}is><{p}t xml:space="preserve">{written}</{p}t></{p}is></{p}c>'

    def _date(self, row: int, at: float) -> str:
        when = local_time(at).replace(microsecond=0)
        if self._date_style is None:
            return self._text(2, row, when.isoformat(" "))
        p, number = self._prefix, (when - self._epoch).total_seconds() / _SECONDS_PER_DAY
        return f'<{p}c r="{self._letters[2]}{row}" s="{self._date_style}"><{p}v>{number!r}</{p}v></{p}c>'
