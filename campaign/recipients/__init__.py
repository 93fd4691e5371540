"""Rows out of a spreadsheet or a CSV file, each cell as a spreadsheet program displays it."""

from __future__ import annotations

from campaign.recipients.headers import variable_name
from campaign.recipients.opening import open_recipients
from campaign.recipients.options import ReadOptions
from campaign.recipients.table import CellValue, Column, Recipients, Row

__all__ = ["CellValue", "Column", "ReadOptions", "Recipients", "Row", "open_recipients", "variable_name"]
