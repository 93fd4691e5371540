from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.table import Table

from campaign.errors import Problem, RecipientsError
from campaign.sheets import ReadOptions, open_sheet

from . import books
from .books import row, saved, sheet_xml, text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.xlsx"


def test_rows_come_under_their_headers_with_their_numbers(path: Path) -> None:
    opened = open_sheet(saved(path, ["Mã", "Họ và tên"], ["007", "An"], [None, None], ["8", "Bình"]))
    assert [column.header for column in opened.columns] == ["Mã", "Họ và tên"]
    assert [(found.number, found.texts) for found in opened.rows()] == [(2, ("007", "An")), (4, ("8", "Bình"))]


def test_rows_can_be_read_again(path: Path) -> None:
    opened = open_sheet(saved(path, ["a"], ["1"]))
    assert list(opened.rows()) == list(opened.rows())


def test_a_cell_is_shown_as_displayed_and_kept_as_stored(path: Path) -> None:
    when = datetime(2024, 2, 10, 8, 30)  # noqa: DTZ001 - cells have no time zone
    values = [12, 12.0, 0.3, 7, 1500000, True, when, time(8, 30), timedelta(hours=30)]
    formats = {
        "D2": "0000",
        "E2": '#,##0 "đ"',
        "G2": "dd/mm/yyyy",
        "H2": "hh:mm",
        "I2": "[h]:mm",
    }
    opened = open_sheet(saved(path, [*"abcdefghi"], values, formats=formats))
    (found,) = opened.rows()
    assert found.texts == ("12", "12", "0.3", "0007", "1,500,000 đ", "TRUE", "10/02/2024", "08:30", "30:00")
    assert found.values == (12, 12, 0.3, 7, 1500000, True, when, time(8, 30), timedelta(hours=30))
    assert found.formats[2:5] == ("General", "0000", '#,##0 "đ"')


def test_leading_zeros_and_blanks_of_a_text_are_kept(path: Path) -> None:
    opened = open_sheet(saved(path, ["phone", "note"], ["0901", " two\nlines "]))
    (found,) = opened.rows()
    assert found.texts == ("0901", " two\nlines ")


def test_a_text_format_is_obeyed(path: Path) -> None:
    opened = open_sheet(saved(path, ["name", "secret"], ["An", "x"], formats={"A2": '"Mr "@', "B2": ";;;"}))
    (found,) = opened.rows()
    assert found.texts == ("Mr An", "")
    assert found.values == ("An", "x")


def test_a_format_may_show_a_text_of_its_own(path: Path) -> None:
    opened = open_sheet(saved(path, ["a"], ["hello"], ["text"], formats={"A2": ';;;"text"', "A3": ';;;"text"'}))
    assert [found.texts for found in opened.rows()] == [("text",), ("text",)]


def test_dates_may_count_from_1904(path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["day"])
    sheet.append([date(2024, 2, 10)])
    sheet["A2"].number_format = "yyyy-mm-dd"
    book.save(path)
    (found,) = open_sheet(path).rows()
    assert found.texts == ("2024-02-10",)
    assert found.values == (datetime(2024, 2, 10),)  # noqa: DTZ001 - cells have no time zone


def test_a_date_left_to_the_computer_follows_short_date_and_says_so(path: Path) -> None:
    saved(path, ["day"], [date(2024, 2, 10)], formats={"A2": "mm-dd-yy"})
    opened = open_sheet(path, ReadOptions(short_date="d.m.yyyy"))
    assert [found.texts for found in opened.rows()] == [("10.2.2024",)]
    assert opened.notes[-1] == "some dates follow the computer's settings: shown as 10.2.2024; short_date changes that"


def test_a_short_date_that_is_no_format_is_refused(path: Path) -> None:
    saved(path, ["day"])
    with pytest.raises(RecipientsError, match=r"^short_date: “\[” is not a date format; use .* dd/mm/yyyy$"):
        open_sheet(path, ReadOptions(short_date="["))


