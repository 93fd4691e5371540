"""Read a spreadsheet or CSV file row by row, each cell as a spreadsheet program displays it.

from campaign.sheets import ReadOptions, open_sheet

sheet = open_sheet(Path("customers.xlsx"), ReadOptions(sheet="VIP"))
for row in sheet.rows():
print(row.number, row.texts)
"""

from __future__ import annotations

from campaign.sheets.column_parts import ColumnPart, plain_texts, read_column
from campaign.sheets.facts import EncodingFact, MergedAreas, SheetFacts
from campaign.sheets.legacy_fonts import from_legacy_font, is_legacy_font
from campaign.sheets.opening import open_sheet, workbook_properties
from campaign.sheets.starts import SheetStart
from campaign.sheets.table import CellValue, Column, ReadOptions, Row, Sheet

__all__ = [
    "CellValue",
    "Column",
    "ColumnPart",
    "EncodingFact",
    "MergedAreas",
    "ReadOptions",
    "Row",
    "Sheet",
    "SheetFacts",
    "SheetStart",
    "from_legacy_font",
    "is_legacy_font",
    "open_sheet",
    "plain_texts",
    "read_column",
    "workbook_properties",
]
