"""The sheet To fix: itself a recipients file, once it is corrected."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

from campaign.journal import State
from campaign.sheets import ReadOptions, Row, open_sheet

from .results_journals import (
    HEADERS,
    facts,
    failed,
    in_doubt,
    opened,
    planned,
    sent,
    simple_rows,
    table,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DISPLAYED_CELLS = Path(__file__).parents[2] / "data" / "displayed-cells.json"


LAST = ("Reason", "Run", "Source row")


def rows_of(path: Path, sheet: str = "To fix") -> list[Row]:
    return list(open_sheet(path, ReadOptions(sheet=sheet)).rows())


def shown_before_and_after(folder: Path, cells: Sequence[tuple[object, str]]) -> tuple[list[str], list[str]]:
    """What cells show in a recipients file, and on the sheet To fix where every row of it failed."""
    source = folder / "customers.xlsx"
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"] = "Shown"
    for row, (value, number_format) in enumerate(cells, start=2):
        cell = sheet.cell(row, 1)
        cell.value, cell.number_format = value, number_format  # type: ignore[assignment] # whatever the data holds
    book.save(source)
    read = list(open_sheet(source).rows())
    rows = [planned(row.number, row.texts, row.values, row.formats) for row in read]
    path = written(folder, rows, {seq: failed() for seq in range(1, len(rows) + 1)}, facts(("Shown",)))
    return [row.texts[0] for row in read], [row.texts[0] for row in rows_of(path)]


def test_it_contains_the_rows_to_fix_and_why(tmp_path: Path) -> None:
    rows = [
        *simple_rows(5),
        planned(7, ("c7", "", "09"), refused=(State.INVALID, "is empty", "List!B7 (Name): is empty; fill it in")),
        planned(8, ("c2", "a", "09"), refused=(State.SKIPPED, "duplicate", "exact duplicate of row 2")),
    ]
    path = written(tmp_path, rows, {1: sent(), 2: failed(), 3: in_doubt(), 4: None})
    assert table(opened(path), "To fix") == [
        (*HEADERS, *LAST),
        ("c3", "Name 3", "0900000003", "failed (row 3 of the list): the server refused it: no such room", 1, 3),
        ("c7", None, "09", "invalid (row 7 of the list): List!B7 (Name): is empty; fill it in", 1, 7),
    ]
    cut_off = "cut off (row 5 of the list): its request has begun, no result is on record"
    assert table(opened(path), "In doubt") == [
        (*HEADERS, *LAST),
        ("c4", "Name 4", "0900000004", "in doubt (row 4 of the list): no answer within 30 s", 1, 4),
        ("c5", "Name 5", "0900000005", cut_off, 1, 5),
    ]


def test_its_header_is_frozen_and_its_rows_can_be_filtered(tmp_path: Path) -> None:
    sheet = opened(written(tmp_path, simple_rows(1), {1: failed()}))["To fix"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:F2")


def test_where_there_is_nothing_to_fix_it_has_headers_alone(tmp_path: Path) -> None:
    path = written(tmp_path, simple_rows(1), {1: sent()})
    assert table(opened(path), "To fix") == [(*HEADERS, *LAST)]


def test_headers_stay_as_they_are_also_where_they_are_alike_or_blank(tmp_path: Path) -> None:
    headers = ("Name", "Name", "", "Ghi chú")
    path = written(tmp_path, [planned(2, ("a", "b", "c", "d"))], {1: failed()}, facts(headers))
    columns = open_sheet(path, ReadOptions(sheet="To fix")).columns
    assert [column.header for column in columns] == [*headers, *LAST]


@pytest.mark.parametrize("sheet", ["To fix", "To fix 2"])
def test_reasons_of_an_earlier_to_fix_sheet_make_room_for_the_new_ones(tmp_path: Path, sheet: str) -> None:
    about = facts(("Id", "Reason"), sheet=sheet)
    path = written(tmp_path, [planned(2, ("c2", "failed: long ago"))], {1: failed("no such room")}, about)
    assert table(opened(path), "To fix") == [("Id", *LAST), ("c2", "failed (row 2 of the list): no such room", 1, 2)]


@pytest.mark.parametrize("sheet", ["List", None])
def test_a_column_of_the_operators_own_named_reason_is_kept(tmp_path: Path, sheet: str | None) -> None:
    about = facts(("Id", "Reason"), sheet=sheet)
    path = written(tmp_path, [planned(2, ("c2", "your refund"))], {1: failed("no such room")}, about)
    assert table(opened(path), "To fix") == [
        ("Id", "Reason", "Reason (2)", "Run", "Source row"),
        ("c2", "your refund", "failed (row 2 of the list): no such room", 1, 2),
    ]


def test_the_operators_own_reasons_survive_one_to_fix_sheet_after_another(tmp_path: Path) -> None:
    about = facts(("Id", "Reason", "Reason (2)"), sheet="To fix")
    path = written(tmp_path, [planned(2, ("c2", "your refund", "old"))], {1: failed("new")}, about)
    assert table(opened(path), "To fix") == [
        ("Id", "Reason", "Reason (2)", "Run", "Source row"),
        ("c2", "your refund", "failed (row 2 of the list): new", 1, 2),
    ]


def test_rows_of_a_sheet_to_fix_keep_the_run_and_row_of_the_first_list(tmp_path: Path) -> None:
    about = facts(("Id", *LAST), sheet="To fix")
    rows = [
        planned(2, ("c7", "failed: long ago", "1", "7")),
        planned(3, ("c9", "", "", "")),  # added by hand
    ]
    path = written(tmp_path, rows, {1: failed("no such room"), 2: failed("no such room")}, about)
    assert table(opened(path), "To fix") == [
        ("Id", *LAST),
        ("c7", "failed (row 2 of the list): no such room", 1, 7),
        ("c9", "failed (row 3 of the list): no such room", 1, 3),
    ]


def test_a_list_that_has_such_headers_itself_keeps_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path, [planned(2, ("c2", "A"))], {1: failed("no")}, facts(("Id", "Run")))
    assert table(opened(path), "To fix") == [
        ("Id", "Run", "Reason", "Campaign run", "Campaign row"),
        ("c2", "A", "failed (row 2 of the list): no", 1, 2),
    ]


def test_what_is_typed_into_a_blank_cell_is_taken_like_the_cells_above(tmp_path: Path) -> None:
    day = datetime.fromisoformat("2026-01-05")
    rows = [
        planned(2, ("c2", "0912", "05/01/2026"), ("c2", "0912", day), ("General", "@", "dd/mm/yyyy")),
        planned(3, ("c3", "", ""), ("c3", None, None), ("General", "General", "dd/mm/yyyy")),
    ]
    path = written(tmp_path, rows, {1: failed(), 2: failed()})
    book = openpyxl.load_workbook(path)
    columns = book["To fix"].column_dimensions
    assert [columns[letter].number_format for letter in "ABCD"] == ["@", "@", "dd/mm/yyyy", "General"]


def test_reasons_in_several_lines_have_the_room_they_need(tmp_path: Path) -> None:
    path = written(tmp_path, simple_rows(2), {1: failed("first\nsecond\n" + "third " * 20), 2: failed("short")})
    sheet = opened(path)["To fix"]
    assert sheet.row_dimensions[2].height == 15 * 4
    assert sheet.row_dimensions[3].height is None
    assert sheet["D2"].alignment.wrap_text


def test_cells_in_several_lines_have_room_for_ten(tmp_path: Path) -> None:
    rows = [planned(2, ("c2", "Chào\n\nLan", "")), planned(3, ("c3", "Chào\n" * 30, ""))]
    sheet = opened(written(tmp_path, rows, {1: failed(), 2: failed()}))["To fix"]
    assert [sheet.row_dimensions[row].height for row in (2, 3)] == [15 * 3, 15 * 10]


def test_the_corrected_sheet_is_a_recipients_file(tmp_path: Path) -> None:
    rows = [planned(2, ("c2", "", "0912"), refused=(State.INVALID, "is empty", "List!B2 (Name): is empty"))]
    path = written(tmp_path, [*rows, *simple_rows(1)], {2: sent()})
    book = openpyxl.load_workbook(path)
    book["To fix"]["B2"] = "Name 2"
    book.save(path)
    [row] = rows_of(path)
    assert row.texts == ("c2", "Name 2", "0912", "invalid (row 2 of the list): List!B2 (Name): is empty", "1", "2")


def test_numbers_and_dates_show_on_it_what_they_showed_in_the_source(tmp_path: Path) -> None:
    examples = json.loads(DISPLAYED_CELLS.read_text(encoding="utf-8"))
    cells = [(each["raw_value"], each["number_format"]) for each in examples if not each["date1904"]]
    shown, shown_again = shown_before_and_after(tmp_path, cells)
    assert len(shown) > 50
    assert shown_again == shown


@pytest.mark.parametrize("number_format", ["dd/mm/yyyy", "yyyy-mm-dd hh:mm", "[h]:mm:ss", "General"])
def test_the_first_days_of_1900_show_what_they_showed_in_the_source(tmp_path: Path, number_format: str) -> None:
    cells = [(number, number_format) for number in (0, 0.5, 1, 58.25, 59, 60, 60.5, 61, 62)]
    shown, shown_again = shown_before_and_after(tmp_path, cells)
    assert shown_again == shown


def test_a_header_in_two_lines_is_shown_whole_and_stays_what_it_was(tmp_path: Path) -> None:
    headers = ("Id", "Ghi chú\nnội bộ")
    path = written(tmp_path, [planned(2, ("c2", "x"))], {1: failed()}, facts(headers))
    sheet = opened(path)["To fix"]
    assert sheet["B1"].value == "Ghi chú\nnội bộ"
    assert sheet["B1"].alignment.wrap_text
    assert sheet.row_dimensions[1].height == 15 * 2
    assert opened(path)["Results"].row_dimensions[1].height is None
