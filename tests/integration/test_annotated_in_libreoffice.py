"""LibreOffice reads an annotated list as it reads the list itself, and the columns that were added."""

from __future__ import annotations

import csv
import shutil
import subprocess
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from campaign.review.annotation import Mark, added_headers, annotate
from campaign.sheets import ReadOptions

PROGRAM = shutil.which("soffice")
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
"""UTF-8, with commas, as shown, a file for each sheet (https://wiki.documentfoundation.org/Documentation, Token 12)."""

HEADERS = ["Mã", "Họ và tên", "Ngày sinh", "Doanh thu", "Ghi chú"]
NAMES = ["Nguyễn An", "=Trần Bình", "Lê Cường", "Phạm Dung"]


def fill(sheet: Worksheet) -> None:
    sheet["A1"] = "Khách hàng"
    sheet.merge_cells("A1:E1")
    for column, header in enumerate(HEADERS, 1):
        cell = sheet.cell(2, column, header)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="2E75B6")
    for row, name in enumerate(NAMES, 3):
        values: list[int | str | date | float | None] = [row - 2, name, date(1990, row, row), row * 12345.6, None]
        for column, value in enumerate(values, 1):
            cell = sheet.cell(row, column, value)
            cell.border = Border(bottom=Side("thin"))
        sheet.cell(row, 2).data_type = "s"
        sheet.cell(row, 3).number_format = "dd/mm/yyyy"
        sheet.cell(row, 4).number_format = "#,##0.00"
        sheet.cell(row, 6).fill = PatternFill("solid", fgColor="FFFF00")
    sheet["D7"] = "=SUM(D3:D6)"
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["B"].width = 25
    rule = Rule("cellIs", operator="greaterThan", formula=["50000"], dxf=DifferentialStyle(font=Font(bold=True)))
    sheet.conditional_formatting.add("D3:D6", rule)
    choices = DataValidation("list", formula1='"VIP,new"')
    choices.add("E3:E6")
    sheet.add_data_validation(choices)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A workbook with formats, merged cells, a filter, a table, a chart, hidden rows and conditional formats."""
    book = openpyxl.Workbook()
    sheet, other = book.worksheets[0], book.create_sheet("Khác")
    sheet.title = "Danh sách"
    fill(sheet)
    sheet.auto_filter.ref = "A2:E6"
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=4, min_row=3, max_row=6))
    sheet.add_chart(chart, "H2")
    for cells in (["a", "b"], [1, "=A2*2"]):
        other.append(cells)
    other.add_table(Table(displayName="Other", ref="A1:B2"))
    book.save(tmp_path / "list.xlsx")
    return tmp_path / "list.xlsx"


def converted(folder: Path, *workbooks: Path) -> Path:
    """A folder with the sheets of workbooks as LibreOffice shows them, and the workbooks as PDF."""
    assert PROGRAM is not None
    for kind in (AS_CSV, "pdf"):
        command = [
            PROGRAM,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            kind,
        ]
        subprocess.run([*command, "--outdir", folder / "as", *workbooks], check=True, capture_output=True, timeout=120)
    return folder / "as"


def trimmed(row: list[str]) -> list[str]:
    """A row without the blank cells at its end."""
    return row[: 1 + max((place for place, text in enumerate(row) if text), default=-1)]


def shown(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [trimmed(row) for row in csv.reader(file)]


@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason="LibreOffice is not installed")
def test_libreoffice_shows_the_list_as_before_and_the_columns(source: Path, tmp_path: Path) -> None:
    at = datetime(2026, 1, 5, 12, 30, 15).astimezone().timestamp()
    marks = [
        (3, Mark("sent", "", at)),
        (4, Mark("failed", "=“no such room”")),
        (5, Mark("sent", "", at)),
        (6, Mark("pending")),
    ]
    options = ReadOptions("Danh sách", 2)
    copy = annotate(source, options, added_headers(HEADERS), iter(marks), tmp_path / "sent.xlsx")
    folder = converted(tmp_path, source, copy)
    before, after = shown(folder / "list-Danh sách.csv"), shown(folder / "sent-Danh sách.csv")
    width = before[1].index("Ghi chú") + 1
    first = after[1].index("Status")
    assert [trimmed(row[:width]) for row in after] == before
    assert [row[first:] for row in after] == [
        [],
        ["Status", "Reason", "Sent at"],
        ["sent", "", "2026-01-05 12:30:15"],
        ["failed", "=“no such room”"],
        ["sent", "", "2026-01-05 12:30:15"],
        ["pending"],
        [],
    ]
    assert shown(folder / "list-Khác.csv") == shown(folder / "sent-Khác.csv") == [["a", "b"], ["1", "2"]]
    assert (folder / "sent.pdf").read_bytes().startswith(b"%PDF")
