"""Read a spreadsheet or CSV file row by row, each cell as a spreadsheet program displays it.

from campaign.sheets import ReadOptions, open_sheet

sheet = open_sheet(Path("customers.xlsx"), ReadOptions(sheet="VIP"))
for row in sheet.rows():
print(row.number, row.texts)
"""

from __future__ import annotations

from campaign.sheets.opening import open_sheet, workbook_properties
from campaign.sheets.table import CellValue, Column, OpenSheet, ReadFacts, ReadOptions, Row, Sheet

__all__ = [
    "CellValue",
    "Column",
    "OpenSheet",
    "ReadFacts",
    "ReadOptions",
    "Row",
    "Sheet",
    "open_sheet",
    "workbook_properties",
]
