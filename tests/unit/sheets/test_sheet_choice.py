from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.chart import BarChart

from campaign.errors import RecipientsError
from campaign.sheets import ReadOptions, open_sheet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.xlsx"


@pytest.fixture
def three_sheets(path: Path) -> Path:
    book = openpyxl.Workbook()
    hidden = book.active
    assert hidden is not None
    hidden.title = "Archive"
    hidden.append(["old"])
    hidden.sheet_state = "veryHidden"
    chart = book.create_chartsheet("Chart")
    chart.add_chart(BarChart())
    book.create_sheet("Khách hàng").append(["new"])
    book.create_sheet("Other").append(["other"])
    book.save(path)
    return path


def test_the_first_visible_worksheet_is_read_and_named(three_sheets: Path) -> None:
    opened = open_sheet(three_sheets)
    assert (opened.sheet, opened.columns[0].header) == ("Khách hàng", "new")
    assert opened.notes == ("sheet “Khách hàng” (of 3; 1 hidden)",)


@pytest.mark.parametrize(
    ("name", "sheet"),
    [
        pytest.param("Other", "Other", id="exact"),
        pytest.param(" khách HÀNG ", "Khách hàng", id="loosely"),
        pytest.param("Kha\u0301ch ha\u0300ng", "Khách hàng", id="decomposed"),
    ],
)
def test_a_sheet_is_chosen_by_name(three_sheets: Path, name: str, sheet: str) -> None:
    assert open_sheet(three_sheets, ReadOptions(sheet=name)).sheet == sheet


def test_a_hidden_sheet_can_be_chosen_and_noted(three_sheets: Path) -> None:
    opened = open_sheet(three_sheets, ReadOptions(sheet="Archive"))
    assert opened.notes == ("sheet “Archive” (of 3; 1 hidden), which is hidden",)


def test_an_unknown_sheet_is_refused_with_the_one_that_is_nearest(three_sheets: Path) -> None:
    message = "has no sheet “Khach hang”; did you mean “Khách hàng”[?] Its sheets are “Archive”, “Khách hàng”, “Other”$"
    with pytest.raises(RecipientsError, match=message):
        open_sheet(three_sheets, ReadOptions(sheet="Khach hang"))


def test_an_unknown_sheet_like_no_other_is_refused_with_all_there_are(three_sheets: Path) -> None:
    with pytest.raises(RecipientsError, match=r"has no sheet “2024”; its sheets are “Archive”, “Khách hàng”, “Other”$"):
        open_sheet(three_sheets, ReadOptions(sheet="2024"))


def test_a_long_list_of_sheets_is_cut(path: Path) -> None:
    book = openpyxl.Workbook()
    for index in range(30):
        book.create_sheet(f"S{index}")
    book.save(path)
    with pytest.raises(RecipientsError, match=r"“S10”, …$"):
        open_sheet(path, ReadOptions(sheet="?"))


def test_an_empty_first_sheet_is_refused_with_the_others(path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Data").append(["a"])
    book.save(path)
    with pytest.raises(RecipientsError, match=r"sheet “Sheet”: is empty; choose another sheet: “Data”$"):
        open_sheet(path)


def test_an_empty_only_sheet_is_refused(path: Path) -> None:
    openpyxl.Workbook().save(path)
    with pytest.raises(RecipientsError, match="sheet “Sheet”: is empty; put the headers in the first row"):
        open_sheet(path)
