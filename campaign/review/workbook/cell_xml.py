"""Cells as the XML of a sheet. openpyxl takes ten times as long for a cell, and a list may have a million rows."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import TYPE_CHECKING

from openpyxl.utils.datetime import to_excel

from campaign.review.workbook.local_time import serial
from campaign.review.workbook.storable_text import xml_text

if TYPE_CHECKING:
    from campaign.journal import Cell
    from campaign.recipients.table import CellValue
    from campaign.review.workbook.styles import Styles

_FIRST_SURE_MONTH = (1900, 3)


def text_xml(place: str, style: int, text: str) -> str:
    """A cell with text, which no program takes for a formula, a number or an error."""
    if not text:
        return ""
    space = "" if text == text.strip() and "\n" not in text else ' xml:space="preserve"'
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t{space}>{xml_text(text)}</t></is></c>'


def number_xml(place: str, style: int, number: float | None) -> str:
    """A cell with a number."""
    return "" if number is None else f'<c r="{place}" s="{style}"><v>{number!r}</v></c>'


def moment_xml(place: str, style: int, at: float | None) -> str:
    """A cell with a date and time of this machine's time zone.

    Args:
        place: the cell's name.
        style: the style's number.
        at: seconds since the epoch.
    """
    return "" if at is None else f'<c r="{place}" s="{style}"><v>{serial(at):.8f}</v></c>'


def original_xml(place: str, cell: Cell, styles: Styles) -> str:
    """A cell of the recipients file as that showed it: numbers as numbers, dates as dates, all else as text."""
    text, value, code = cell
    if value is not None:
        style = styles.shown_as(code)
        stored = None if style is None else _stored(value)
        if stored is not None:
            kind = ' t="b"' if isinstance(value, bool) else ""
            return f'<c r="{place}" s="{style}"{kind}><v>{stored}</v></c>'
    return text_xml(place, styles.text, text)


def _stored(value: CellValue) -> str | None:
    """A value as it stands in a cell; None where only its text can."""
    if isinstance(value, (bool, int)):
        return str(int(value))
    if isinstance(value, float):
        return repr(value) if isfinite(value) else None
    if isinstance(value, (datetime, date, time, timedelta)) and _has_serial(value):
        return str(to_excel(value))  # type: ignore[no-untyped-call]
    return None


def _has_serial(value: date | time | timedelta) -> bool:
    """Whether Excel shows it as it is: it knows no zones, no time before zero, and a 29 February 1900."""
    if isinstance(value, timedelta):
        return value >= timedelta(0)
    if isinstance(value, (datetime, time)) and value.tzinfo is not None:
        return False
    return isinstance(value, time) or (value.year, value.month) >= _FIRST_SURE_MONTH
