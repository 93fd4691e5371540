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
from campaign.sheets.legacy_letters import CHARACTER_SETS, LetterChoice, LetterEvidence, by_letters, choices
from campaign.sheets.legacy_sheet import headers_as_shown
from campaign.sheets.opening import open_sheet, workbook_properties
from campaign.sheets.starts import SheetStart
from campaign.sheets.table import CellValue, Column, ReadOptions, Row, Sheet

__all__ = [
    "CHARACTER_SETS",
    "CellValue",
    "Column",
    "ColumnPart",
    "EncodingFact",
    "LetterChoice",
    "LetterEvidence",
    "MergedAreas",
    "ReadOptions",
    "Row",
    "Sheet",
    "SheetFacts",
    "SheetStart",
    "by_letters",
    "choices",
    "from_legacy_font",
    "headers_as_shown",
    "is_legacy_font",
    "open_sheet",
    "plain_texts",
    "read_column",
    "workbook_properties",
]
