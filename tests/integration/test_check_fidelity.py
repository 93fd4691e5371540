"""`check` reports values displayed differently than stored, and values ruined by Excel."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from tests.integration.conftest import Campaign, Said, write_csv

TEMPLATE = """channel = "kitechat"

[payload]
pageId = "{{ page_id }}"
conversationId = "{{ row['Mã hội thoại'] }}"

[payload.message]
type = "text"
text = "Hẹn {{ ngay_hen }}, {{ so_tien }}"
"""
HEADERS = ["Page id", "Mã hội thoại", "Ngày hẹn", "Số tiền", "SĐT", "Ghi chú"]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A list saved by Excel in which every column but one is damaged."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Khách hàng"
    sheet.append(HEADERS)
    sheet.append([108600123, 123456789012345, datetime(2026, 1, 5), 1500000, "0901234567", "vip"])  # noqa: DTZ001
    sheet.append([108600123, 1234567890123450000, datetime(2026, 1, 6), "2000000", 901234568, "#N/A"])  # noqa: DTZ001
    sheet.append([108600123, datetime(2026, 3, 1), "hôm nay", 300000, "0901234569", "=A2"])  # noqa: DTZ001
    for row in (2, 3, 4):
        sheet[f"C{row}"].number_format = "dd/mm/yyyy"
        sheet[f"D{row}"].number_format = '#,##0 "đ"'
    sheet["B3"].number_format = "0"
    sheet["B4"].number_format = "d-mmm"
    path = tmp_path / "list.xlsx"
    book.save(path)
    return path


@pytest.fixture
def check(command: Campaign, tmp_path: Path) -> Campaign:
    template = tmp_path / "template.toml"
    template.write_text(TEMPLATE, encoding="utf-8")

    def run(recipients: Path, *more: str) -> Said:
        return command("check", recipients, "--template", template, *more)

    return run


def test_every_column_shows_an_example_of_stored_and_displayed(check: Campaign, workbook: Path) -> None:
    result = check(workbook, "--json", "--accept", "ruined-number")
    assert result.code == 0
    examples = {each["header"]: (each["stored"], each["displayed"]) for each in result.json["columns"]}
    assert examples == {
        "Page id": (None, None),
        "Mã hội thoại": ("123456789012345", "1.23457E+14"),
        "Ngày hẹn": ("2026-01-05", "05/01/2026"),
        "Số tiền": ("1500000", "1,500,000 đ"),
        "SĐT": (None, None),
        "Ghi chú": (None, None),
    }
    lines = result.stderr.splitlines()  # --json has the other stream
    assert "  column C “Ngày hẹn”: “2026-01-05” is shown as “05/01/2026”" in lines
    mapping = next(number for number, line in enumerate(lines) if "page_id ← column A" in line)
    assert mapping < next(number for number, line in enumerate(lines) if "is shown as" in line)


def test_columns_without_a_variable_are_listed(check: Campaign, workbook: Path) -> None:
    found = {each["header"]: each["variable"] for each in check(workbook, "--json").json["columns"]}
    assert (found["Ngày hẹn"], found["SĐT"]) == ("ngay_hen", None)


def test_values_ruined_by_excel_are_named_by_column_and_cell(check: Campaign, workbook: Path) -> None:
    result = check(workbook, "--json")
    found = [(each["code"], each["message"], each["cells"]) for each in result.json["warnings"]]
    ruined = "has numbers that are no longer what was entered"
    unformatted = "contains numbers as text, which do not show the number format of the others"
    assert found == [
        (
            "ruined-number",
            f"column B “Mã hội thoại” {ruined} (2 cells: B2 “1.23457E+14”, which is in scientific notation, B3)",
            ["B2", "B3"],
        ),
        ("id-dates", "column B “Mã hội thoại” contains dates where ids belong (1 cell: B4 “1-Mar”)", ["B4"]),
        (
            "lost-zeros",
            "column E “SĐT” contains numbers among texts with leading zeros (1 cell: E3 “901234568”)",
            ["E3"],
        ),
        ("numbers-as-text", f"column D “Số tiền” {unformatted} (1 cell: D3 “2000000”)", ["D3"]),
        ("unreadable-cell", "column F “Ghi chú” contains the error #N/A (1 cell: F3 “#N/A”)", ["F3"]),
        (
            "unreadable-cell",
            "column F “Ghi chú” contains a formula whose result was never calculated (1 cell: F4)",
            ["F4"],
        ),
        ("unused-columns", "2 columns are not used: “SĐT”, “Ghi chú”", []),
    ]
    assert all(each["remedy"] for each in result.json["warnings"][:-1])


def test_findings_are_printed_and_one_that_stops_a_run_changes_the_exit_code(check: Campaign, workbook: Path) -> None:
    result = check(workbook, "-q")
    assert result.code == 1
    assert result.stdout.startswith("1 finding has to be decided before anything is sent:\n  ✗ ruined-number: column B")
    assert result.stdout.count(": column ") == 6
    assert "correct it in the sheet" in result.stdout
    assert check(workbook, "-q", "--accept", "ruined-number").code == 0


def test_ids_in_scientific_notation_in_a_csv_are_found(check: Campaign, tmp_path: Path) -> None:
    rows = [HEADERS, ["108600123", "1.08601E+14", "5/1", "10", "0901234567", ""]]
    result = check(write_csv(tmp_path / "list.csv", rows), "--json")
    assert [each["code"] for each in result.json["warnings"]] == ["scientific-text", "unused-columns"]


def test_a_correct_list_has_no_findings(check: Campaign, tmp_path: Path) -> None:
    rows = [HEADERS, ["108600123", "700100200", "5/1", "10", "0901234567", ""]]
    result = check(write_csv(tmp_path / "list.csv", rows), "--json")
    assert [each["code"] for each in result.json["warnings"]] == ["unused-columns"]
