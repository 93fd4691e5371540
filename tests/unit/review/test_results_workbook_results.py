"""The sheet Results: every row, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from unicodedata import normalize

import openpyxl
import pytest

from campaign.journal import State
from campaign.review.results_workbook import write_results
from campaign.review.workbook import data_sheet, sheet_layouts
from campaign.review.workbook.cells import local_time
from campaign.review.workbook.sheet_layouts import LINE, display_width
from campaign.sheets import ReadOptions, open_sheet

from .results_journals import (
    HEADERS,
    MORNING,
    facts,
    failed,
    in_doubt,
    opened,
    plan,
    planned,
    sent,
    simple_rows,
    table,
    written,
)

if TYPE_CHECKING:
    from pathlib import Path

    from campaign.sheets import CellValue

INVALID = (State.INVALID, "is empty", "B3: is empty")
DAY = datetime.fromisoformat("2026-01-05")
AFTERNOON = datetime.fromisoformat("2026-01-05 14:30")
FIRST_SURE_DAY = datetime.fromisoformat("1900-03-01")
OWN = ("Message", "Reason", "Message ID", "HTTP status", "Attempts", "Sent at", "Latency ms", "Source row")
MESSAGE = "{}"  # what the plans of these tests have as their message, which no channel knows


def test_every_row_has_its_outcome_in_sheet_order_and_a_time_if_the_server_took_it(tmp_path: Path) -> None:
    rows = [
        *simple_rows(4),
        planned(6, ("c6", "", "09"), refused=(State.INVALID, "is empty", "List!B6 (Name): is empty; fill it in")),
        planned(7, ("c2", "Name 2", "0900000002"), refused=(State.SKIPPED, "duplicate", "exact duplicate of row 2")),
    ]
    path = written(tmp_path, rows, {1: sent(), 2: failed("no such room"), 3: in_doubt("no answer")})
    header, *results = table(opened(path), "Results")
    assert header == ("Status", *HEADERS, *OWN)
    at = local_time(MORNING)
    assert results == [
        ("sent", "c2", "Name 2", "0900000002", MESSAGE, None, "msg-1", 200, 1, at, 12.3, 2),
        ("failed", "c3", "Name 3", "0900000003", MESSAGE, "no such room", None, 400, 1, None, 50.0, 3),
        ("in doubt", "c4", "Name 4", "0900000004", MESSAGE, "no answer", None, None, 1, None, None, 4),
        ("pending", "c5", "Name 5", "0900000005", MESSAGE, None, None, None, 0, None, None, 5),
        ("invalid", "c6", None, "09", None, "List!B6 (Name): is empty; fill it in", None, None, 0, None, None, 6),
        ("skipped", "c2", "Name 2", "0900000002", MESSAGE, "exact duplicate of row 2", None, None, 0, None, None, 7),
    ]


def test_several_reasons_are_on_one_line(tmp_path: Path) -> None:
    row = planned(2, ("c2", "", ""), refused=(State.INVALID, "is empty", "B2: is empty\nC2: is empty"))
    assert opened(written(tmp_path, [row]))["Results"]["F2"].value == "B2: is empty | C2: is empty"


def test_a_row_that_was_on_its_way_is_cut_off(tmp_path: Path) -> None:
    [_, row] = table(opened(written(tmp_path, simple_rows(1), {1: None})), "Results")
    assert row[0] == "cut off"
    assert row[5:] == (None, None, None, 1, None, None, 2)


def test_results_are_a_real_table_with_filters_and_a_frozen_header(tmp_path: Path) -> None:
    sheet = opened(written(tmp_path, simple_rows(3)))["Results"]
    [results] = sheet.tables.values()
    assert (results.ref, results.autoFilter.ref) == ("A1:L4", "A1:L4")
    assert results.column_names == ["Status", *HEADERS, *OWN]
    assert sheet.freeze_panes == "C2"


def test_a_run_without_rows_has_headers_and_no_table(tmp_path: Path) -> None:
    sheet = opened(written(tmp_path, []))["Results"]
    assert [cell.value for cell in sheet[1]] == ["Status", *HEADERS, *OWN]
    assert not sheet.tables


def test_each_state_has_a_colour_of_its_own(tmp_path: Path) -> None:
    refused = [(State.INVALID, "k", "why"), (State.SKIPPED, "k", "why")]
    rows = [*simple_rows(5), *(planned(7 + n, ("a", "b", "c"), refused=each) for n, each in enumerate(refused))]
    sheet = opened(written(tmp_path, rows, {1: sent(), 2: failed(), 3: in_doubt(), 4: None}))["Results"]
    grounds = {cell.value: cell.fill.fgColor.rgb for [cell] in sheet["A2:A8"]}
    assert len(grounds) == len(set(grounds.values())) == 7


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "#N/A", "0042", "1e5", "TRUE", "=cmd|' /C calc'!A0", "2026-01-05"],
)
def test_text_stays_text(tmp_path: Path, text: str) -> None:
    book = opened(written(tmp_path, [planned(2, (text, "b", "c"))], {1: failed(text)}))
    for cell in (book["Results"]["B2"], book["Results"]["F2"], book["To fix"]["A2"]):
        assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@")


def test_the_row_s_name_stands_beside_its_status(tmp_path: Path) -> None:
    path = written(tmp_path, simple_rows(1), about=replace(facts(), label="Name"))
    header, row = table(opened(path), "Results")
    assert (header[:4], row[:4]) == (("Status", "Name", "Id", "Phone"), ("pending", "Name 2", "c2", "0900000002"))


def test_the_message_stands_in_its_row_as_its_recipient_reads_it(tmp_path: Path) -> None:
    body = '{"token":"t","rid":"r","msg":"Xin chào\\n=Lan <b>"}'.encode()
    rows = [planned(2, ("a", "b", "c"))._replace(body=body), planned(3, ("a", "b", "c"), refused=INVALID)]
    sheet = opened(written(tmp_path, rows))["Results"]
    assert [(sheet[place].value, sheet[place].data_type) for place in ("E2", "E3")] == [
        ("Xin chào\n=Lan <b>", "s"),
        (None, "n"),
    ]
    assert sheet.row_dimensions[2].height == LINE  # also where a program would fit the row to its text


def test_what_is_typed_over_a_text_stays_text(tmp_path: Path) -> None:
    sheet = opened(written(tmp_path, simple_rows(1)))["Results"]
    assert [sheet[place].number_format for place in ("B2", "C2", "D2")] == ["@"] * 3


@pytest.mark.parametrize(
    ("value", "number_format", "read_back"),
    [
        pytest.param(12, "General", 12, id="a whole number"),
        pytest.param(1234.5, "#,##0.00", 1234.5, id="a decimal"),
        pytest.param(42, "0000", 42, id="a padded number"),
        pytest.param(1500000, '#,##0 "đ"', 1500000, id="money"),
        pytest.param(0.1, "0%", 0.1, id="a percentage"),
        pytest.param(True, "General", True, id="true"),
        pytest.param(False, "General", False, id="false"),
        pytest.param(AFTERNOON, "dd/mm/yyyy hh:mm", AFTERNOON, id="a moment"),
        pytest.param(date(2026, 1, 5), "dd/mm/yyyy", DAY, id="a day"),
        pytest.param(FIRST_SURE_DAY, "dd/mm/yyyy", FIRST_SURE_DAY, id="the day after Excel's leap day"),
        pytest.param(time(9, 5), "hh:mm", time(9, 5), id="a time"),
        pytest.param(timedelta(hours=30), "[h]:mm", timedelta(hours=30), id="a duration"),
    ],
)
def test_numbers_and_dates_stay_what_they_are(
    tmp_path: Path, value: CellValue, number_format: str, read_back: object
) -> None:
    row = planned(2, ("as shown", "b", "c"), (value, "b", "c"), (number_format, "General", "General"))
    cell = opened(written(tmp_path, [row]))["Results"]["B2"]
    assert (cell.value, cell.number_format) == (read_back, number_format)


@pytest.mark.parametrize(
    ("value", "number_format"),
    [
        pytest.param(5, 'yyyy"', id="a format that Excel would refuse"),
        pytest.param(5, "0" * 256, id="a format that is too long"),
        pytest.param(5, "", id="no format"),
        pytest.param(float("inf"), "0", id="infinity"),
        pytest.param(float("nan"), "0", id="not a number"),
        pytest.param(10**400, "0", id="a number beyond Excel's"),
        pytest.param(FIRST_SURE_DAY - timedelta(days=1), "dd/mm/yyyy", id="a day before Excel's leap day"),
        pytest.param(datetime(2026, 1, 5, tzinfo=UTC), "dd/mm/yyyy", id="a moment with a time zone"),
        pytest.param(timedelta(hours=-1), "[h]:mm", id="a negative duration"),
    ],
)
def test_a_value_that_no_cell_can_show_is_written_as_its_text(
    tmp_path: Path, value: CellValue, number_format: str
) -> None:
    row = planned(2, ("as shown", "b", "c"), (value, "b", "c"), (number_format, "General", "General"))
    cell = opened(written(tmp_path, [row]))["Results"]["B2"]
    assert (cell.value, cell.data_type) == ("as shown", "s")


def test_a_table_gets_headers_that_differ(tmp_path: Path) -> None:
    headers = ("Name", "name", "", "Two\nlines", "Reason", "Status")
    sheet = opened(written(tmp_path, [planned(2, ("a", "b", "c", "d", "e", "f"))], about=facts(headers)))["Results"]
    names = [cell.value for cell in sheet[1]]
    assert names[:5] == ["Status", "Name", "name (2)", "Column D", "Two lines"]
    assert names[5:9] == ["Reason", "Status (2)", "Message", "Reason (2)"]
    assert names == sheet.tables["Results"].column_names


def test_columns_are_as_wide_as_what_is_seen_first(tmp_path: Path) -> None:
    rows = [planned(row, ("c", "Nguyễn Thị Minh Khai" if row == 50 else "", "x" * 5000)) for row in range(2, 120)]
    widths = opened(written(tmp_path, rows))["Results"].column_dimensions
    assert widths["B"].width < 20 <= widths["C"].width < 30
    assert widths["D"].width == 60


@pytest.mark.parametrize(
    ("text", "width"),
    [
        pytest.param("Nguyễn", 6, id="composed"),
        pytest.param(normalize("NFD", "Nguyễn"), 6, id="decomposed"),
        pytest.param("日本", 4, id="wide characters"),
        pytest.param("short\nthe longest\n", 11, id="several lines"),
        pytest.param("", 0, id="nothing"),
    ],
)
def test_the_width_of_a_text_is_that_of_what_is_seen(text: str, width: int) -> None:
    assert display_width(text) == width


def test_rows_beyond_a_full_sheet_go_to_further_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sheet, "MOST_ROWS", 4)
    outcomes = {seq: failed() for seq in range(1, 8)}
    path = written(tmp_path, simple_rows(7), outcomes)
    book = opened(path)
    assert book.sheetnames == [
        "Summary",
        "Results",
        "Results 2",
        "Results 3",
        "In doubt",
        "To fix",
        "To fix 2",
        "To fix 3",
    ]
    assert [[row[1] for row in table(book, name)] for name in book.sheetnames[1:4]] == [
        ["Id", "c2", "c3", "c4"],
        ["Id", "c5", "c6", "c7"],
        ["Id", "c8"],
    ]
    assert [name for sheet in book for name in sheet.tables] == ["Results", "Results_2", "Results_3"]
    assert [sheet.auto_filter.ref for sheet in book.worksheets[5:]] == ["A1:F4", "A1:F4", "A1:F2"]


def test_a_sheet_that_is_just_full_has_none_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sheet, "MOST_ROWS", 4)
    assert opened(written(tmp_path, simple_rows(3))).sheetnames == ["Summary", "Results", "In doubt", "To fix"]


def test_a_sheet_is_full_too_when_its_file_would_be_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_sheet, "LARGEST_SHEET", 1)
    assert opened(written(tmp_path, simple_rows(2))).sheetnames == [
        "Summary",
        "Results",
        "Results 2",
        "In doubt",
        "To fix",
    ]


def test_more_columns_than_a_sheet_has_are_cut_at_its_edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_layouts, "MOST_COLUMNS", 10)
    headers = [f"H{number}" for number in range(10)]
    book = opened(written(tmp_path, [planned(2, headers)], {1: failed()}, facts(headers)))
    assert [cell.value for cell in book["Results"][1]] == ["Status", "H0", *OWN]
    assert [cell.value for cell in book["To fix"][2]][-4:] == [
        "H6",
        "failed (row 2 of the list): the server refused it: no such room",
        1,
        2,
    ]


def test_programs_that_trust_a_sheets_dimension_read_every_row(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path, simple_rows(250)), read_only=True)
    assert sum(1 for _ in book["Results"].iter_rows()) == 251
    book.close()


def test_a_results_sheet_can_be_read_as_recipients(tmp_path: Path) -> None:
    recipients = open_sheet(written(tmp_path, simple_rows(2)), ReadOptions(sheet="Results"))
    assert [row.texts[1:4] for row in recipients.rows()] == [
        ("c2", "Name 2", "0900000002"),
        ("c3", "Name 3", "0900000003"),
    ]


def test_progress_reports_how_many_rows_are_written(tmp_path: Path) -> None:
    told: list[int] = []
    journal, run = plan(tmp_path / "offer.journal.db", simple_rows(2500))
    with journal:
        write_results(journal, run, tmp_path / "offer.results.xlsx", told.append)
    assert sum(told) == 2500
    assert max(told) == 1000
