"""The XML of what is added to a worksheet: cells, and the columns with their widths."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter

from campaign.review.annotation.marks import shown_time
from campaign.review.workbook.cells import local_time, spreadsheet_string

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from campaign.review.annotation.areas import AddedColumns
    from campaign.review.annotation.marks import Values
    from campaign.review.annotation.sheet_scan import SheetUse

WIDTHS = (12, 48, 21)
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - workbooks have no time zones
_SECONDS_PER_DAY = 86400


class AddedCells:
    """Makes the XML that is added to one worksheet. Texts are inline strings, so that none is a formula.

    Attributes:
        added: the columns.
        column_styles: the styles that their blank cells have.
        filter: the area of the sheet's filter with the added columns; None where it stays as it is.
        columns: the element `cols`.
    """

    def __init__(self, use: SheetUse, added: AddedColumns, *, date_styles: Mapping[str, str], date1904: bool) -> None:
        """Initialize.

        Args:
            use: what the worksheet uses.
            added: the columns.
            date_styles: styles that show a date and a time, by the style that a cell has else; {}: dates are texts.
            date1904: whether the workbook's dates count from 1904.
        """
        self.added = added
        self._use = use
        self._prefix = use.prefix
        self._letters = [get_column_letter(column) for column in added.numbers]
        self.column_styles = [use.column_attributes(column).get("style", "") for column in added.numbers]
        self.filter = added.widened(use.filter)
        self.columns = self._columns()
        self._date_styles = date_styles
        self._epoch = _EPOCH_1904 if date1904 else _EPOCH

    def of(self, row: int, values: Values, styles: Sequence[str], *, whole: bool) -> str:
        """The cells of a row.

        Args:
            row: its number.
            values: what is in them.
            styles: the styles that they have now; "" if none.
            whole: whether also those are written that have no value.
        """
        cells = []
        for letters, value, style in zip(self._letters, values, styles, strict=True):
            start = f'<{self._prefix}c r="{letters}{row}"'
            if value is None or value == "":
                cells.append(f"{start}{_styled(style)}/>" if whole else "")
            elif isinstance(value, str):
                of_header = self._use.header_style if row == self.added.header_row else ""
                cells.append(self._text(start, value, of_header or style))
            else:
                cells.append(self._date(start, value, style))
        return "".join(cells)

    def _text(self, start: str, text: str, style: str) -> str:
        p, written = self._prefix, escape(spreadsheet_string(text))
        return (
            f'{start}{_styled(style)} t="inlineStr"><{p}is><{p}t xml:space="preserve">{written}</{p}t></{p}is></{p}c>'
        )

    def _date(self, start: str, at: float, style: str) -> str:
        dated = self._date_styles.get(style or "0")
        if dated is None:
            return self._text(start, shown_time(at), style)
        number = (local_time(at).replace(microsecond=0) - self._epoch).total_seconds() / _SECONDS_PER_DAY
        return f"{start}{_styled(dated)}><{self._prefix}v>{number!r}</{self._prefix}v></{self._prefix}c>"

    def _columns(self) -> str:
        """The columns as they are set, those apart that are added, in the order of the sheet."""
        around = [piece for each in self._use.columns for piece in _outside(each, self.added.numbers)]
        for column, width in zip(self.added.numbers, WIDTHS, strict=True):
            style = self._use.column_attributes(column).get("style")
            own = {"min": f"{column}", "max": f"{column}", "width": f"{width}", "customWidth": "1"}
            around.append({**own, "style": style} if style else own)
        p = self._prefix
        written = (
            f"<{p}col {' '.join(f'{name}={quoteattr(value)}' for name, value in each.items())}/>"
            for each in sorted(around, key=lambda each: int(each["min"]))
        )
        return f"<{p}cols>{''.join(written)}</{p}cols>"


def _styled(style: str) -> str:
    return f" s={quoteattr(style)}" if style else ""


def _outside(columns: Mapping[str, str], added: range) -> list[dict[str, str]]:
    """What is left of columns where others are set apart."""
    first, last = int(columns["min"]), int(columns["max"])
    parts = [(first, min(last, added.start - 1)), (max(first, added.stop), last)]
    return [{**columns, "min": f"{begin}", "max": f"{end}"} for begin, end in parts if begin <= end]