def test_a_format_that_is_not_understood_is_noted_once(path: Path) -> None:
    saved(path, ["n"], [5], [6], formats={"A2": "0 [oops", "A3": "0 [oops"})
    opened = open_sheet(path)
    assert [found.texts for found in opened.rows()] == [("5",), ("6",)]
    assert [note for note in opened.notes if "0 [oops" in note] == [
        "the number format “0 [oops” is not understood: shown as stored, for example 5"
    ]


def test_cells_beyond_the_last_header_are_left_out(path: Path) -> None:
    opened = open_sheet(saved(path, ["a", None, "c", None], [1, 2, 3, 4], [None, None, None, 5]))
    assert [column.letter for column in opened.columns] == ["A", "B", "C"]
    assert [found.texts for found in opened.rows()] == [("1", "2", "3")]


def test_a_cell_that_excel_fills_with_number_signs_is_a_problem_of_that_cell(path: Path) -> None:
    saved(path, ["day"], [-5], [45332], formats={"A2": "dd/mm/yyyy", "A3": "dd/mm/yyyy"})
    opened = open_sheet(path)
    early, later = opened.rows()
    what = "displays only ########: its number format “dd/mm/yyyy” cannot display its value"
    remedy = "correct the value or its number format in a spreadsheet program"
    assert early.problems == (Problem("A2", what, remedy, "unreadable-cell"),)
    assert (early.texts, early.values) == (("########",), (-5,))
    assert (later.texts, later.problems) == (("10/02/2024",), ())
    assert not [note for note in opened.notes if "not understood" in note]


def test_number_signs_that_somebody_typed_are_a_text(path: Path) -> None:
    (found,) = open_sheet(saved(path, ["a"], ["########"])).rows()
    assert (found.texts, found.problems) == (("########",), ())


def test_an_error_in_a_cell_is_a_problem_of_that_cell(path: Path) -> None:
    (found,) = open_sheet(saved(path, ["a", "b"], ["x", "#N/A"])).rows()
    assert found.problems == (Problem("B2", "contains the error #N/A", "correct it in the sheet", "unreadable-cell"),)
    assert found.texts == ("x", "#N/A")


def test_a_formula_that_was_never_calculated_is_a_problem_of_its_cell(path: Path) -> None:
    (found,) = open_sheet(saved(path, ["a", "b"], ["x", "=1+1"])).rows()
    (problem,) = found.problems
    assert str(problem) == (
        "B2: contains a formula whose result was never calculated; "
        "open the workbook in a spreadsheet program and save it"
    )


@pytest.mark.parametrize(
    ("cell", "recalculates", "shown", "has_problem"),
    [
        pytest.param("<f>1+1</f><v>2</v>", False, "2", False, id="a-result"),
        pytest.param("<f>1+1</f><v>2</v>", True, "2", False, id="a-result-though-stale"),
        pytest.param("<f>1-1</f><v>0</v>", False, "0", False, id="zero"),
        pytest.param("<f>1+1</f><v>0</v>", True, "", True, id="zero-from-a-writer-that-does-not-calculate"),
        pytest.param("<f>1+1</f><v/>", False, "", True, id="no-result"),
    ],
)
def test_results_of_formulas_are_taken_where_they_can_be_trusted(
    path: Path, *, cell: str, recalculates: bool, shown: str, has_problem: bool
) -> None:
    workbook = books.workbook_xml(properties='<calcPr fullCalcOnLoad="1"/>' if recalculates else "")
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, text("A2", "x"), f'<c r="B2">{cell}</c>'))
    (found,) = open_sheet(books.save(path, books.parts(sheet, workbook=workbook))).rows()
    assert (found.texts[1], bool(found.problems)) == (shown, has_problem)


def test_a_formula_that_results_in_an_empty_text_is_a_blank_cell(path: Path) -> None:
    cell = '<c r="B2" t="str"><f>""</f><v></v></c>'
    sheet = sheet_xml(row(1, text("A1", "a"), text("B1", "b")), row(2, text("A2", "x"), cell))
    (found,) = open_sheet(books.save(path, books.parts(sheet))).rows()
    assert (found.texts, found.problems) == (("x", ""), ())


