"""Number formats of Excel: a format code and a value become the text that a cell shows.

    CellText().display(1500000, '#,##0 "đ"')    # '1,500,000 đ'

This follows Microsoft's documentation ("Number format codes") and ECMA-376 part 1, 18.8.30 and 18.8.31; where they say
nothing, it follows Excel for Windows in English (US). No function here opens a file or reads a clock.
"""

from __future__ import annotations

from campaign.sheets.number_format.cell_text import NOT_SHOWN, CellText, format_number
from campaign.sheets.number_format.locales import builtin_format
from campaign.sheets.number_format.numbers import general_text

__all__ = ["NOT_SHOWN", "CellText", "builtin_format", "format_number", "general_text"]