def test_the_header_row_may_be_further_down(path: Path) -> None:
    saved(path, ["Customers"], [], ["name", "phone"], ["An", "1"])
    opened = open_sheet(path, ReadOptions(header_row=3))
    assert [column.header for column in opened.columns] == ["name", "phone"]
    assert [found.number for found in opened.rows()] == [4]


def test_a_header_is_taken_as_displayed(path: Path) -> None:
    opened = open_sheet(saved(path, ["name", date(2024, 5, 1)], formats={"B1": "mm/yyyy"}))
    assert opened.columns[1].header == "05/2024"


def test_a_sheet_without_rows_has_columns_and_no_rows(path: Path) -> None:
    opened = open_sheet(saved(path, ["a", "b"]))
    assert (len(opened.columns), list(opened.rows())) == (2, [])


def test_a_missing_header_row_is_refused_with_file_and_sheet(path: Path) -> None:
    saved(path, [], ["name", "phone"])
    with pytest.raises(
        RecipientsError, match=r"^customers\.xlsx, sheet “Sheet”, row 1: is blank, .*header_row = 2 \(--header-row 2\)$"
    ):
        open_sheet(path)


def test_a_header_row_below_one_is_refused(path: Path) -> None:
    saved(path, ["a"])
    with pytest.raises(RecipientsError, match=r"^header_row: is 0; rows are counted from 1$"):
        open_sheet(path, ReadOptions(header_row=0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(ReadOptions(encoding="utf-8"), "has no encoding; leave out the encoding", id="encoding"),
        pytest.param(ReadOptions(delimiter=";"), "has no delimiter; leave out the delimiter", id="delimiter"),
        pytest.param(
            ReadOptions(encoding="utf-8", delimiter=";"),
            "has no encoding and no delimiter; leave out the encoding and the delimiter",
            id="both",
        ),
    ],
)
def test_options_of_text_files_are_refused(path: Path, options: ReadOptions, message: str) -> None:
    saved(path, ["a"])
    with pytest.raises(RecipientsError, match=f"is a workbook and {message}"):
        open_sheet(path, options)


def test_an_excel_table_is_read_like_any_rows(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "b"])
    sheet.append(["1", "2"])
    sheet.add_table(Table(displayName="T", ref="A1:B2"))
    book.save(path)
    assert [found.texts for found in open_sheet(path).rows()] == [("1", "2")]


def test_a_workbook_with_macros_is_read_and_they_are_not(tmp_path: Path) -> None:
    contents = books.parts(sheet_xml(row(1, text("A1", "a")), row(2, text("A2", "1"))))
    contents["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0"
    opened = open_sheet(books.save(tmp_path / "a.xlsm", contents))
    assert [found.texts for found in opened.rows()] == [("1",)]


def test_a_workbook_changed_after_it_was_opened_is_refused(path: Path) -> None:
    opened = open_sheet(saved(path, ["a"], ["1"]))
    os.utime(path, (1, 1))
    with pytest.raises(RecipientsError, match=r"^customers\.xlsx: was changed while it was being read; start again$"):
        list(opened.rows())


def test_a_workbook_removed_after_it_was_opened_is_refused(path: Path) -> None:
    opened = open_sheet(saved(path, ["a"], ["1"]))
    path.unlink()
    with pytest.raises(RecipientsError, match="was changed while it was being read"):
        list(opened.rows())


def test_a_workbook_can_be_removed_while_it_is_open_for_rows(path: Path) -> None:
    opened = open_sheet(saved(path, ["a"], ["1"], ["2"]))
    rows = opened.rows()
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    path.unlink()
    assert not path.exists()


def test_openpyxl_is_imported_only_when_a_workbook_is_opened() -> None:
    program = (
        "import sys, campaign.recipients, campaign.sheets\n"
        "sys.exit(any(name in sys.modules for name in ('openpyxl', 'charset_normalizer', 'zipfile')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
